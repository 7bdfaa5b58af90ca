"""The service's side of the rendering process: hands it papers in batches, starts it anew when it fails."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from chassis.errors import Transient
from chassis.telemetry import logger
from services.documents.rendering.protocol import READY

CHECKOUT = Path(__file__).parents[3]
ENVIRONMENT = ("PATH", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH")
"""All that the process sees of ours: it gets no address and no password."""
IDLE_S = 60.0
"""A process without work is ended after this time; the next paper starts another."""
LINE_BYTES_MAX = 67_108_864
"""Of an answer, which may hold a whole document."""
START_PATIENCE_S = 120.0
"""For Python, fonts and Typst at the lowest priority while all cores are taken; less than a job's lease."""
STARVED_MAX = 4
"""A process that is given almost no time on a core has its patience so many times: no paper is to blame for that."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is to be rendered: the name of a template and an event's own bytes."""

    template: str
    facts: bytes
    keep: bool = True
    """False: the bytes come back instead of going into the folder of files."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A paper that is in the folder of files, or whose bytes are here."""

    sha256: bytes
    size: int
    template_hash: bytes
    renderer: str
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class NotRendered:
    """A paper that cannot be rendered, and why."""

    error: str


class Renderer:
    """One rendering process at a time, made when there is work."""

    def __init__(
        self, store_dir: Path, *, niceness: int, patience_s: float, start_patience_s: float = START_PATIENCE_S
    ) -> None:
        self._store_dir = store_dir.resolve()
        self._niceness = niceness
        self._patience_s = patience_s
        self._start_patience_s = start_patience_s
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._used = 0.0
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """The process that renders now, if there is one."""
        return None if self._process is None else self._process.pid

    async def render(self, papers: Sequence[Paper]) -> list[Rendered | NotRendered]:
        """Render a batch; answers in its order. Raises Transient when the process or the disk fails, not the paper."""
        results: list[Rendered | NotRendered] = []
        async with self._turn:
            while len(results) < len(papers):
                if self._closed:
                    raise Transient("rendering has stopped")
                before = len(results)
                try:
                    await self._exchange(papers[before:], results)
                except (OSError, EOFError, TimeoutError) as error:
                    await self._end()
                    culprit = len(results)
                    logger.error("rendering process failed", action="restart", error=repr(error), paper=culprit)
                    results.append(NotRendered(f"the rendering process failed on it: {error!r}"))
                except BaseException:  # cancelled, or the disk: answers may still be on their way
                    await self._end()
                    raise
            self._used = asyncio.get_running_loop().time()
        return results

    async def look_after(self) -> None:
        """End the process when it has been idle for long, and in the end."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await asyncio.sleep(IDLE_S / 4)
                if self._process is not None and not self._turn.locked() and loop.time() - self._used > IDLE_S:
                    async with self._turn:
                        await self._end()
        finally:
            await self.close()

    async def close(self) -> None:
        """Let the running batch finish, then end the process."""
        async with self._turn:
            self._closed = True
            await self._end()

    async def _exchange(self, papers: Sequence[Paper], results: list[Rendered | NotRendered]) -> None:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        sending = asyncio.create_task(self._send(process.stdin, papers))
        try:
            for _ in papers:
                line = await self._answer(process, process.stdout)
                if not line.endswith(b"\n"):
                    raise EOFError("it ended")
                results.append(_read(line))
            await sending
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await sending

    async def _send(self, requests: asyncio.StreamWriter, papers: Sequence[Paper]) -> None:
        for paper in papers:
            body = orjson.dumps({"template": paper.template, "facts": orjson.Fragment(paper.facts), "keep": paper.keep})
            requests.write(len(body).to_bytes(4, "big") + body)
            await requests.drain()

    async def _answer(self, process: Process, answers: asyncio.StreamReader) -> bytes:
        """The next line. Raises TimeoutError when a paper takes the process too long, or the process does nothing."""
        for again in range(STARVED_MAX, 0, -1):
            before = _worked_s(process.pid)
            try:
                async with asyncio.timeout(self._patience_s):
                    return await answers.readline()
            except TimeoutError:
                worked = _worked_s(process.pid) - before
                if again == 1 or not 0 < worked < self._patience_s / STARVED_MAX:
                    raise
        raise AssertionError("unreachable")

    async def _running(self) -> Process:
        """The process, once it has said that it is ready. Raises Transient when it does not come to that: whatever
        keeps it from starting, no paper has been looked at yet.
        """
        if self._process is None or self._process.returncode is not None:
            self._process = await self._started()
            assert self._process.stdout is not None
            try:
                async with asyncio.timeout(self._start_patience_s):
                    ready = await self._process.stdout.readline()
            except TimeoutError:
                raise Transient("the rendering process does not get ready") from None
            if ready != READY:
                raise Transient("the rendering process ended before it was ready")
        return self._process

    async def _started(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.documents.rendering.child", str(self._store_dir), str(self._niceness),
                stdin=PIPE, stdout=PIPE, cwd=CHECKOUT, limit=LINE_BYTES_MAX,
                env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            )  # fmt: skip
        except OSError as error:
            raise Transient(f"the rendering process cannot be started: {error}") from error

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _worked_s(process_id: int) -> float:
    """How long a process has been on a core, as far as the machine tells; 0 elsewhere."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read(line: bytes) -> Rendered | NotRendered:
    answer = orjson.loads(line)
    if answer.get("passing"):
        raise Transient(f"the store of files: {answer['error']}")
    if "error" in answer:
        return NotRendered(answer["error"])
    content = answer.get("content")
    return Rendered(
        bytes.fromhex(answer["sha256"]),
        answer["size"],
        bytes.fromhex(answer["template_hash"]),
        answer["renderer"],
        None if content is None else b64decode(content),
    )
