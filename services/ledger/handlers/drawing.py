"""Papers that somebody asks for: the ledger tells what stands on them, and documents makes them."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.requests import Answer, Result
from services.ledger import translate
from services.ledger.commands import DrawStatements


async def draw_statements(commands: Sequence[DrawStatements], unit: UnitOfWork) -> Sequence[Result]:
    """Tell what statements say. They were read before: a statement is of one moment, and books nothing."""
    results: list[Result] = []
    for command in commands:
        drawn: list[dict[str, object]] = []
        for currency, read in command.statements:
            statement = translate.statement_id(command.cause, currency)
            unit.emit(*translate.statement_drawn(statement, read), command.cause)
            drawn.append({"statement": str(statement), "currency": currency, "closing": read["closing"]})
        detail = {"customer": command.customer, "as_of": command.as_of.isoformat()}
        unit.audit(command.cause, "statement-drawn", command.customer, detail)
        results.append(Answer(201, {"customer": command.customer, "statements": drawn}))
    return results
