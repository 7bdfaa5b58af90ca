"""What no row speaks of leaves the store in the end, and nothing else ever does: on a disk and in a bucket."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from chassis.jobs import TurnContext
from services.documents.jobs import jobs_of
from services.documents.keeping.contents import ContentMissing, Contents, Found, StoreAway
from services.documents.keeping.files import Files
from services.documents.keeping.sweeping import NAME, Sweep
from tests.documents.archive import Archive, invoice, paper_id
from tests.documents.conftest import MakeArchive
from tests.documents.test_asking_for_papers import AT, key
from tests.documents.test_contents import Case, case, server
from tests.support.pinned_clock import BEGAN

__all__ = ["case", "server"]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ALL_IS_OLD_S = -1e9
"""An age before which everything lies: a bucket's objects cannot be made older, whatever day it is."""
DAY_S = 86_400.0
STEPS = "select sha256, step from file_step order by at, step, sha256"


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def digest_of(content: bytes) -> str:
    return sha256(content).hexdigest()


@asynccontextmanager
async def turns_of(archive: Archive) -> AsyncIterator[TurnContext]:
    operator = await asyncpg.create_pool(archive.urls.relay_url, min_size=0, max_size=1)
    try:
        yield TurnContext(archive.database, operator, archive.metrics)
    finally:
        await operator.close()


async def sweep(archive: Archive, contents: Contents, age_s: float = ALL_IS_OLD_S, chunk: int = 2) -> None:
    """One turn, in small chunks."""
    async with turns_of(archive) as context:
        await Sweep(contents, age_s, context, chunk).run()


async def uploaded(archive: Archive, content: bytes, company: str = "acme") -> str:
    """A letter on file; its SHA-256."""
    async with archive.reader(companies=(company,)) as client:
        answer = await client.post(
            f"/v1/companies/{company}/files",
            headers=key(),
            data={"entry": '{"class": "correspondence"}'},
            files={"file": ("letter.txt", content, "text/plain")},
        )
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["sha256"])


# -- what every store can do -------------------------------------------------------------------------------------------


def test_what_is_kept_is_listed_in_order_from_behind_any_hash(case: Case) -> None:
    kept = sorted(case.contents.keep(b"content %d" % n) for n in range(7))

    seen: list[str] = []
    while found := case.contents.list_kept(seen[-1] if seen else "", 3):
        seen += [each.digest for each in found]
        assert all(LONG_AGO < each.at < soon() for each in found)

    assert seen == kept
    assert case.contents.list_aside("", 9) == []


def test_what_is_set_aside_is_still_read_until_it_is_dropped_and_can_come_back(case: Case) -> None:
    one, two = case.contents.keep(b"one"), case.contents.keep(b"two")

    assert case.contents.set_aside(one, soon())
    assert case.contents.set_aside(two, soon())

    assert case.contents.list_kept("", 9) == []
    assert {each.digest for each in case.contents.list_aside("", 9)} == {one, two}
    assert (case.contents.fetch(one), case.contents.fetch(two)) == (b"one", b"two")

    case.contents.bring_back(one)
    case.contents.drop(two)

    assert [each.digest for each in case.contents.list_kept("", 9)] == [one]
    assert case.contents.list_aside("", 9) == []
    assert case.contents.fetch(one) == b"one"
    with pytest.raises(ContentMissing):
        case.contents.fetch(two)


def test_what_was_kept_since_or_is_gone_is_not_set_aside(case: Case) -> None:
    digest = case.contents.keep(b"content")

    assert not case.contents.set_aside(digest, datetime.now(UTC) - timedelta(hours=1))
    assert not case.contents.set_aside(digest_of(b"never kept"), soon())

    assert [each.digest for each in case.contents.list_kept("", 9)] == [digest]
    assert case.contents.list_aside("", 9) == []


