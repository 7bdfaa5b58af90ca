"""What accepting costs at the least: a bare Starlette handler and one insert. `python -m bench.bare_accept PORT`."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TABLE = (
    "create table if not exists bare_accept (id bigint generated always as identity primary key, body bytea not null)"
)


@asynccontextmanager
async def _life(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(os.environ["BARE_DSN"], min_size=8, max_size=8)
    await app.state.pool.execute(TABLE)
    yield
    await app.state.pool.close()


async def _accept(request: Request) -> Response:
    await request.app.state.pool.execute("insert into bare_accept (body) values ($1)", await request.body())
    return JSONResponse({"accepted": True}, status_code=202)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/v1/orders", _accept, methods=["POST"])], lifespan=_life)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False)
