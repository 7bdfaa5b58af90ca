"""Strangers who are let in: an auditor's key, and people whom a provider vouches for, through the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chassis.migrating import migrate
from services.documents.main import build
from services.gateway.tokens import Provider
from tests.documents.archive import Archive
from tests.documents.file_samples import pdf
from tests.documents.test_asking_for_papers import AT, key
from tests.documents.test_files import upload
from tests.gateway.front import FrontOffice, Gateway
from tests.gateway.serving import serving
from tests.gateway.test_tokens import Idp
from tests.support.stack import TestPostgres

BOSS = {"documents:administer", "documents:write", "documents:read"}
SCOPE = "documents:granted"
CLASSES: dict[str, dict[str, Any]] = {
    "contract": {"party": "Σία"},
    "supplier_invoice": {"supplier": "Σία", "number": "7", "issued_on": "2026-11-20"},
    "correspondence": {},
}


@asynccontextmanager
async def gate(archive: Archive, server: TestPostgres) -> AsyncIterator[tuple[Gateway, Idp, FrontOffice]]:
    """A gateway before the archive, with a provider of auditors, and an auditor who has a key."""
    urls = server.create_database("gateway")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "gateway", urls.migration_url).result()
    secret = archive.settings.stack.backbone_internal_secret_file
    assert secret is not None
    service = build(archive.settings, ("api",))  # type: ignore[arg-type]
    archive.desks.append(service.app.state.desk)
    idp = Idp()
    async with serving(service.app) as address, serving(idp.app()) as issuer:
        idp.issuer = issuer
        grants = [{"claim": "groups", "value": "auditors", "companies": ["acme"], "scopes": [SCOPE]}]
        about = {"name": "auditors", "issuer": issuer, "audience": "backbone", "grants": grants}
        providers = [Provider.model_validate(about)]
        gateway = Gateway.on(urls, server, secret, documents_address=address, oidc_providers=providers)
        await gateway.opens_for("acme")
        made = await gateway.make_key("audit-co", scopes=SCOPE)
        async with gateway.open() as client:
            yield gateway, idp, FrontOffice(client, made["key"])
        await gateway.close()
    await service.database.close()


async def files_of_each_class(archive: Archive) -> dict[str, str]:
    """One file of each class, by class; put there by who may."""
    async with archive.reader(scopes=BOSS, name="boss") as boss:
        for document_class in ("contract", "supplier_invoice"):
            for may in ("read", "write"):
                body = {"principal": "clerk", "class": document_class, "may": may, "reason": "their work"}
                assert (await boss.post(f"{AT}/grants", json=body, headers=key())).status_code == 201
    found = {}
    async with archive.reader(scopes=BOSS, name="clerk") as clerk:
        for document_class, metadata in CLASSES.items():
            said: dict[str, Any] = {"class": document_class, "metadata": metadata}
            made = await upload(clerk, pdf(document_class), f"{document_class}.pdf", **said)
            assert made.status_code == 201, made.text
            found[document_class] = made.json()["document"]
    return found


async def test_a_strangers_key_and_the_people_of_a_provider_see_what_they_were_granted_and_nothing_else(
    archive: Archive, postgres_server: TestPostgres
) -> None:
    """D19: by provider too: one person of it, all whom it vouches for, or an auditor's key; default deny."""
    # Given a contract for the auditor's key, a letter for Maria, and suppliers' invoices for all of her provider
    files = await files_of_each_class(archive)
    async with archive.reader(scopes=BOSS, name="boss") as boss:
        given = {}
        for principal, what in (
            ("audit-co", {"class": "contract"}),
            ("auditors:maria", {"document": files["correspondence"]}),
            ("auditors:*", {"class": "supplier_invoice"}),
        ):
            body = {"principal": principal, "reason": "the yearly audit", **what}
            made = await boss.post(f"{AT}/grants", json=body, headers=key())
            given[principal] = made.json()["grant"]

    async with gate(archive, postgres_server) as (_, idp, by_key):
        maria, nikos = (
            FrontOffice(by_key.client, idp.token(sub=name, groups=["auditors"])) for name in ("maria", "nikos")
        )

        async def seen(who: FrontOffice) -> set[str]:
            """Classes of what is listed; the same can be had, and nothing besides."""
            at = f"/documents{AT}/documents"
            listed = {one["class"] for one in (await who.get(at)).json()["documents"]}
            had = {code for code, file in files.items() if (await who.get(f"{at}/{file}/content")).status_code == 200}
            assert had == listed
            return listed

        # Then each sees their own, and what is given to a provider is not given to others
        assert await seen(by_key) == {"contract"}
        assert await seen(maria) == {"correspondence", "supplier_invoice"}
        assert await seen(nikos) == {"supplier_invoice"}

        # And what is taken back from the provider is closed to all of its people at once
        async with archive.reader(scopes=BOSS, name="boss") as boss:
            over = {"reason": "the audit is over"}
            await boss.post(f"{AT}/grants/{given['auditors:*']}/end", json=over, headers=key())
        assert [await seen(who) for who in (by_key, maria, nikos)] == [{"contract"}, {"correspondence"}, set()]


@pytest.mark.parametrize("principal", ["staff:maria", "staff:*"])
async def test_nobody_gives_a_right_to_a_provider_that_vouches_for_them(archive: Archive, principal: str) -> None:
    """D19: neither to themselves by name nor as one of many."""
    body = {"principal": principal, "class": "contract", "reason": "the yearly audit"}
    async with archive.reader(scopes=BOSS, name="staff:maria", actor="staff:maria") as maria:
        answer = await maria.post(f"{AT}/grants", json=body, headers=key())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/own-right")
