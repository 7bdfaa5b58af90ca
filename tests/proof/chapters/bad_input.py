"""Bad input at the real door: the catalogue, and what schemathesis makes of the OpenAPI document (GOAL22)."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import orjson

from deploy.local.demo.day import until
from tests.gateway.bad_input import CASES
from tests.gateway.front import BATCHED, STRUCTURED
from tests.gateway.front import SOURCE as CASES_SOURCE
from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

COMPANY = "acme"
"""The company that the catalogue's cases speak of."""
EXAMPLES: dict[Length, int] = {"normal": 3, "full": 60}
"""Made by schemathesis per operation."""
BENT: dict[Length, int] = {"short": 200, "normal": 500, "full": 20_000}
"""Requests of ours with something wrong in them."""
ADDRESSES = (
    ("POST", "/v1/events"), ("POST", "/v1/orders"), ("POST", "/v1/payments"), ("POST", "/v1/employees"),
    ("POST", "/v1/orders/X/cancellation"), ("GET", "/v1/orders"), ("GET", "/v1/requests/x"), ("GET", "/v1/census"),
    ("GET", "/v1/streams/sales.orders"), ("POST", "/ledger/v1/companies"),
    ("POST", "/inventory/v1/companies/acme/receipts"), ("GET", "/ledger/v1/companies/acme/trial-balance"),
    ("GET", "/documents/v1/companies/acme/documents"), ("PUT", "/payroll/v1/companies/acme/employees"),
    ("DELETE", "/v1/orders"), ("PATCH", "/ledger/v1/companies/acme/accounts"), ("GET", "/../../etc/passwd"),
)  # fmt: skip
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
FAILED = re.compile(r"^_+ (.+) _+$", re.MULTILINE)


async def run(run: Run) -> Sequence[Verdict]:
    """While good orders flow: cases, bent requests, generated requests. What was sent before and after is compared."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "bad_input", "bad input")
        key = await _key(house)

        async def pour(house: House, _: Tally) -> None:
            await _settled_events(house)
            before = await _settled_events(house)
            answers = await _cases(trial, house, key)
            answers += await _bent(trial, house, key, run.dice, BENT[run.length])
            after = await _settled_events(house)
            trial.figures["answers"] = ", ".join(f"{status} × {count}" for status, count in sorted(answers.items()))
            if written := after - before:
                trial.violations.append(f"GOAL22: {sum(written.values())} events of {COMPANY} came of bad input")
            if run.length in EXAMPLES:
                await _generated(trial, house, key, run)

        return [await trial.go(pour)]


async def _key(house: House) -> str:
    """A key for the cases' source and company; the company is registered, so that nothing is refused for its sake."""
    body = {
        "company": COMPANY, "name": "Acme", "currency": "EUR", "country": "GR", "time_zone": "Europe/Athens",
        "address": {"line1": "1 Port Road", "city": "Port", "postcode": "10557", "country": "GR"},
    }  # fmt: skip
    await house.admin.post("/ledger/v1/companies", body, key="found-acme")
    await until(
        lambda: house.admin.send("GET", "/v1/orders", params={"company": COMPANY}),
        lambda answer: answer.status_code == 200,
        f"the gateway knows {COMPANY}",
    )
    told = await house.stack.run_command(
        "gateway", "keys", "create", "--client", "bad-office", "--source", CASES_SOURCE, "--companies", COMPANY,
        "--scopes", "*", "--json",
    )  # fmt: skip
    return str(json.loads(told)["key"])


async def _settled_events(house: House) -> Counter[str]:
    """How many events of the company there are, by topic."""
    census = await house.admin.get("/v1/census", company=COMPANY)
    return Counter({row["topic"]: int(row["sent"]) for row in census["totals"]})


async def _cases(trial: Trial, house: House, key: str) -> Counter[int]:
    """The catalogue (section B and C), as the gateway's own tests have it, now against the running house."""
    answers: Counter[int] = Counter()
    fault = house.note("catalogue", f"{len(CASES)} cases")
    async with _client(house, key) as client:
        for name, (sent, status, problem, _, _) in CASES.items():
            content = sent if isinstance(sent, bytes) else orjson.dumps(sent)
            answer = await _told(client, content)
            if answer is None:
                trial.violations.append(f"GOAL22: {name}: twice no answer at all")
                continue
            answers[answer.status_code] += 1
            if answer.status_code != status or answer.json().get("type") != f"/problems/{problem}":
                trial.violations.append(f"GOAL22: {name}: {answer.status_code} {answer.text[:160]}")
    fault.end()
    return answers


