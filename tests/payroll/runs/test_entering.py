"""Terms, accounts and tax profiles are entered by a payroll officer, sealed, and shown to whom they concern."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from chassis.ids import UUID
from tests.payroll.office import person
from tests.payroll.runs.bureau import APPROVER, AT, IBAN, OFFICER, Bureau, no, said, sent

CANARY_IBAN, CANARY_PAY, CANARY_TAX = "DE89370400440532013000", "7919.37", "CANARY4711X"


async def test_what_is_entered_is_sealed_and_stands_nowhere_else(bureau: Bureau) -> None:
    """P27: pay, bank and tax data stand in sealed bytes alone: no table, event, audit or answer has them (INV17)."""
    await bureau.hire("Anna", "Boris")
    await bureau.agree("Anna", CANARY_PAY)
    await bureau.bank("Anna", CANARY_IBAN)
    await bureau.tax("Anna", "2.25", tax_id=CANARY_TAX, children=3)
    run = await bureau.paid("2024-01")
    slip = await bureau.slip("Anna", "2024-01")
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run['run']}/pay-file", execution_on="2024-01-31")
        assert CANARY_IBAN in (await client.get(f"{AT}/pay-runs/{run['run']}/pay-file")).text
        agreed = (await client.get(f"{AT}/employees/{person('Anna')}/pay")).json()
    assert (agreed["terms"][0]["monthly"], agreed["bank_accounts"][0]["iban_ends"]) == (CANARY_PAY, "3000")
    assert CANARY_IBAN not in str(agreed)
    assert CANARY_TAX not in str(agreed)
    secrets = [CANARY_IBAN, CANARY_TAX, CANARY_PAY, CANARY_PAY.replace(".", ""), slip["net"].replace(".", "")]
    tables = await bureau.office.rows(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    for (table,) in tables:
        text = " ".join(str(row[0]) for row in await bureau.office.rows(f'select t::text from "{table}" t'))
        found = [secret for secret in secrets if secret in text or secret.encode().hex() in text]
        assert found == [], table
    assert await bureau.office.rows("select what, actor from pay_reading order by at") == [
        ("pay run", OFFICER),
        ("pay run", APPROVER),
        ("payslips", OFFICER),
        ("pay file", OFFICER),
        ("agreed pay", OFFICER),
    ]


async def test_erasing_a_key_ends_what_is_known_of_one_persons_pay(bureau: Bureau) -> None:
    """P27: with the key all of a person's pay is gone; the sums of runs stay right."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    run = await bureau.paid("2024-01")
    async with bureau.office.database.unit(["acme"]) as unit:
        unit.now = await unit.raw.fetchval("select now()")
        await bureau.desk.vault.erase(unit.raw, [("acme", UUID(person("Anna")))], unit.now)
    async with bureau.client() as client:
        for path in ("pay", "payslips", "payslips/2024-01/explanation"):
            answer = await client.get(f"{AT}/employees/{person('Anna')}/{path}")
            assert (answer.status_code, answer.json()["type"]) == (410, "/problems/person-erased"), path
        money = {"amount": "1.00", "currency": "EUR"}
        terms = {"pay_group": "staff", "effective_on": "2024-05-01", "monthly": money, "cost_centre": "sales"}
        path = f"{AT}/employees/{person('Anna')}/pay-terms"
        assert await no(client, path, **terms) == (409, "person-erased", None)
    assert (await bureau.slip("Boris", "2024-01"))["net"] != "0.00"
    assert (await bureau.run(run["run"]))["totals"] == run["totals"]
    assert [each["code"] for each in (await bureau.calculated("2024-02"))["left_out"]] == ["person-erased"]


