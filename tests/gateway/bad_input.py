"""What must be refused, and how: a table of bad events. Numbers are those of the catalogue of bad input: B content,
C business.
"""

from __future__ import annotations

from typing import Any

import orjson

from tests.gateway.front import EMPLOYEE, ORDER, PAYMENT, cloud_event

Case = tuple[Any, int, str, str | None, str | None]
"""What is sent, and then: status, problem, pointer and code of the first fault."""

EVENT = cloud_event()
RAW = orjson.dumps(EVENT)
LINE = ORDER["lines"][0]


def order(**changes: Any) -> dict[str, Any]:
    return cloud_event({name: value for name, value in (ORDER | changes).items() if value is not ...})


def line(**changes: Any) -> dict[str, Any]:
    made = {name: value for name, value in (LINE | changes).items() if value is not ...}
    return order(lines=[LINE, made | {"line": changes.get("line", 2)}])


def customer(**changes: Any) -> dict[str, Any]:
    return order(customer=ORDER["customer"] | changes)


def payment(**changes: Any) -> dict[str, Any]:
    return cloud_event({n: v for n, v in (PAYMENT | changes).items() if v is not ...}, "PaymentReceived.v1")


def paid(amount: object, currency: object = "EUR") -> dict[str, Any]:
    return payment(amount={"amount": amount, "currency": currency})


def hire(**changes: Any) -> dict[str, Any]:
    return cloud_event(EMPLOYEE | changes, "EmployeeHired.v1")


def nested(depth: int) -> bytes:
    return RAW[:-1] + b',"deep":' + b"[" * depth + b"]" * depth + b"}"


def raw_line(quantity: bytes) -> bytes:
    return RAW.replace(b'"quantity":"2.5"', b'"quantity":' + quantity)


