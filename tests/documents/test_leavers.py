"""Who has left: from when on their papers are kept."""

from __future__ import annotations

from typing import Any

from chassis.ids import derive
from contracts import published
from contracts.payroll import DocumentRetentionStarted, EmploymentChanged
from tests.chassis.statements import counting_statements
from tests.documents.archive import Archive, hire
from tests.support.department import Event, event

AT = "/v1/companies/acme/documents"
RIGHTS = {"documents:read", "documents:confidential"}


def left(name: str, since: str, sequence: int = 1) -> Event:
    """This person has left."""
    data = published.sample("DocumentRetentionStarted.v1").data
    own = {"employee": str(derive("test-employee", name)), "since": since}
    return event(DocumentRetentionStarted, "acme", data | own, sequence=sequence)


async def kept(archive: Archive, name: str) -> list[Any]:
    """From when on each paper of a person is kept: as it is listed, and as it is shown."""
    async with archive.reader(scopes=RIGHTS) as client:
        page = (await client.get(AT, params={"employee": str(derive("test-employee", name))})).json()["documents"]
        return [
            (each["kept_since"], (await client.get(f"{AT}/{each['document']}")).json()["kept_since"]) for each in page
        ]


async def test_papers_of_who_has_left_say_from_when_on_they_are_kept(archive: Archive) -> None:
    """X3: told by payroll after the last day; a later day that is told counts; nobody else's papers say it."""
    await archive.hear(hire("Anna"), hire("Boris"))
    assert await kept(archive, "Anna") == [(None, None)]
    await archive.hear(left("Anna", "2027-08-31"))
    assert await kept(archive, "Anna") == [("2027-08-31", "2027-08-31")]
    assert await kept(archive, "Boris") == [(None, None)]
    await archive.hear(left("Anna", "2027-08-31", 2), left("Anna", "2027-09-30", 3))
    assert await kept(archive, "Anna") == [("2027-09-30", "2027-09-30")]
    audit = await archive.rows("select action, subject from audit where action = 'retention-started' limit 1")
    assert audit == [("retention-started", str(derive("test-employee", "Anna")))]


async def test_papers_that_are_filed_after_the_last_day_say_it_too(archive: Archive) -> None:
    """X3: whatever comes first."""
    await archive.hear(left("Anna", "2027-08-31"))
    await archive.hear(hire("Anna"))
    assert await kept(archive, "Anna") == [("2027-08-31", "2027-08-31")]


def had_not_left(name: str, day: str | None, sequence: int) -> Event:
    """The last day that was told of this person was wrong; without a day something else about them is another."""
    data = published.sample("EmploymentChanged.v1").data | {"employee": str(derive("test-employee", name))}
    data.pop("not_left_on", None)
    return event(EmploymentChanged, "acme", data | ({"not_left_on": day} if day else {}), sequence=sequence)


async def test_a_last_day_that_was_wrong_counts_no_more(archive: Archive) -> None:
    """X3: nothing runs while they have not left after all; the day that is told last counts, also an earlier one."""
    await archive.hear(hire("Anna"), hire("Boris"))
    await archive.hear(left("Anna", "2027-08-31"), left("Boris", "2027-08-31"))
    await archive.hear(had_not_left("Anna", None, 2))
    assert await kept(archive, "Anna") == [("2027-08-31", "2027-08-31")]
    await archive.hear(had_not_left("Anna", "2027-08-31", 3))
    assert await kept(archive, "Anna") == [(None, None)]
    assert await kept(archive, "Boris") == [("2027-08-31", "2027-08-31")]
    await archive.hear(
        left("Anna", "2027-10-31", 4), had_not_left("Anna", "2027-10-31", 5), left("Anna", "2027-09-30", 6)
    )
    assert await kept(archive, "Anna") == [("2027-09-30", "2027-09-30")]
    audit = await archive.rows("select count(*) from audit where action = 'retention-withdrawn'")
    assert audit == [(2,)]


async def test_many_leavers_cost_as_many_statements_as_one(archive: Archive) -> None:
    """X3: in one batch."""
    await archive.hear(left("warm", "2027-08-31"))
    counts = []
    for names in (["a"], [f"b{n}" for n in range(20)]):
        async with counting_statements(archive.database) as counted:
            await archive.hear(*[left(name, "2027-08-31") for name in names])
        counts.append(counted.statements)
    assert counts[0] == counts[1]
