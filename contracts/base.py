"""What every event is made of: the base classes of events and views, and the scalars with their bounds.

Every bound is a constraint that pydantic checks natively, never a Python validator: producers validate the very bytes
they send, so a validator written in Python would be paid for on every event. For the same reason an amount is a string
with a pattern and not a `Decimal`; `contracts.money` converts where somebody calculates.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, WithJsonSchema

# --- patterns -------------------------------------------------------------------------------------------------------
# Written in the subset that Rust, Python and ECMAScript read alike: no look-around, no \d (which is Unicode in some).

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
COMPANY_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,31}$"
AMOUNT_PATTERN = r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,4})?$"
UNSIGNED_AMOUNT_PATTERN = r"^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,4})?$"
QUANTITY_PATTERN = (  # above 0, up to 10^9, at most six decimals
    r"^(?:[1-9][0-9]{0,8}(?:\.[0-9]{1,6})?|1000000000(?:\.0{1,6})?"
    r"|0\.(?:[1-9][0-9]{0,5}|0[1-9][0-9]{0,4}|00[1-9][0-9]{0,3}|000[1-9][0-9]{0,2}|0000[1-9][0-9]?|00000[1-9]))$"
)
STOCK_LEVEL_PATTERN = r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$"
UNIT_PRICE_PATTERN = r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$"
RATE_PATTERN = r"^[0-9](?:\.[0-9]{1,6})?$"
# One line of text with something to read in it: no control characters (PostgreSQL cannot store U+0000, and the others
# let one field pass for several on paper), not blank.
TEXT_PATTERN = r"^[^\u0000-\u001F\u007F]*[^\u0000-\u0020\u007F][^\u0000-\u001F\u007F]*$"
REMARK_PATTERN = r"^[^\u0000-\u001F\u007F]*$"
# A code is compared, sorted and printed: no blanks at its ends, where nobody would see them.
CODE_PATTERN = r"^[^\u0000-\u0020\u007F](?:[^\u0000-\u001F\u007F]*[^\u0000-\u0020\u007F])?$"
DATE_PATTERN = r"^(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
TIMESTAMP_PATTERN = (
    r"^(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z$"
)


class _TextOf:
    """Reads a date or time from JSON only in the one spelling that the schema shows.

    Left alone, pydantic also takes Unix seconds in a string and several separators; then a message could satisfy the
    model and not the published schema. In Python an object of the type itself is taken as it is.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        value = handler(source)
        text = {"type": "str", "pattern": self.pattern}
        from_json = {"type": "chain", "steps": [text, {**value, "strict": False}]}  # reads the text it was given
        return {"type": "json-or-python", "json_schema": from_json, "python_schema": value}


# --- scalars --------------------------------------------------------------------------------------------------------

Uuid = Annotated[
    str,
    Field(
        pattern=UUID_PATTERN,
        description="UUID in its canonical lower-case form.",
        json_schema_extra={"format": "uuid"},
    ),
]
CompanyCode = Annotated[
    str, Field(pattern=COMPANY_PATTERN, description="Code of a company: 1 to 32 of a-z, 0-9, _ and -.")
]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 alphabetic code.")]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2 code.")]
Language = Annotated[Literal["en", "el", "he"], Field(description="Language of what is printed: ISO 639-1.")]

Amount = Annotated[
    str,
    Field(
        pattern=AMOUNT_PATTERN,
        description="Decimal amount in the currency named beside it, with no more decimals than that currency has; "
        "below 10^15 in size.",
    ),
]
UnsignedAmount = Annotated[
    str,
    Field(
        pattern=UNSIGNED_AMOUNT_PATTERN,
        description="Decimal amount, 0 or more, in the currency named beside it, with no more decimals than that "
        "currency has; below 10^15.",
    ),
]
Quantity = Annotated[
    str, Field(pattern=QUANTITY_PATTERN, description="Decimal above 0 and up to 10^9, at most six decimals.")
]
StockLevel = Annotated[
    str, Field(pattern=STOCK_LEVEL_PATTERN, description="Decimal, 0 or more and below 10^12, at most six decimals.")
]
UnitPrice = Annotated[
    str,
    Field(
        pattern=UNIT_PRICE_PATTERN,
        description="Price of one unit in the currency of the document: decimal, 0 or more and below 10^12, "
        "at most six decimals (more than an amount may carry).",
    ),
]
Rate = Annotated[
    str, Field(pattern=RATE_PATTERN, description="Fraction, 0.24 means 24 %; below 10, at most six decimals.")
]

