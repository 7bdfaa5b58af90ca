"""Money: minor units per currency, and the only conversions between wire amounts and integers.

On the wire an amount is a decimal string (`"12.50"`); in tables and sums it is an integer of minor units (1250). A
float never occurs. Quantities and unit prices have six decimals at most, so they are integers of millionths.
"""

from collections.abc import Mapping
from types import MappingProxyType

# ISO 4217, table A.1 (active codes), without the codes that nobody invoices in: funds and units of account (BOV, CHE,
# CHW, CLF, COU, MXV, USN, UYI, UYW), precious metals, bond units, XDR, XSU, XUA, XTS and XXX.
_MINOR_UNITS_2 = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
    CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
    KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_MINOR_UNITS_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_MINOR_UNITS_3 = "BHD IQD JOD KWD LYD OMR TND"

MINOR_UNITS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(_MINOR_UNITS_0.split(), 0),
        **dict.fromkeys(_MINOR_UNITS_2.split(), 2),
        **dict.fromkeys(_MINOR_UNITS_3.split(), 3),
    }
)

MICRO = 1_000_000  # millionths in one: the finest step of a quantity or a unit price
WHOLE_DIGITS_MAX = 15  # of an amount; with three decimals still within a 64-bit integer


class AmountError(ValueError):
    """The amount does not fit its currency or its bounds."""


class UnknownCurrency(AmountError):
    """The code is no active ISO 4217 currency that can be invoiced in."""


def minor_units(currency: str) -> int:
    """How many decimals the currency has. Raises UnknownCurrency."""
    try:
        return MINOR_UNITS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is no currency in use (ISO 4217)") from None


def check_amount_scale(amount: str, currency: str) -> None:
    """Refuses an amount that is finer than its currency.

    Fewer decimals than the currency has are fine ("12" EUR); more are refused even where they are zeros. The amount has
    passed its pattern already: nothing but its scale is looked at.

    Raises:
        UnknownCurrency: the currency is not listed.
        AmountError: the amount has more decimals than the currency.
    """
    decimals = minor_units(currency)
    given = len(amount.partition(".")[2])
    if given > decimals:
        raise AmountError(f"{amount} has {given} decimals, {currency} has {decimals}")


def to_minor(amount: str, currency: str) -> int:
    """`to_minor("12.50", "EUR")` is 1250.

    Raises:
        UnknownCurrency: the currency is not listed.
        AmountError: not a plain decimal, finer than the currency, or 10^15 and more in size.
    """
    return _scaled(amount, minor_units(currency), WHOLE_DIGITS_MAX, currency)


def from_minor(minor: int, currency: str) -> str:
    """`from_minor(1250, "EUR")` is "12.50": always all decimals of the currency.

    Raises:
        UnknownCurrency: the currency is not listed.
        AmountError: 10^15 and more in size; such an amount cannot travel.
    """
    decimals = minor_units(currency)
    sign, digits = ("-", str(-minor)) if minor < 0 else ("", str(minor))
    if len(digits) > WHOLE_DIGITS_MAX + decimals:
        raise AmountError(f"{minor} minor units of {currency} are too many for an amount")
    if not decimals:
        return sign + digits
    digits = digits.zfill(decimals + 1)
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def sum_text(minor: int, currency: str) -> str:
    """A sum of amounts with all decimals of its currency. It may be longer than one amount may be on the wire.

    Raises:
        UnknownCurrency: the currency is not listed.
    """
    decimals = minor_units(currency)
    whole, rest = divmod(abs(minor), 10**decimals)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{rest:0{decimals}d}" if decimals else f"{sign}{whole}"


def to_micro(number: str) -> int:
    """Millionths of a quantity, unit price or rate: `to_micro("2.5")` is 2500000.

    Raises:
        AmountError: not a plain decimal, or more than six decimals.
    """
    return _scaled(number, 6, WHOLE_DIGITS_MAX, "a quantity or price")


def from_micro(micro: int) -> str:
    """The shortest decimal: `from_micro(2500000)` is "2.5", `from_micro(3000000)` is "3"."""
    sign, micro = ("-", -micro) if micro < 0 else ("", micro)
    whole, rest = divmod(micro, MICRO)
    return f"{sign}{whole}.{rest:06d}".rstrip("0") if rest else f"{sign}{whole}"


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to a whole number, halves away from zero. `denominator` is above 0."""
    if numerator < 0:
        return -((-numerator * 2 + denominator) // (2 * denominator))
    return (numerator * 2 + denominator) // (2 * denominator)


def line_total_minor(quantity: str, unit_price: str, currency: str) -> int:
    """Quantity times unit price in minor units, rounded half up: the one place where a line is rounded.

    Raises:
        AmountError: the product is 10^15 or more, or an argument is no plain decimal of six decimals.
        UnknownCurrency: the currency is not listed.
    """
    decimals = minor_units(currency)
    total = divide_half_up(to_micro(quantity) * to_micro(unit_price) * 10**decimals, MICRO * MICRO)
    if abs(total) >= 10 ** (WHOLE_DIGITS_MAX + decimals):
        raise AmountError(f"{quantity} times {unit_price} {currency} is too large for an amount")
    return total


def tax_minor(base_minor: int, rate: str) -> int:
    """Tax on a base in minor units at a rate ("0.24"), rounded half up once per tax code.

    Raises:
        AmountError: the rate is no plain decimal of at most six decimals.
    """
    return divide_half_up(base_minor * to_micro(rate), MICRO)


def _scaled(number: str, decimals: int, whole_digits_max: int, what: str) -> int:
    """The number times 10^decimals, exactly."""
    whole, point, fraction = number.partition(".")
    digits = whole[1:] if whole.startswith("-") else whole
    if not (digits.isascii() and digits.isdigit()) or (point and not (fraction.isascii() and fraction.isdigit())):
        raise AmountError(f"{number!r} is no plain decimal number")
    if len(fraction) > decimals:
        raise AmountError(f"{number} has {len(fraction)} decimals, {what} has {decimals}")
    if len(digits) > whole_digits_max:
        raise AmountError(f"{number} has more than {whole_digits_max} digits before the point")
    return int(whole + fraction.ljust(decimals, "0"))
