"""What a command would do: it runs as ever, in a transaction that is rolled back, and says what it would have told.

Nothing is written, no number and no idempotency key is used. The answer is that of the present; what others do between
a preview and the command itself may change it.
"""

from __future__ import annotations

import orjson

from chassis import companies
from chassis.database import Database, is_transient
from chassis.errors import Problem, Refused
from chassis.outbox import OutboxEvent
from chassis.requests import Answer, C, Handler, Result, company_not_found, fault_of, unavailable

NOW = "select now()"


class _Undone(Exception):
    """Ends a transaction that must not be committed."""

    def __init__(self, result: Result) -> None:
        super().__init__("a preview is never committed")
        self.result = result


async def preview(
    database: Database, handler: Handler[C], command: C, company: str, *, with_events: bool = True
) -> Result:
    """The answer, with the events that would have been told if they are wanted.

    Raises Problem as the command's own door would.
    """
    try:
        async with database.unit([company]) as unit:
            unit.now = await unit.raw.fetchval(NOW)
            if not await companies.known(unit.raw, [company]):
                raise company_not_found()
            (result,) = await handler([command], unit)
            if isinstance(result, Refused):
                raise _Undone(result)
            body = {**result.body, "dry_run": True}
            if with_events:
                body["would_tell"] = [_event(made) for made in unit.collected()]
            raise _Undone(Answer(200, body))
    except _Undone as undone:
        return undone.result
    except Problem:
        raise
    except Exception as error:
        if is_transient(error):
            raise unavailable("database-unavailable", "The database does not answer.") from error
        raise fault_of(handler.__name__, error) from error


def _event(made: OutboxEvent) -> dict[str, object]:
    event_type = dict(orjson.loads(made.headers))["ce_type"]
    return {"type": event_type, "key": made.key, "data": orjson.loads(made.body)}