Sku = Annotated[str, Field(pattern=CODE_PATTERN, max_length=64, description="Stock keeping unit of an item.")]
TaxCode = Annotated[str, Field(pattern=CODE_PATTERN, max_length=20, description="Tax code of the company.")]
AccountCode = Annotated[str, Field(pattern=CODE_PATTERN, max_length=32, description="Account of the company's chart.")]
Reference = Annotated[
    str, Field(pattern=CODE_PATTERN, max_length=64, description="The sender's own number for it, 1 to 64 characters.")
]
CustomerId = Annotated[
    str, Field(pattern=CODE_PATTERN, max_length=64, description="The front office's own id of the customer.")
]
SourceName = Annotated[
    str, Field(pattern=CODE_PATTERN, max_length=200, description="CloudEvents source of the system that sent it.")
]
DocumentNumber = Annotated[
    str,
    Field(pattern=CODE_PATTERN, max_length=64, description="Printed number, gap-free per company, series and year."),
]
Code = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="Machine-readable code, 1 to 64 of a-z, 0-9, _ and -."),
]
Revision = (
    Annotated[
        int,
        Field(ge=2, le=9999, description="The revision of the order that it belongs to; absent while it is the first."),
    ]
    | None
)
Name = Annotated[str, Field(pattern=TEXT_PATTERN, max_length=200, description="Name as it is printed.")]
Text = Annotated[str, Field(pattern=TEXT_PATTERN, max_length=200, description="One line of text.")]
Remark = Annotated[str, Field(pattern=REMARK_PATTERN, max_length=200, description="One line of text, may be empty.")]
Detail = Annotated[str, Field(pattern=REMARK_PATTERN, max_length=2000, description="Explanation for a human reader.")]
VatNumber = Annotated[
    str, Field(pattern=CODE_PATTERN, max_length=20, description="VAT number of a business, as it is printed.")
]
Iban = Annotated[
    str,
    Field(
        pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$",
        description="IBAN of the seller's own account, without blanks (ISO 13616). Never one of a person.",
    ),
]
LineNumber = Annotated[int, Field(ge=1, le=500, description="Number of a line within its document, from 1.")]
CalendarDate = Annotated[
    date,
    _TextOf(DATE_PATTERN),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DATE_PATTERN, "description": "Calendar date."}),
]
Timestamp = Annotated[
    datetime,
    _TextOf(TIMESTAMP_PATTERN),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": TIMESTAMP_PATTERN,
            "description": "Instant in UTC, RFC 3339 with Z, at most microseconds.",
        }
    ),
]


def data_schema(event_type: str) -> str:
    """The identifier of the schema of an event type: `$id` in its file, `dataschema` in every envelope.

    A name and not an address: CloudEvents asks for an absolute URI, and an address would tie every stored event to
    one host. The file is `contracts/schemas/<event type>.json`, and the gateway serves it.
    """
    return f"urn:backbone:schema:{event_type}"


# --- models ---------------------------------------------------------------------------------------------------------


class Part(BaseModel):
    """A piece of an event as its producer sends it: every field known, none guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Money(Part):
    """An amount with its currency."""

    amount: Amount
    currency: CurrencyCode


class Address(Part):
    """A postal address."""

    line1: Text
    line2: Text | None = None
    city: Text
    postcode: Annotated[str, Field(pattern=REMARK_PATTERN, max_length=16, description="Empty where there are none.")]
    country: CountryCode


class EventData(Part):
    """The data of an event as its owner sends it: unknown fields are forbidden, nothing optional is invented.

    A class names its topic and the field that becomes the Kafka key; its event type is its own name and version::

        class OrderPlaced(EventData, topic="sales.orders", key="order"): ...

    `key` names a field of the data, or "company" for the company of the envelope. The second version of an event is a
    class `OrderPlacedV2` with `version=2`.
    """

    event_type: ClassVar[str]
    dataschema: ClassVar[str]
    topic: ClassVar[str]
    key_field: ClassVar[str]

    def __init_subclass__(cls, *, topic: str, key: str, version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.event_type = f"{cls.__name__.removesuffix(f'V{version}')}.v{version}"
        cls.dataschema = data_schema(cls.event_type)
        cls.topic = topic
        cls.key_field = key

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.key_field != "company" and cls.key_field not in field_names(cls):
            raise TypeError(f"{cls.__name__} has no field {cls.key_field!r} to take its Kafka key from")


class PartView(BaseModel):
    """A piece of an event as a consumer reads it: only what it uses; the owner may add fields at any time."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class MoneyView(PartView):
    """An amount with its currency, as a consumer reads it."""

    amount: Amount
    currency: CurrencyCode


class AddressView(PartView):
    """A postal address, as a consumer reads it."""

    line1: Text
    line2: Text | None = None
    city: Text
    postcode: str
    country: CountryCode


class EventView(PartView):
    """What one consumer uses of an event::

        class OrderTerms(EventView, of=OrderPlaced):
            order: Uuid
            currency: CurrencyCode

    A view may only name fields that the event has, and may not be built of producers' parts (they forbid unknown
    fields, so the owner could never add one). Both are refused when the class is made. Its pieces are `PartView`s.
    """

    event: ClassVar[type[EventData]]
    event_type: ClassVar[str]
    topic: ClassVar[str]

    def __init_subclass__(cls, *, of: type[EventData] | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if of is not None:  # else a common base of several views
            cls.event = of
            cls.event_type = of.event_type
            cls.topic = of.topic

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        closed = sorted(part.__name__ for part in parts_of(cls) if issubclass(part, Part))
        if closed:
            raise TypeError(f"{cls.__name__} is built of {closed}, which forbid unknown fields; use a PartView")
        event = getattr(cls, "event", None)
        unknown = field_names(cls) - field_names(event) if event is not None else set()
        if unknown:
            raise TypeError(f"{cls.__name__} reads {sorted(unknown)}, which {cls.event_type} does not carry")


def field_names(model: type[BaseModel]) -> set[str]:
    """The names of a model's fields as they stand on the wire."""
    return {field.alias or name for name, field in model.model_fields.items()}


def parts_of(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Every model that occurs in the fields of `model`, at any depth."""
    found: set[type[BaseModel]] = set()
    waiting = [model]
    while waiting:
        for field in waiting.pop().model_fields.values():
            for part in _models_in(field.annotation):
                if part not in found:
                    found.add(part)
                    waiting.append(part)
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
