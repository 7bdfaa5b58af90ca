"""One person on two contracts: paid beside each other by the real run, each until it ends."""

from __future__ import annotations

from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, no, said, sent

ANNA = f"{AT}/employees/{person('Anna')}"
MAIN = {"reference": "K-1", "starts_on": "2024-01-01", "kind": "permanent", "job_title": "Clerk", "weekly_hours": "20"}
SECOND = {
    "reference": "K-2",
    "starts_on": "2024-01-15",
    "kind": "permanent",
    "job_title": "Guide",
    "weekly_hours": "10",
}


async def anna_has_two(bureau: Bureau) -> str:
    """Anna sells, and from the 15th she guides as well, on a post of its own; the second contract's id."""
    await bureau.hire("Anna")
    async with bureau.client() as client:
        await said(client, f"{AT}/departments", department="Tours", name="Tours", opens_on="2020-01-01")
        await said(client, f"{AT}/posts", post="T-1", department="Tours", title="Guide", opens_on="2024-01-01")
        await said(client, f"{ANNA}/contracts", **MAIN)
        second = await said(client, f"{ANNA}/contracts", **SECOND, post="T-1")
    await bureau.agree("Anna", "2300.00", contract="K-1")
    await bureau.agree("Anna", "1150.00", on="2024-01-15", cost_centre="stores", contract="K-2")
    return str(second["contract"])


async def by_centre(bureau: Bureau, period: str) -> dict[str, str]:
    """What Anna earned in a month, by cost centre."""
    slip = await bureau.slip("Anna", period)
    return {line["cost_centre"]: line["amount"] for line in slip["lines"] if line["kind"] == "earning"}


async def test_two_contracts_are_paid_beside_each_other_until_each_ends(bureau: Bureau) -> None:
    """P4: pay of several contracts per person, each prorated by its own days; one that ended earlier is taken back."""
    second = await anna_has_two(bureau)
    run = await bureau.paid("2024-01")
    assert await by_centre(bureau, "2024-01") == {"sales": "2300.00", "stores": "650.00"}
    assert run["totals"]["gross"] == "2950.00"
    await bureau.paid("2024-02")
    assert await by_centre(bureau, "2024-02") == {"sales": "2300.00", "stores": "1150.00"}
    # When it turns out that the second one had ended on 9 February
    async with bureau.client() as client:
        await said(client, f"{AT}/contracts/{second}/amendments", effective_on="2024-02-01", ends_on="2024-02-09")
        terms = (await client.get(f"{ANNA}/pay", params={"on": "2024-02-10"})).json()["terms"]
        assert [(term["contract"], term["monthly"]) for term in terms] == [("K-1", "2300.00")]
    await bureau.paid("2024-03")
    assert await by_centre(bureau, "2024-03") == {"sales": "2300.00"}
    ((correction,),) = [(slip["corrections"]) for slip in [await bureau.slip("Anna", "2024-03")]]
    taken_back = [line for line in correction["lines"] if line["kind"] == "earning"]
    assert (correction["month"], [(line["cost_centre"], line["amount"]) for line in taken_back]) == (
        "2024-02", [("stores", "-766.67")],
    )  # fmt: skip


async def test_pay_is_agreed_for_a_contract_that_there_is_from_its_first_day_on(bureau: Bureau) -> None:
    """P4: typed refusals; terms of one contract are taken back without the other's."""
    await anna_has_two(bureau)
    body = {"pay_group": "staff", "monthly": {"amount": "1.00", "currency": "EUR"}, "cost_centre": "sales"}
    async with bureau.client() as client:
        at = f"{ANNA}/pay-terms"
        unknown = await no(client, at, **body, effective_on="2024-02-01", contract="K-9")
        early = await no(client, at, **body, effective_on="2024-01-14", contract="K-2")
        back = {"pay_group": "staff", "monthly": None, "effective_on": "2024-01-15"}
        of_none = await no(client, at, **back)
        await said(client, at, **back, contract="K-2")
        again = await no(client, at, **back, contract="K-2")
    assert unknown == (422, "contract-unknown", "/contract")
    assert early == (422, "pay-before-contract", "/effective_on")
    assert of_none == again == (409, "pay-terms-not-found", "/effective_on")
    await bureau.paid("2024-01")
    assert await by_centre(bureau, "2024-01") == {"sales": "2300.00"}


async def test_nobody_is_agreed_pay_twice_for_the_same_days(bureau: Bureau) -> None:
    """P4: a raise that is entered with the contract's name would be paid beside the salary of the employment."""
    await bureau.hire("Anna")
    async with bureau.client() as client:
        await said(client, f"{ANNA}/contracts", **MAIN)
        await bureau.agree("Anna", "3000.00")
        at, raise_ = f"{ANNA}/pay-terms", {"effective_on": "2024-07-01", "contract": "K-1"}
        body = {"pay_group": "staff", "monthly": {"amount": "3200.00", "currency": "EUR"}, "cost_centre": "sales"}
        assert await no(client, at, **body, **raise_) == (409, "pay-agreed-twice", "/contract")
        refused = (await sent(client, at, **body, **raise_)).json()
        assert "2024-07-01" in refused["detail"]
        # When pay of the employment as a whole ends, that of the contract takes its place
        await bureau.agree("Anna", "0.00", on="2024-07-01")
        await said(client, at, **body, **raise_)
        # then neither the end is taken back, nor anything agreed beside it
        assert await no(client, at, pay_group="staff", monthly=None, effective_on="2024-07-01") == (
            409, "pay-agreed-twice", "/effective_on",
        )  # fmt: skip
        again = body | {"effective_on": "2024-09-01"}
        assert await no(client, at, **again) == (409, "pay-agreed-twice", "/effective_on")
        early = body | {"effective_on": "2024-05-01"}
        await said(client, at, **early)
    await bureau.paid("2024-01")
    assert await by_centre(bureau, "2024-01") == {"sales": "3000.00"}


async def test_a_contract_that_runs_on_into_pay_of_the_employment_is_named_by_the_run(bureau: Bureau) -> None:
    """P4, P5: whatever changed a contract's last day later, nobody is paid twice for a day."""
    await bureau.hire("Anna")
    async with bureau.client() as client:
        contract = (await said(client, f"{ANNA}/contracts", **MAIN, ends_on="2024-01-15"))["contract"]
        await bureau.agree("Anna", "2300.00", contract="K-1")
        await bureau.agree("Anna", "2300.00", on="2024-01-16")
        await said(client, f"{AT}/contracts/{contract}/amendments", effective_on="2024-01-01", ends_on="2024-01-20")
    run = await bureau.calculated("2024-01")
    assert [each["code"] for each in run["unpaid"]] == ["pay-agreed-twice"]
    assert "2024-01-16" in run["unpaid"][0]["detail"]


async def test_who_has_no_contract_any_more_is_named_before_anything_is_paid(bureau: Bureau) -> None:
    """P4, P5: an employment that goes on without a contract is a problem of the run."""
    second = await anna_has_two(bureau)
    assert second
    async with bureau.client() as client:
        shown = (await client.get(ANNA)).json()
        (main,) = [each["contract"] for each in shown["contracts"] if each["reference"] == "K-1"]
        for contract, on in ((main, "2024-01-01"), (second, "2024-01-15")):
            await said(client, f"{AT}/contracts/{contract}/amendments", effective_on=on, ends_on="2024-01-30")
    run = await bureau.calculated("2024-01")
    assert [(each["number"], each["code"]) for each in run["unpaid"]] == [("E-000001", "pay-terms-missing")]
    assert "2024-01-31" in run["unpaid"][0]["detail"]