async def test_bad_values_are_named_and_never_repeated(bureau: Bureau) -> None:
    """P4: a bad IBAN, tax id, cost centre, currency or day is refused by field and rule, without the value."""
    await bureau.hire("Anna", "Boris", on="2024-02-01")
    at, other = f"{AT}/employees/{person('Anna')}", f"{AT}/employees/{person('Boris')}"
    money = {"amount": CANARY_PAY, "currency": "EUR"}
    terms: dict[str, Any] = {
        "pay_group": "staff",
        "effective_on": "2024-02-01",
        "monthly": money,
        "cost_centre": "sales",
    }
    account: dict[str, Any] = {"effective_on": "2024-02-01", "iban": CANARY_IBAN, "holder": "Anna"}
    profile: dict[str, Any] = {"effective_on": "2024-02-01", "country": "GR", "tax_id": "094259216"}
    cases: list[tuple[str, dict[str, Any], tuple[int, str, str | None]]] = [
        (f"{at}/pay-terms", terms | {"cost_centre": "none"}, (422, "unknown-cost-centre", "/cost_centre")),
        (f"{at}/pay-terms", terms | {"effective_on": "2024-01-31"}, (422, "pay-before-hire", "/effective_on")),
        (f"{at}/pay-terms", terms | {"pay_group": "none"}, (422, "pay-group-unknown", "/pay_group")),
        (
            f"{at}/pay-terms",
            terms | {"monthly": money | {"currency": "USD"}},
            (422, "currency-differs", "/monthly/currency"),
        ),
        (
            f"{at}/pay-terms",
            terms | {"monthly": money | {"amount": "791.937"}},
            (422, "amount-scale", "/monthly/amount"),
        ),
        (
            f"{at}/pay-terms",
            terms | {"monthly": money | {"amount": "-791.93"}},
            (422, "invalid-request", "/monthly/amount"),
        ),
        (f"{at}/pay-terms", terms | {"monthly": None}, (409, "pay-terms-not-found", "/effective_on")),
        (f"{at}/bank-accounts", account | {"iban": CANARY_IBAN[:-1] + "1"}, (422, "invalid-request", "/iban")),
        (f"{at}/tax-profiles", profile | {"tax_id": "094259217"}, (422, "tax-id-unsound", "/tax_id")),
        (f"{at}/tax-profiles", profile | {"country": "IL", "tax_id": "094259216"}, (422, "tax-id-unsound", "/tax_id")),
        (f"{AT}/employees/{person('X')}/pay-terms", terms, (404, "employee-not-found", None)),
    ]
    async with bureau.client() as client:
        for path, body, expected in cases:
            answer = await sent(client, path, **body)
            assert answer.status_code == expected[0], (path, answer.text)
            secrets = [CANARY_PAY, "791.93", CANARY_IBAN[:-1], "09425921"]
            assert [secret for secret in secrets if secret in answer.text] == []
            status, code, pointer = await no(client, path, **body)
            assert (status, pointer) == (expected[0], expected[2]), (path, answer.text)
            assert code == expected[1]
        assert await bureau.office.rows("select count(*) from pay_term") == [(0,)]
        await said(client, f"{at}/tax-profiles", **profile)
        assert await no(client, f"{other}/tax-profiles", **profile) == (409, "tax-id-in-use", "/tax_id")
        await said(client, f"{at}/tax-profiles", **profile | {"country": "XX"})
        await said(client, f"{at}/pay-terms", **terms)
        moved = terms | {"pay_group": "second"}
        await bureau.set_up("second")
        assert await no(client, f"{at}/pay-terms", **moved) == (409, "pay-group-fixed", "/pay_group")


@pytest.mark.parametrize("scopes", [(), ("payroll:read", "payroll:write"), ("payroll:team",), ("payroll:director",)])
async def test_pay_is_for_the_payroll_officer_alone(bureau: Bureau, scopes: tuple[str, ...]) -> None:
    """P16: nobody else reads or enters pay, whatever else they may do."""
    async with bureau.client(scopes=scopes) as client:
        for path in (
            f"employees/{person('Anna')}/pay",
            f"employees/{person('Anna')}/payslips",
            "pay-runs",
            "me/payslips",
        ):
            assert (await client.get(f"{AT}/{path}")).status_code == 403
        assert (await sent(client, f"{AT}/pay-runs", pay_group="staff", period="2024-01")).status_code == 403
    assert await bureau.office.rows("select count(*) from pay_reading") == [(0,)]


async def test_an_employee_reads_their_own_payslips_alone_and_each_reading_is_written_down(bureau: Bureau) -> None:
    """P16: self-service shows approved payslips of one's own, and the office sees who read what."""
    await bureau.hire("Anna", "Boris")
    await bureau.agree("Anna", "3000.00")
    await bureau.agree("Boris", "2000.00")
    async with bureau.client() as client:
        await said(client, f"{AT}/employees/{person('Anna')}/accounts", actor="user:anna")
    run = await bureau.calculated("2024-01")
    async with bureau.client(actor="user:anna", scopes=("payroll:self",)) as anna:
        assert (await anna.get(f"{AT}/me/payslips")).json()["payslips"] == []
        await bureau.approve(run["run"])
        page = (await anna.get(f"{AT}/me/payslips")).json()
        assert (page["employee"], [slip["gross"] for slip in page["payslips"]]) == (person("Anna"), ["3000.00"])
        told = (await anna.get(f"{AT}/me/payslips/2024-01/explanation", params={"code": "income-tax"})).json()
        assert any("by the scale" in line for line in told["lines"])
        assert (await anna.get(f"{AT}/me/payslips/2024-02/explanation")).status_code == 404
        assert (await anna.get(f"{AT}/employees/{person('Boris')}/payslips")).status_code == 404, "as nobody"
    async with bureau.client(actor="user:nobody", scopes=("payroll:self",)) as nobody:
        assert (await nobody.get(f"{AT}/me/payslips")).status_code == 404
    async with bureau.client() as client:
        readings = (await client.get(f"{AT}/employees/{person('Anna')}/readings")).json()["readings"]
    assert [(each["what"], each["actor"]) for each in readings if each["actor"] == "user:anna"] == [
        ("own explanation", "user:anna"),
        ("own explanation", "user:anna"),
        ("own payslips", "user:anna"),
        ("own payslips", "user:anna"),
    ]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with bureau.office.database.unit(["acme"]) as unit:
            await unit.raw.execute("delete from pay_reading")
    assert IBAN not in str(readings)


