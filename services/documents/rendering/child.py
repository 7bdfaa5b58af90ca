"""The process that renders: `python -m services.documents.rendering.child STORE_DIR NICENESS`.

It stands alone so that typesetting never holds up the corridor, cannot take the service down with it, and knows no
password and no key. When it can take requests it says so (`READY`). Requests come on standard input, each with its
length (4 bytes, big-endian): {"template", "facts", "keep"}. Answers go to standard output in the same order, a line
each: {"sha256", "size", "template_hash", "renderer"} or {"error"}. Files are flushed to disk by threads while the next
document is set. With `keep` false the document itself is the answer's "content" (base64) and touches no disk. It ends
when its input does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO

import orjson

from services.documents.keeping.files import Files
from services.documents.rendering.protocol import READY
from services.documents.rendering.templates import named
from services.documents.rendering.typesetter import RENDERER, Typesetter

FLUSHERS = 4
"""Files on their way to disk at the same time: a flush waits for the device, not for a core."""
ERROR_CHARS_MAX = 400
PR_SET_PDEATHSIG = 1
"""Linux, prctl(2): the signal that a process gets when its parent dies."""

Answer = dict[str, object]


def main(store_dir: str, niceness: str) -> None:
    """Serve until the input ends. Signals meant for the service are its own business: it ends our input."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":  # elsewhere the end of the input must do; a starved process takes long to see it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(int(niceness))
    serve(sys.stdin.buffer, sys.stdout.buffer, Files(Path(store_dir)))


def serve(requests: BinaryIO, answers: BinaryIO, files: Files) -> None:
    """Render each request; answers are written in the order of requests by a thread of their own."""
    typesetter = Typesetter()
    typesetter.cover("\u05d0")  # sets a first page, so that fonts and compiler are there
    answers.write(READY)
    answers.flush()
    pending: SimpleQueue[Future[Answer] | None] = SimpleQueue()
    writer = Thread(target=_write_answers, args=(pending, answers), daemon=True)
    writer.start()
    with ThreadPoolExecutor(FLUSHERS) as flushers:
        while (request := _next(requests)) is not None:
            pending.put(flushers.submit(_render(typesetter, request, files)))
    pending.put(None)
    writer.join()


def _next(requests: BinaryIO) -> bytes | None:
    length = requests.read(4)
    if len(length) < 4:
        return None
    return requests.read(int.from_bytes(length, "big"))


def _render(typesetter: Typesetter, request: bytes, files: Files) -> Callable[[], Answer]:
    """Set the document now; what is left to do is to keep it."""
    name = "no template"
    try:
        asked = orjson.loads(request)
        name = asked["template"]
        template = named(name)
        content = typesetter.render(template, asked["facts"])
    except Exception as error:
        # Typst's own words quote the text that it stumbled over: they would carry names into logs and jobs.
        refusal: Answer = {"error": f"{type(error).__name__} in {name}"}
        return lambda: refusal

    made: Answer = {"size": len(content), "template_hash": template.hash.hex(), "renderer": RENDERER}

    def keep() -> Answer:
        try:
            return {"sha256": files.keep(content), **made}
        except OSError as error:
            return {"error": f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX], "passing": True}

    def give_back() -> Answer:
        return {"sha256": sha256(content).hexdigest(), "content": b64encode(content).decode(), **made}

    return keep if asked["keep"] else give_back


def _write_answers(pending: SimpleQueue[Future[Answer] | None], answers: BinaryIO) -> None:
    while (future := pending.get()) is not None:
        try:
            answers.write(orjson.dumps(future.result()) + b"\n")
            answers.flush()
        except BrokenPipeError:  # nobody is there any more
            os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
