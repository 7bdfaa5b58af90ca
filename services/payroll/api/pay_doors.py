"""What the routes of pay share: the vault behind the door, rights, and the record of every reading."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from chassis.cause import Cause
from chassis.errors import Problem
from chassis.http import Call, Reading, read, write
from chassis.ids import UUID, derive, new_id
from chassis.requests import RequestIdentity
from services.payroll.commands.pay import LogReading
from services.payroll.domain.rights import APPROVE, BY_NAME, OFFICER, SELF, TEAM_PAY, Viewer
from services.payroll.handlers.agreeing import log_readings
from services.payroll.pay_desk import PayDesk
from services.payroll.queries.viewing import viewer

Officer = Annotated[Reading, Depends(read(OFFICER, by_name=BY_NAME))]
OfficerCall = Annotated[Call, Depends(write(OFFICER, by_name=BY_NAME))]
PayReader = Annotated[Reading, Depends(read(OFFICER, TEAM_PAY, SELF, by_name=BY_NAME))]
Approver = Annotated[Call, Depends(write(APPROVE, by_name=BY_NAME))]
Confirmer = Annotated[Call, Depends(write(OFFICER, APPROVE, by_name=BY_NAME))]
Watcher = Annotated[Reading, Depends(read(OFFICER, APPROVE, by_name=BY_NAME))]
Own = Annotated[Reading, Depends(read(SELF))]


async def pay_reader(reading: Reading, company: str, employee: uuid.UUID) -> Viewer:
    """The caller's rights. Raises Problem 404, as for nobody, when they may not read this person's pay."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
    if not who.sees_pay(employee):
        raise Problem(404, "employee-not-found", "There is no such employee.")
    return who


def desk(request: Request) -> PayDesk:
    """What this process pays with. Raises Problem 503 while there is no master key."""
    found: PayDesk | None = request.app.state.pay_desk
    if found is None:
        raise Problem(503, "vault-not-open", "Personal data can be neither kept nor read: no master key is there.")
    return found


def maybe_desk(request: Request) -> PayDesk | None:
    """The same, where what is asked for can be told without pay."""
    found: PayDesk | None = request.app.state.pay_desk
    return found


Desk = Annotated[PayDesk, Depends(desk)]
MaybeDesk = Annotated[PayDesk | None, Depends(maybe_desk)]


async def log(
    reading: Reading,
    company: str,
    what: str,
    *,
    employee: uuid.UUID | None = None,
    run: uuid.UUID | None = None,
    people: Collection[uuid.UUID] = (),
) -> None:
    """Write down that this caller is about to read pay, or whose confidential leave; for each of several people.

    Without the record nothing is read.
    """
    caller, doors = reading.caller, reading.doors
    key = str(new_id())
    cause = Cause(
        derive("reading", company, key), company, key, caller.actor, caller.on_behalf_of, None, doors.clock.now()
    )
    command = LogReading(cause, what, _id(employee), _id(run), tuple(UUID(str(one)) for one in sorted(people)))
    identity = RequestIdentity(company, f"reading {what}", key, b"")
    await doors.commands.submit(log_readings, command, identity)


def _id(value: uuid.UUID | None) -> UUID | None:
    return None if value is None else UUID(str(value))