def test_dropping_what_was_set_aside_leaves_what_was_kept_once_more(case: Case) -> None:
    digest = case.contents.keep(b"content")
    case.contents.set_aside(digest, soon())
    case.contents.keep(io.BytesIO(b"content"))

    case.contents.drop(digest)
    case.contents.drop(digest)

    assert case.contents.fetch(digest) == b"content"


def test_a_store_that_is_away_lists_nothing_rather_than_that_it_is_empty(case: Case) -> None:
    for away in (case.unreachable(), case.without_a_place()):
        with pytest.raises(StoreAway):
            away.list_kept("", 9)


# -- the sweep ---------------------------------------------------------------------------------------------------------


async def test_a_file_without_a_row_leaves_for_good_and_none_that_a_row_speaks_of(
    case: Case, make_archive: MakeArchive
) -> None:
    # Given papers and letters of two companies, one of them in an older version alone, and two files that nobody knows
    archive = make_archive(**case.settings)
    await archive.knows("acme", "globex")
    await archive.hear(*[invoice(str(n)) for n in range(3)])
    await archive.work()
    on_file = set((await archive.contents()).values())
    on_file |= {await uploaded(archive, b"a letter"), await uploaded(archive, b"another's letter", "globex")}
    on_file |= await changed(archive, b"a letter", b"a better letter")
    strays = {case.contents.keep(b"left by an upload that broke off"), case.contents.keep(b"and one more")}

    # When one turn ends
    await sweep(archive, case.contents)

    # Then what nobody knows lies aside, and the rest where it was
    assert {each.digest for each in case.contents.list_kept("", 99)} == on_file
    assert {each.digest for each in case.contents.list_aside("", 99)} == strays

    # And after another one it is gone; each step is written down and counted
    await sweep(archive, case.contents)
    assert case.names() == sorted(on_file)
    steps = [(digest.hex(), step) for digest, step in await archive.rows(STEPS)]
    assert sorted(steps) == sorted((digest, step) for digest in strays for step in ("set-aside", "removed"))
    assert counted(archive) == {"set-aside": 2.0, "removed": 2.0}


async def changed(archive: Archive, before: bytes, after: bytes) -> set[str]:
    rows = await archive.rows("select document from document_version where sha256 = $1", sha256(before).digest())
    async with archive.reader() as client:
        answer = await client.post(
            f"{AT}/documents/{rows[0][0]}/versions",
            headers=key(),
            data={"entry": '{"after": 1, "metadata": {}, "reason": "it was wrong"}'},
            files={"file": ("letter.txt", after, "text/plain")},
        )
    assert answer.status_code == 201, answer.text
    return {digest_of(after)}


def counted(archive: Archive) -> dict[str, float]:
    """What the metric says of the sweep, by what was done."""
    samples = [sample for metric in archive.metrics.registry.collect() for sample in metric.samples]
    return {
        sample.labels["outcome"]: sample.value
        for sample in samples
        if sample.name == "backbone_jobs_total" and sample.labels["queue"] == NAME
    }


async def test_a_file_that_is_young_is_left_alone(case: Case, make_archive: MakeArchive) -> None:
    archive = make_archive(**case.settings)
    await archive.knows("acme")
    await uploaded(archive, b"a letter")
    stray = case.contents.keep(b"an upload that is under way")

    await sweep(archive, case.contents, DAY_S)

    assert stray in {each.digest for each in case.contents.list_kept("", 9)}
    assert await archive.rows(STEPS) == []


async def test_what_was_set_aside_and_is_spoken_of_comes_back_and_could_be_read_all_the_while(
    case: Case, make_archive: MakeArchive
) -> None:
    # Given a paper whose file was moved away between the look at the rows and its own
    archive = make_archive(**case.settings)
    await archive.knows("acme")
    await archive.hear(invoice("1"))
    await archive.work()
    (digest,) = (await archive.contents()).values()
    assert case.contents.set_aside(digest, soon())

    async with archive.reader() as client:
        assert (await client.get(f"{AT}/documents/{paper_id('1')}/content")).status_code == 200
    await sweep(archive, case.contents, DAY_S)

    assert [each.digest for each in case.contents.list_kept("", 9)] == [digest]
    assert case.contents.list_aside("", 9) == []
    assert await archive.rows(STEPS) == [(bytes.fromhex(digest), "brought-back")]