INVALID = "invalid-event"
CONTENT: dict[str, Case] = {
    "B19 byte order mark": (b"\xef\xbb\xbf" + RAW, 400, "malformed-json", None, None),
    "B19 invalid UTF-8": (RAW.replace(b"BEANS", b"BE\xff\xfeNS"), 400, "malformed-json", None, None),
    "B19 lone surrogate": (RAW.replace(b"BEANS", b"BE\\ud800NS"), 400, "malformed-json", None, None),
    "B20 truncated": (RAW[:-20], 400, "malformed-json", None, None),
    "B20 two documents": (RAW + RAW, 400, "malformed-json", None, None),
    "B21 duplicate key": (
        RAW.replace(b'"currency":"EUR"', b'"currency":"EUR","currency":"USD"'),
        400, "duplicate-key", "/data/currency", "duplicate-key",
    ),
    "B21 duplicate attribute": (RAW[:-1] + b',"id":"other"}', 400, "duplicate-key", "/id", "duplicate-key"),
    "B22 nested 10,000 deep": (nested(10_000), 400, "too-deep", None, None),
    "B22 nested 40 deep": (nested(40), 400, "too-deep", None, None),
    "B24 too large": (RAW[:-1] + b" " * 1_100_000 + b"}", 413, "body-too-large", None, None),
    "B26 NaN": (raw_line(b"NaN"), 400, "malformed-json", None, None),
    "B26 Infinity": (raw_line(b"-Infinity"), 400, "malformed-json", None, None),
    "B26 1e400": (raw_line(b"1e400"), 422, "number-out-of-range", None, None),
    "B26 minus zero": (raw_line(b"-0"), 422, INVALID, "/data/lines/0/quantity", "wrong-type"),
    "B26 100,000 digits": (raw_line(b"9" * 100_000), 422, "number-out-of-range", None, None),
    "B27 2^64": (raw_line(b"18446744073709551616"), 422, "number-out-of-range", None, None),
    "B28 NUL": (RAW.replace(b"BEANS", b"BE\\u0000NS"), 422, "character-not-allowed", "/data/lines/0/item", None),
    "B28 control character": (line(description="a\u0001b"), 422, INVALID, "/data/lines/1/description", "pattern"),
    "B30 empty body": (b"", 422, "body-missing", None, None),
    "B30 null": (b"null", 422, INVALID, "", "wrong-type"),
    "B30 a list": (b"[]", 422, INVALID, "", "wrong-type"),
    "B30 a string": (b'"order"', 422, INVALID, "", "wrong-type"),
    "B30 data null": (cloud_event(ORDER) | {"data": None}, 422, INVALID, "/data", "wrong-type"),
    "B30 data a list": (cloud_event(ORDER) | {"data": [ORDER]}, 422, INVALID, "/data", "wrong-type"),
    "B31 unknown field": (order(colour="red"), 422, INVALID, "/data/colour", "unknown-field"),
    "B31 unknown field in a line": (line(colour="red"), 422, INVALID, "/data/lines/1/colour", "unknown-field"),
    "B31 pay of a hire": (hire(salary="9"), 422, INVALID, "/data/salary", "unknown-field"),
    "B31 bank account of a payer": (
        payment(payer={"name": "N", "iban": "GR1"}), 422, INVALID, "/data/payer/iban", "unknown-field",
    ),
    "B31 attribute in capitals": (cloud_event(Colour="red"), 422, INVALID, "/Colour", "unknown-field"),
    "B32 id of ours": (order(order="x"), 422, INVALID, "/data/order", "read-only"),
    "B32 source in the data": (order(source="/x"), 422, INVALID, "/data/source", "read-only"),
    "B32 status": (order(status="paid"), 422, INVALID, "/data/status", "unknown-field"),
    "B32 actor": (cloud_event(actor="boss"), 422, INVALID, "/actor", "read-only"),
    "B32 sequence": (cloud_event(sequence=7), 422, INVALID, "/sequence", "read-only"),
    "B32 payment's order": (payment(order="x"), 422, INVALID, "/data/order", "read-only"),
    "B33 number for a string": (line(quantity=1), 422, INVALID, "/data/lines/1/quantity", "wrong-type"),
    "B33 float for a string": (line(unit_price=1.5), 422, INVALID, "/data/lines/1/unit_price", "wrong-type"),
    "B33 string for a number": (line(line="2"), 422, INVALID, "/data/lines/1/line", "wrong-type"),
    "B33 true for 1": (line(line=True), 422, INVALID, "/data/lines/1/line", "wrong-type"),
    "B33 1.0 for 1": (line(line=2.0), 422, INVALID, "/data/lines/1/line", "wrong-type"),
    "B33 a list for a string": (order(reference=["W"]), 422, INVALID, "/data/reference", "wrong-type"),
    "B33 an object for a list": (order(lines={"0": LINE}), 422, INVALID, "/data/lines", "wrong-type"),
    "B33 a list for an object": (order(customer=[]), 422, INVALID, "/data/customer", "wrong-type"),
    "B33 attribute as a number": (cloud_event(id=7), 422, INVALID, "/id", "pattern"),
    "B33 attribute as an object": (cloud_event(colour={"a": 1}), 422, INVALID, "/colour", "wrong-type"),
}  # fmt: skip

