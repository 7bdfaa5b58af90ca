"""An HTTP door for the toy department, with the gateway's signer to knock with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.http import Call, Doors, Reading, Router, install, read, write
from chassis.ids import UUID
from chassis.requests import CommandDoor
from chassis.settings import StackSettings
from tests.chassis.commands import Note, NoteTaker
from tests.chassis.toy import Toy

SECRET = "a-secret-for-tests-that-is-long-enough-0123456789"


class Line(BaseModel):
    """A line of a note."""

    model_config = ConfigDict(extra="forbid", strict=True)

    item: str = Field(min_length=1, max_length=8)
    quantity: str = Field(pattern=r"^[0-9]{1,4}$")


class NoteBody(BaseModel):
    """The body of a note."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reference: str = Field(min_length=1, max_length=64)
    lines: list[Line] = Field(default=[], max_length=3)


class NewCompany(BaseModel):
    """The body that introduces a company."""

    model_config = ConfigDict(extra="forbid", strict=True)

    company: str


class ToyApi:
    """The toy's app. `client()` speaks to it as a caller."""

    def __init__(self, toy: Toy, folder: Path) -> None:
        secret = folder / "secret"
        secret.write_text(SECRET)
        self.settings = toy.settings.model_copy(update={"stack": StackSettings(backbone_internal_secret_file=secret)})
        self.database = toy.database
        self.metrics = toy.metrics
        self.door = CommandDoor(toy.database, toy.metrics)
        self.taker = NoteTaker()
        self.causes: list[UUID] = []
        self.app = FastAPI(docs_url=None, redoc_url=None)
        self.app.include_router(self._router())
        self.app.add_route("/broken", _broken)
        self.app.add_route("/hot", _hot, methods=["POST"])
        self.doors: Doors = install(self.app, self)
        self.signer = TokenSigner(InternalSecrets(secret), self.doors.clock.seconds)

    @classmethod
    async def opened(cls, toy: Toy, folder: Path) -> ToyApi:
        """The toy's app, after its first look at the database's clock."""
        made = cls(toy, folder)
        await made.doors.clock.fresh()
        return made

    def token(self, **more: Any) -> str:
        """A caller's token; by default one who may do everything here for acme."""
        known: dict[str, Any] = {"client": "webshop", "actor": "key:webshop", "on_behalf_of": None}
        rights = {"companies": frozenset({"acme"}), "scopes": frozenset({"toy:read", "toy:write"})}
        return self.signer.sign(Caller(**known | rights | more), "gateway")

    @asynccontextmanager
    async def client(self, token: str | None = None, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """A caller with this token (its own by default); an empty token sends none."""
        token = self.token() if token is None else token
        known: Mapping[str, str] = {"authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://toy", headers={**known, **headers}) as made:
            yield made

    def _router(self) -> Router:
        router = Router(prefix="/v1")
        api = self

        @router.post("/companies/{company}/notes", status_code=201)
        async def note(
            company: str, body: NoteBody, call: Annotated[Call, Depends(write("toy:write"))], loud: bool = False
        ) -> Response:
            api.causes.append(call.cause(company).id)
            return await call.run(api.taker.take, Note(company, body.reference.upper() if loud else body.reference))

        @router.post("/companies", status_code=201)
        async def introduce(body: NewCompany, call: Annotated[Call, Depends(write("toy:write"))]) -> Response:
            call.cause(body.company)
            return await call.run(api.taker.take, Note(body.company, "new"), introduces_company=body.company)

        @router.get("/companies/{company}/notes")
        async def notes(
            company: str, reading: Annotated[Reading, Depends(read("toy:read"))], limit: int = 10
        ) -> list[str]:
            async with reading.connection(company) as connection:
                rows = await connection.fetch("select reference from noted order by n limit $1", limit)
                return [row["reference"] for row in rows]

        @router.get("/companies/{company}/notes/{number}")
        async def one_note(company: str, number: int, _reading: Annotated[Reading, Depends(read("toy:read"))]) -> int:
            return number

        return router


async def _broken(_request: Request) -> Response:
    raise RuntimeError("select * from secrets -- at /srv/inner.py")


async def _hot(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))
