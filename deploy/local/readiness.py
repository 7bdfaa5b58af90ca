"""Waiting for a service to say that it is ready, and telling the person who waits what it still lacks."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from deploy.local.errors import StackFailed
from deploy.local.processes import tail

READY_MAX_S = 120.0
SAY_EVERY_S = 2.0
WITHOUT_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Services are asked over plain HTTP. A client of its own context reads the system's authorities, for each question
30 ms of the processor that the service is starting on."""


async def is_ready(url: str, *, timeout_s: float = 5.0) -> tuple[bool, str]:
    """Whether `/readyz` answers 200, and what it said."""
    try:
        async with httpx.AsyncClient(timeout=timeout_s, trust_env=False, verify=WITHOUT_CERTIFICATES) as client:
            answer = await client.get(url)
    except httpx.HTTPError as error:
        return False, type(error).__name__
    return answer.status_code == 200, answer.text.strip()[:200]


async def wait_until_ready(
    url: str, *, name: str, runs: Callable[[], bool], log: Path, say: Callable[[str], None]
) -> None:
    """Poll until ready; raises `StackFailed` with the end of the log when the process ended or takes too long."""
    began = said = time.monotonic()
    while True:
        ready, reason = await is_ready(url)
        if ready:
            return
        if not runs():
            raise StackFailed(f"{name} ended while starting:\n{tail(log)}")
        now = time.monotonic()
        if now - began > READY_MAX_S:
            raise StackFailed(f"{name} is not ready after {READY_MAX_S:.0f} s ({reason}):\n{tail(log)}")
        if now - said > SAY_EVERY_S:
            said = now
            say(f"waiting for {name} ({reason})")
        await asyncio.sleep(0.05)