async def _told(client: httpx.AsyncClient, content: bytes) -> httpx.Response | None:
    """The answer; asked once more when a kept connection was closed meanwhile, as every client has to."""
    for _ in range(2):
        with suppress(httpx.TransportError):
            return await client.post("/v1/events", content=content, headers={"content-type": STRUCTURED})
    return None


async def _bent(trial: Trial, house: House, key: str, dice: random.Random, number: int) -> Counter[int]:
    """Requests with something bent in them: never a 5xx, every refusal a problem document."""
    answers: Counter[int] = Counter()
    fault = house.note("bent requests", str(number))
    turn = asyncio.Semaphore(8)
    async with _client(house, key) as client:

        async def one(method: str, path: str, content: bytes, headers: Mapping[str, str]) -> None:
            async with turn:
                request = client.build_request(method, path, content=content, headers=dict(headers))
                try:
                    answer = await client.send(request, stream=True)  # a stream of events is no answer to wait for
                except httpx.TransportError:
                    answers[0] += 1
                    return
                answers[answer.status_code] += 1
                if answer.status_code >= 400:
                    await answer.aread()
                    _judge_refusal(trial, method, path, answer)
                await answer.aclose()

        await asyncio.gather(*(one(*_bend(dice)) for _ in range(number)))
    fault.end()
    return answers


def _judge_refusal(trial: Trial, method: str, path: str, answer: httpx.Response) -> None:
    about = f"{method} {path}: {answer.status_code} {answer.text[:160]}"
    if answer.status_code >= 500 and not (answer.status_code in {503, 504} and "retry-after" in answer.headers):
        trial.violations.append(f"GOAL22: {about}")
    elif method != "HEAD" and answer.headers.get("content-type") != "application/problem+json":
        trial.violations.append(f"GOAL22: no problem document: {about}")


def _bend(dice: random.Random) -> tuple[str, str, bytes, dict[str, str]]:
    """An address, a body of a case with bytes changed, odd headers, odd parameters."""
    method, path = dice.choice(ADDRESSES)
    sent = dice.choice([case[0] for case in CASES.values() if not isinstance(case[0], bytes)])
    content = bytearray(orjson.dumps(sent))
    for _ in range(dice.randrange(4)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    if dice.random() < 0.2:
        content = content[: dice.randrange(len(content))]
    headers = {
        "content-type": dice.choice((STRUCTURED, BATCHED, "application/json", "text/plain", "", "application/xml")),
        "idempotency-key": dice.choice(("k" * dice.randrange(1, 300), "a b", "k-1")),
    }  # fmt: skip
    if dice.random() < 0.2:
        headers["accept"] = dice.choice(("image/png", "*/*", "application/json;q=0", ","))
    if dice.random() < 0.3:
        path += "?" + dice.choice(
            ("company=acme&company=acme", "limit=-1", "limit=1e9", "cursor=forged", "x=%00", "%ff")
        )
    return method, path, bytes(content), headers


def _client(house: House, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=house.gateway, headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False
    )


async def _generated(trial: Trial, house: House, key: str, run: Run) -> None:
    """schemathesis reads the OpenAPI document and asks whatever it allows and does not allow."""
    fault = house.note("schemathesis", "/openapi.json")
    said = await asyncio.to_thread(_schemathesis, house.gateway, key, run.folder, EXAMPLES[run.length], run.seed)
    fault.end()
    summary = [line.strip() for line in said.splitlines() if "cases" in line or "operations" in line.lower()]
    trial.figures["schemathesis"] = "; ".join(summary[-3:])[:240] or said[-200:]
    for name in sorted(set(FAILED.findall(said))):
        if name.split()[0] in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            trial.violations.append(f"GOAL22: schemathesis: {name}")


def _schemathesis(gateway: str, key: str, folder: Path, examples: int, seed: int) -> str:
    """What the tool prints. One worker: in threads it compiles source at once, which CPython 3.11 does not survive
    ("AST constructor recursion depth mismatch"), and the same seed would not send the same requests.
    """
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{gateway}/openapi.json", "--url", gateway,
        "--header", f"Authorization: Bearer {key}", "--checks", CHECKS, "--max-examples", str(examples),
        "--seed", str(seed), "--workers", "1", "--phases", "examples,coverage,fuzzing",
        "--exclude-path-regex", "streams", "--request-timeout", "20",
    ]  # fmt: skip
    environment: dict[str, Any] = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    (folder / "schemathesis.txt").write_text(done.stdout)
    return done.stdout


CHAPTER = Chapter(
    name="bad_input",
    fault="the catalogue of bad input, bent requests, schemathesis",
    about="Whatever is wrong with a request: no 5xx, every refusal a problem document, nothing written (GOAL22).",
    run=run,
    seconds={"short": 20, "normal": 60, "full": 1_200},
)