BUSINESS: dict[str, Case] = {
    "C37 three decimals of euros": (paid("1.005"), 422, INVALID, "/data/amount/amount", "scale"),
    "C37 three zeros of euros": (paid("1.000"), 422, INVALID, "/data/amount/amount", "scale"),
    "C37 one decimal of yen": (paid("100.5", "JPY"), 422, INVALID, "/data/amount/amount", "scale"),
    "C37 four decimals of dinars": (paid("1.0001", "KWD"), 422, INVALID, "/data/amount/amount", "scale"),
    "C38 negative amount": (paid("-1.00"), 422, INVALID, "/data/amount/amount", "too-small"),
    "C38 zero amount": (paid("0.00"), 422, INVALID, "/data/amount/amount", "too-small"),
    "C38 10^15": (paid("1000000000000000"), 422, INVALID, "/data/amount/amount", "pattern"),
    "C38 exponent": (paid("1e3"), 422, INVALID, "/data/amount/amount", "pattern"),
    "C38 NaN in a string": (paid("NaN"), 422, INVALID, "/data/amount/amount", "pattern"),
    "C38 other digits": (paid("١٢"), 422, INVALID, "/data/amount/amount", "pattern"),
    "C38 thousands": (paid("1,000.00"), 422, INVALID, "/data/amount/amount", "pattern"),
    "C38 negative price": (line(unit_price="-1"), 422, INVALID, "/data/lines/1/unit_price", "pattern"),
    "C38 huge price": (line(unit_price="1" + "0" * 12), 422, INVALID, "/data/lines/1/unit_price", "pattern"),
    "C38 a line of 10^15": (
        line(quantity="1000000000", unit_price="999999999999"), 422, INVALID, "/data/lines/1", "too-large",
    ),
    "C38 lines of 10^15": (
        order(lines=[LINE | {"line": n, "quantity": "999999", "unit_price": "999999999"} for n in (1, 2)]),
        422, INVALID, "/data/lines", "too-large",
    ),
    "C39 unknown currency": (order(currency="XXX"), 422, INVALID, "/data/currency", "currency-unknown"),
    "C39 obsolete currency": (paid("1.00", "GRD"), 422, INVALID, "/data/amount/currency", "currency-unknown"),
    "C39 lower case": (order(currency="eur"), 422, INVALID, "/data/currency", "pattern"),
    "C41 day zero": (payment(received_on="0000-00-00"), 422, INVALID, "/data/received_on", "pattern"),
    "C41 30 February": (payment(received_on="2026-02-30"), 422, INVALID, "/data/received_on", "wrong-format"),
    "C41 year 9999": (payment(received_on="9999-01-01"), 422, INVALID, "/data/received_on", "pattern"),
    "C41 before 2000": (payment(received_on="1999-12-31"), 422, INVALID, "/data/received_on", "too-early"),
    "C41 in the future": (payment(received_on="2026-12-15"), 422, INVALID, "/data/received_on", "too-late"),
    "C41 a number": (payment(received_on=20261120), 422, INVALID, "/data/received_on", "wrong-type"),
    "C41 seconds in a string": (order(placed_at="1764000000"), 422, INVALID, "/data/placed_at", "pattern"),
    "C41 without zone": (order(placed_at="2026-11-20T10:00:00"), 422, INVALID, "/data/placed_at", "pattern"),
    "C41 24 o'clock": (order(placed_at="2026-11-20T24:00:00Z"), 422, INVALID, "/data/placed_at", "pattern"),
    "C41 no such day": (order(placed_at="2026-02-30T10:00:00Z"), 422, INVALID, "/data/placed_at", "wrong-format"),
    "C41 leap second": (order(placed_at="2016-12-31T23:59:60Z"), 422, INVALID, "/data/placed_at", "pattern"),
    "C41 placed tomorrow": (order(placed_at="2026-12-14T12:00:01Z"), 422, INVALID, "/data/placed_at", "too-late"),
    "C41 placed in 1999": (order(placed_at="1999-12-31T23:59:59Z"), 422, INVALID, "/data/placed_at", "too-early"),
    "C41 time without zone": (cloud_event(time="2026-11-20T10:00:00"), 422, INVALID, "/time", "wrong-format"),
    "C41 time out of the calendar": (
        cloud_event(time="9999-12-31T23:59:59-23:59"), 422, INVALID, "/time", "wrong-format",
    ),
    "C41 time in the future": (cloud_event(time="2030-01-01T00:00:00Z"), 422, INVALID, "/time", "too-late"),
    "C41 time before 2000": (cloud_event(time="1970-01-01T00:00:00Z"), 422, INVALID, "/time", "too-early"),
    "C41 starts in three years": (hire(starts_on="2029-12-31"), 422, INVALID, "/data/starts_on", "too-late"),
    "C43 quantity zero": (line(quantity="0"), 422, INVALID, "/data/lines/1/quantity", "pattern"),
    "C43 quantity 0.000000": (line(quantity="0.000000"), 422, INVALID, "/data/lines/1/quantity", "pattern"),
    "C43 negative quantity": (line(quantity="-1"), 422, INVALID, "/data/lines/1/quantity", "pattern"),
    "C43 over-large quantity": (line(quantity="1000000001"), 422, INVALID, "/data/lines/1/quantity", "pattern"),
    "C43 seven decimals": (line(quantity="1.0000001"), 422, INVALID, "/data/lines/1/quantity", "pattern"),
    "C45 no lines": (order(lines=[]), 422, INVALID, "/data/lines", "too-few"),
    "C45 501 lines": (order(lines=[LINE | {"line": n} for n in range(501)]), 422, INVALID, "/data/lines", "too-many"),
    "C45 a line twice": (line(line=1), 422, INVALID, "/data/lines/1/line", "not-unique"),
    "C45 line zero": (line(line=0), 422, INVALID, "/data/lines/1/line", "too-small"),
    "empty reference": (order(reference=""), 422, INVALID, "/data/reference", "pattern"),
    "long reference": (order(reference="x" * 65), 422, INVALID, "/data/reference", "too-long"),
    "no reference": (order(reference=...), 422, INVALID, "/data/reference", "missing"),
    "blank name": (customer(name=" "), 422, INVALID, "/data/customer/name", "pattern"),
    "unknown language": (customer(language="fr"), 422, INVALID, "/data/customer/language", "not-allowed"),
    "country in words": (
        customer(address=ORDER["customer"]["address"] | {"country": "Greece"}),
        422, INVALID, "/data/customer/address/country", "pattern",
    ),
    "no customer": (order(customer=...), 422, INVALID, "/data/customer", "missing"),
    "no payer": (payment(payer=...), 422, INVALID, "/data/payer", "missing"),
    "policy in the place of the choice": (
        order(invoicing="on_dispatch"), 422, INVALID, "/data/invoicing", "not-allowed",
    ),
    "invoiced on whim": (order(invoice_on="whim"), 422, INVALID, "/data/invoice_on", "not-allowed"),
}  # fmt: skip