async def test_a_database_that_speaks_of_nothing_empties_no_store(case: Case, make_archive: MakeArchive) -> None:
    archive = make_archive(**case.settings)
    aside = case.contents.keep(b"aside")
    case.contents.set_aside(aside, soon())
    kept = case.contents.keep(b"kept")

    await sweep(archive, case.contents)

    assert case.names() == sorted([aside, kept])


async def test_a_store_that_nothing_was_put_into_yet_is_no_failure(archive: Archive) -> None:
    assert not archive.store.exists()

    await sweep(archive, Files(archive.store))


class Watched(Files):
    """A folder that does something when it is asked what it holds."""

    def __init__(self, root: Path, then: Callable[[str], object]) -> None:
        super().__init__(root)
        self.then = then

    def list_kept(self, after: str, most: int) -> list[Found]:
        """As ever, and then that."""
        found = super().list_kept(after, most)
        self.then(after)
        return found


async def test_bytes_that_come_in_again_while_the_sweep_looks_at_them_stay(archive: Archive) -> None:
    # Given a file that was left two days ago, and the same bytes come in after it was found
    files = Files(archive.store)
    digest = files.keep(b"a letter")
    await uploaded(archive, b"something else, so that the database speaks of something")
    two_days_ago = BEGAN.timestamp() - 2 * DAY_S
    os.utime(files.path(digest), (two_days_ago, two_days_ago))

    await sweep(archive, Watched(archive.store, lambda _: files.keep(b"a letter")), DAY_S)

    # Then they are where their row will look for them
    assert digest in {each.digest for each in files.list_kept("", 9)}
    assert files.list_aside("", 9) == []


async def test_a_sweep_that_was_stopped_goes_on_where_it_was(archive: Archive) -> None:
    # Given six files, and a store that goes away after the second chunk
    await uploaded(archive, b"something, so that the database speaks of something")
    files = Files(archive.store)
    for n in range(5):
        files.keep(b"stray %d" % n)
    all_of_them = [each.digest for each in files.list_kept("", 9)]
    asked: list[str] = []

    def away_at_the_third(after: str) -> None:
        asked.append(after)
        if len(asked) == 3:
            raise StoreAway("away")

    watched = Watched(archive.store, away_at_the_third)
    with pytest.raises(StoreAway):
        await sweep(archive, watched, DAY_S)
    await sweep(archive, watched, DAY_S)

    # Then the next turn begins behind the second, and the one after it at the beginning again
    assert asked == ["", all_of_them[1], all_of_them[3], all_of_them[3], all_of_them[5]]
    await sweep(archive, watched, DAY_S)
    assert asked[5] == ""


async def test_what_else_lies_in_the_folder_is_not_touched(archive: Archive) -> None:
    await uploaded(archive, b"something")
    foreign = archive.store / "sha256" / "ab" / "README.txt"
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_text("not ours")

    await sweep(archive, Files(archive.store))

    assert foreign.read_text() == "not ours"


async def test_the_sweep_is_one_of_the_jobs_and_waits_a_week(archive: Archive) -> None:
    await uploaded(archive, b"something")
    files = Files(archive.store)
    strays = {days: files.keep(b"stray %d" % days) for days in (6, 8)}
    for days, digest in strays.items():
        then = BEGAN.timestamp() - days * DAY_S
        os.utime(files.path(digest), (then, then))

    async with turns_of(archive) as context:
        await jobs_of(archive.new_desk()).periodic[NAME].turn(context)

    assert [each.digest for each in files.list_aside("", 9)] == [strays[8]]