async def test_a_manager_reads_pay_of_their_own_people_only_when_that_was_granted(bureau: Bureau) -> None:
    """P2, P16: `payroll:teampay` opens approved payslips of the people below; nobody else's, and no draft."""
    await bureau.hire("Anna", "Boris", "Boss")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    await bureau.bank("Anna")
    await bureau.tax("Anna", "1", children=2)
    async with bureau.client() as client:
        await said(client, f"{AT}/employees/{person('Boss')}/accounts", actor="user:boss")
        changes = f"{AT}/employees/{person('Anna')}/changes"
        await said(client, changes, effective_on="2024-01-01", manager=person("Boss"))
    granted, path = ("payroll:team", "payroll:teampay"), f"{AT}/employees/{person('Anna')}/payslips"
    run = await bureau.calculated("2024-01")
    async with bureau.client(actor="user:boss", scopes=granted) as boss:
        assert (await boss.get(path)).json()["payslips"] == []
        await bureau.approve(run["run"])
        assert [slip["gross"] for slip in (await boss.get(path)).json()["payslips"]] == ["3000.00"]
        assert (await boss.get(f"{path}/2024-01/explanation")).status_code == 200
        agreed = (await boss.get(f"{AT}/employees/{person('Anna')}/pay")).json()
        assert [term["monthly"] for term in agreed["terms"]] == ["3000.00"]
        assert (agreed["bank_accounts"], agreed["tax_profiles"]) == (None, None)
        for other in ("Boris", "Boss"):
            assert (await boss.get(f"{AT}/employees/{person(other)}/payslips")).status_code == 404
    for scopes in (("payroll:team",), ("payroll:teampay",)):
        async with bureau.client(actor="user:boss", scopes=scopes) as boss:
            assert (await boss.get(path)).status_code in (403, 404)
    read = await bureau.office.rows("select what from pay_reading where actor = 'user:boss' order by what")
    assert read == [("agreed pay",), ("explanation",), ("payslips",), ("payslips",)]


GREEK = {"holidays.month": "7", "extras_apart": "1", "tax.family.step": "0"}
"""What the Greek rules leave open, as in any year."""


IMPOSSIBLE: list[tuple[dict[str, str], str]] = [
    ({"holidays.month": "13"}, "figure-impossible"),
    ({"holidays.month": "0"}, "figure-impossible"),
    ({"holidays.month": "6.5"}, "figure-impossible"),
    ({"extras_apart": "2"}, "figure-impossible"),
    ({"holiday.month": "6"}, "figure-unknown"),
    ({"greece-2024:holidays.month": "6"}, "figure-unknown"),
]


async def test_a_tax_profile_is_of_the_country_whose_rules_pay_the_person(bureau: Bureau) -> None:
    """P4, P7: tax is withheld for the group's country; an id of another one would go to the wrong authority."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "3000.00")
    path = f"{AT}/employees/{person('Anna')}/tax-profiles"
    async with bureau.client() as client:
        foreign = {"effective_on": "2024-01-01", "country": "GR", "tax_id": "094259216"}
        assert await no(client, path, **foreign) == (422, "tax-country-differs", "/country")
        await said(client, path, **foreign | {"country": "XX"})


async def test_the_country_of_a_tax_profile_matters_whatever_is_entered_first(bureau: Bureau) -> None:
    """P4, P7: a profile of another country stops the terms, until one of the group's country takes its place."""
    await bureau.hire("Anna")
    path = f"{AT}/employees/{person('Anna')}"
    async with bureau.client() as client:
        foreign = {"effective_on": "2024-01-01", "country": "GR", "tax_id": "094259216"}
        await said(client, f"{path}/tax-profiles", **foreign)
        terms: dict[str, Any] = {"pay_group": "staff", "effective_on": "2024-01-01", "cost_centre": "sales"}
        terms |= {"monthly": {"amount": "3000.00", "currency": "EUR"}}
        assert await no(client, f"{path}/pay-terms", **terms) == (422, "tax-country-differs", "/pay_group")
        await said(client, f"{path}/tax-profiles", **foreign | {"country": "XX", "tax_id": "123456789"})
        await said(client, f"{path}/pay-terms", **terms)


async def test_figures_that_an_officer_gives_are_checked_for_their_meaning(bureau: Bureau) -> None:
    """P6: a month is a month, a choice is one of its two, and a name that no rule asks for is a slip of the pen."""
    address = {"line1": "1 Port Road", "city": "Piraeus", "country": "GR"}
    body: dict[str, Any] = {"pay_group": "gr", "country": "GR", "currency": "EUR", "since": "2025-01"}
    body |= {"debtor_name": "Acme", "debtor_iban": IBAN, "debtor_address": address}
    async with bureau.client() as client:
        for figures, code in IMPOSSIBLE:
            assert await no(client, f"{AT}/pay-groups", **body, figures=GREEK | figures) == (422, code, "/figures")
        foreign = body | {"country": "IL", "currency": "ILS"}
        refused = (422, "currency-not-the-companys", "/currency")
        assert await no(client, f"{AT}/pay-groups", **foreign, figures={}) == refused
        await said(client, f"{AT}/pay-groups", **body, figures=GREEK)