ENVELOPE: dict[str, Case] = {
    "no id": (cloud_event(id=None), 422, INVALID, "/id", "missing"),
    "empty id": (cloud_event(id=""), 422, INVALID, "/id", "pattern"),
    "id of 201": (cloud_event(id="x" * 201), 422, INVALID, "/id", "pattern"),
    "id with a line break": (cloud_event(id="a\nb"), 422, INVALID, "/id", "pattern"),
    "no source": (cloud_event(source=None), 422, INVALID, "/source", "missing"),
    "source with a blank": (cloud_event(source="/my shop"), 422, INVALID, "/source", "pattern"),
    "no type": (cloud_event(type=None), 422, INVALID, "/type", "missing"),
    "unknown type": (cloud_event(type="OrderLost.v1"), 422, INVALID, "/type", "unknown-type"),
    "a department's type": (cloud_event(type="InvoiceIssued.v1"), 422, INVALID, "/type", "unknown-type"),
    "type as a list": (cloud_event(type=["OrderPlaced.v1"]), 422, INVALID, "/type", "unknown-type"),
    "no specversion": (cloud_event(specversion=None), 422, INVALID, "/specversion", "missing"),
    "specversion 0.3": (cloud_event(specversion="0.3"), 422, INVALID, "/specversion", "not-allowed"),
    "no data": ({n: v for n, v in EVENT.items() if n != "data"}, 422, INVALID, "/data", "missing"),
    "base64 data": (cloud_event(data_base64="e30="), 422, INVALID, "/data_base64", "not-allowed"),
    "data of another kind": (cloud_event(datacontenttype="text/xml"), 422, INVALID, "/datacontenttype", "not-allowed"),
    "another schema": (cloud_event(dataschema="urn:x"), 422, INVALID, "/dataschema", "not-allowed"),
    "empty subject": (cloud_event(subject=""), 422, INVALID, "/subject", "pattern"),
    "company in capitals": (cloud_event(company="ACME"), 422, INVALID, "/company", "pattern"),
    "company as SQL": (cloud_event(company="acme'; drop table x; --"), 422, INVALID, "/company", "pattern"),
    "company as a list": (cloud_event(company=["acme"]), 422, INVALID, "/company", "pattern"),
    "another company": (cloud_event(company="umbrella"), 403, "company-not-allowed", "/company", "company-not-allowed"),
    "a company that is not there": (
        cloud_event(company="nobody"), 403, "company-not-allowed", "/company", "company-not-allowed",
    ),
}  # fmt: skip

CASES = CONTENT | BUSINESS | ENVELOPE
