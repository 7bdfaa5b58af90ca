"""Whether a VAT number can be one of its country: form and check digits by python-stdnum, nothing is asked online."""

from __future__ import annotations

from pydantic_core import PydanticCustomError
from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

EU_PREFIXES = frozenset(state.upper() for state in eu_vat.MEMBER_STATES) | {"EL"}
PREFIX_CHARS = 2


def checked(number: str, country: str | None) -> str:
    """The number, for a validator of its field. Raises where it cannot be one of its country."""
    if not vat_number_fits(number, country):
        detail = "The VAT number is not one of its country: its form or its check digits do not fit."
        raise PydanticCustomError("vat_number_not_valid", detail)
    return number


def vat_number_fits(number: str, country: str | None) -> bool:
    """Whether the number is well formed for the country of its prefix or, without a prefix, for the given one.

    A country without a rule that is known takes every number.
    """
    prefix = number[:PREFIX_CHARS].upper()
    try:
        if prefix in EU_PREFIXES:
            eu_vat.validate(number)
        elif country is not None and (rule := get_cc_module(country.lower(), "vat")) is not None:
            rule.validate(number[PREFIX_CHARS:] if prefix == country else number)
    except ValidationError:
        return False
    return True
