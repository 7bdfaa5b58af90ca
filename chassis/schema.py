"""Does this code fit the schema it finds? A service waits on an older schema, and stops when it is too old itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import asyncpg

from chassis.telemetry import logger, safe_text

CODE_VERSION = 1
"""Raised with every release whose *post* revisions the former code could not run on; the schema stores the floor."""
RETRY_S = 0.5
WATCH_S = 30.0


REVISION = re.compile(r"^(revision|down_revision)\b[^=]*= *[\"']?([a-z0-9_]+|None)", re.MULTILINE)


def migrations_folder(service: str) -> Path:
    """Where a service keeps its revisions."""
    return Path(__file__).parent.parent / "services" / service / "migrations"


def revisions(folder: Path) -> tuple[frozenset[str], str]:
    """All revisions in a folder, and the one that nothing follows. Raises ValueError when there is not just one.

    Read as text: Alembic itself is for migrating, and importing it would double the time in which a service starts.
    """
    known: set[str] = set()
    followed: set[str] = set()
    for file in folder.glob("[0-9]*.py"):
        names = dict(REVISION.findall(file.read_text()))
        known.add(names["revision"])
        followed.add(names["down_revision"])
    heads = known - followed
    if len(heads) != 1:
        raise ValueError(f"{folder} has {len(heads)} newest revisions: {sorted(heads)}")
    return frozenset(known), heads.pop()


LOOK_S = 10.0
"""A look at a database that accepts connections and does not answer ends after this."""


class TooOld(Exception):
    """A *post* revision has raised the floor above this code."""


class SchemaGate:
    """Waits until the database has the revision that this code needs."""

    def __init__(self, service: str) -> None:
        self.fits = False
        self.state = "not looked at yet"
        self.too_old: str | None = None
        self.on_too_old: Callable[[], None] = lambda: None
        self._known, self._head = revisions(migrations_folder(service))

    async def wait(self, url: str) -> None:
        """Return once the schema fits; with the database away or older, keep looking."""
        while not self.fits:
            try:
                await self._look(url)
            except Exception as error:  # whatever it is, looking again is all that can be done
                self.state = safe_text(error)
            if self.too_old is not None:
                self.on_too_old()
                return
            if not self.fits:
                logger.warning("schema does not fit yet", action="retry", state=self.state)
                await asyncio.sleep(RETRY_S)

    async def watch(self, url: str) -> None:
        """A *post* revision may raise the floor while this code runs: then it stops."""
        while self.too_old is None:
            await asyncio.sleep(WATCH_S)
            try:
                await self._look(url)
            except Exception as error:
                logger.warning("schema cannot be looked at", action="retry", error=safe_text(error))
        self.on_too_old()

    async def _look(self, url: str) -> None:
        connection = await asyncpg.connect(url, timeout=5, command_timeout=LOOK_S)
        try:
            if await connection.fetchval("select to_regclass('alembic_version')") is None:
                self.state = "not migrated yet"
                return
            revision = await connection.fetchval("select version_num from alembic_version")
            floor = await connection.fetchval("select version from code_floor")
        finally:
            await connection.close()
        if floor is None or floor > CODE_VERSION:
            self.too_old = f"the schema asks for code version {floor}, this is {CODE_VERSION}"
        elif revision == self._head or revision not in self._known:
            self.fits = True  # the newest this code knows, or newer and still open to this code
            self.state = str(revision)
        else:
            self.state = f"at {revision}, this code needs {self._head}"
