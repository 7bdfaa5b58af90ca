"""The cursor of a page: opaque, made for one set of filters, refused for any other."""

from __future__ import annotations

import base64
import binascii
import zlib
from datetime import UTC, datetime, timedelta

import orjson

from chassis.errors import Fault, Problem
from chassis.ids import UUID
from services.gateway.queries.answers import OrderAnswer
from services.gateway.queries.orders import After, OrderFilter

CURSOR_CHARS_MAX = 300
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def cursor_after(order: OrderAnswer, wanted: OrderFilter, company: str | None) -> str:
    """The cursor for what follows this order."""
    assert order.placed_at is not None
    place = [_check(wanted, company), (order.placed_at - EPOCH) // _MICROSECOND, order.company, order.id]
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def after_cursor(cursor: str, wanted: OrderFilter, company: str | None) -> After:
    """Where the page before ended. Raises Problem 422 for a cursor that was not given out for these filters."""
    try:
        if len(cursor) > CURSOR_CHARS_MAX:
            raise ValueError
        packed = base64.b64decode((cursor + "=" * (-len(cursor) % 4)).encode("ascii"), b"-_", validate=True)
        check, microseconds, of, order = orjson.loads(packed)
        if check != _check(wanted, company) or type(microseconds) is not int or not isinstance(of, str) or "\x00" in of:
            raise ValueError
        return After(EPOCH + timedelta(microseconds=microseconds), of, UUID(order))
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
        detail = "The cursor was not given out for these filters."
        raise Problem(422, "cursor-invalid", detail, [Fault("?cursor", "cursor-invalid", detail)]) from None


def _check(wanted: OrderFilter, company: str | None) -> int:
    return zlib.crc32(orjson.dumps([company, *wanted], default=str))
