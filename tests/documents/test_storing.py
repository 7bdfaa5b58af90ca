"""From the queue to the file and its row: once, complete, and never in the way of another document."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import psutil
import pytest

from chassis import faults
from chassis.errors import Transient
from services.documents.commands import KeepContent
from services.documents.jobs import jobs_of
from services.documents.keeping.contents import ContentDamaged, ContentMissing
from services.documents.keeping.files import Files
from services.documents.rendering.renderer import NotRendered, Paper, Rendered, Renderer
from services.documents.store.documents import PaperToRender
from tests.documents.archive import Archive, credit_note, invoice, paper_id, text_of
from tests.support.eventually import eventually


async def test_what_is_queued_is_rendered_kept_and_told(archive: Archive) -> None:
    await archive.hear(invoice("7"), credit_note("7"), invoice("8"))

    await archive.work()

    contents = await archive.contents()
    assert len(contents) == 3
    assert {path.name for path in archive.files()} == set(contents.values())
    for path in archive.files():
        assert sha256(path.read_bytes()).hexdigest() == path.name
        assert path.relative_to(archive.store).parts == ("sha256", path.name[:2], path.name)
    stored = {t.key: t.data for t in await archive.told("DocumentStored")}
    assert {key: data["sha256"] for key, data in stored.items()} == contents
    assert all(data["media_type"] == "application/pdf" for data in stored.values())
    bill = Files(archive.store).fetch(contents[paper_id("7")])
    assert stored[paper_id("7")]["size"] == len(bill)
    assert "INV-7" in text_of(bill)
    assert await archive.jobs() == []
    actions = await archive.rows("select action, count(*)::int from audit group by 1 order by 1")
    assert actions == [("document-registered", 3), ("document-stored", 3)]


async def test_a_crash_between_file_and_row_leaves_a_file_that_the_next_attempt_writes_again(archive: Archive) -> None:
    await archive.hear(invoice("7"))
    faults.arm("job.done:error")
    try:
        await archive.work()
        (orphan,) = archive.files()
        assert await archive.contents() == {}
        assert [error for _, _, error in await archive.jobs()] == ["Transient: failpoint job.done"]
        await _all_jobs_are_due(archive)
        await archive.work()
    finally:
        faults.arm("")

    assert archive.files() == [orphan]
    assert await archive.contents() == {paper_id("7"): orphan.name}
    assert len(await archive.told("DocumentStored")) == 1


async def test_a_worker_that_lost_its_lease_stores_nothing_twice(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    await archive.hear(invoice("7"))
    slow = archive.new_desk()
    render, rendered, may_finish = slow.render, asyncio.Event(), asyncio.Event()

    async def render_and_dawdle(papers: Sequence[PaperToRender]) -> list[KeepContent | NotRendered]:
        results = await render(papers)
        rendered.set()
        await may_finish.wait()
        return results

    monkeypatch.setattr(slow, "render", render_and_dawdle)
    first = asyncio.create_task(archive.work(jobs_of(slow)))
    await rendered.wait()
    await archive.rows("update job set leased_until = now() - interval '1 second'")
    await archive.work()
    may_finish.set()
    await first

    assert len(await archive.told("DocumentStored")) == 1
    assert len(await archive.contents()) == 1
    assert await archive.jobs() == []


async def test_a_paper_that_cannot_be_rendered_waits_with_its_reason_and_the_others_are_stored(
    archive: Archive,
) -> None:
    await archive.hear(*[invoice(str(n)) for n in range(4)])
    await archive.rows("alter table document disable trigger all")
    await archive.rows("update document set facts = '{\"customer\": {}}' where number = 'INV-2'")

    await archive.work()

    assert set(await archive.contents()) == {paper_id(n) for n in "013"}
    ((key, attempts, error),) = await archive.jobs()
    assert (key, attempts) == (paper_id("2"), 1)
    assert error is not None
    assert "KeyError" in error


async def test_a_rendering_process_that_dies_costs_at_most_the_paper_it_was_at(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path, niceness=0, patience_s=20)
    papers = [_paper(str(n)) for n in range(60)]
    try:
        await renderer.render(papers[:1])
        rendering = asyncio.create_task(renderer.render(papers))
        await eventually(lambda: len(_files(tmp_path)) > 5, what="some are rendered", every_s=0.005)
        os.kill(_process_of(renderer).pid, signal.SIGKILL)
        results = await rendering
        again = await renderer.render(papers)
    finally:
        await renderer.close()

    lost = [result for result in results if isinstance(result, NotRendered)]
    assert len(lost) <= 1
    assert all("process failed" in result.error for result in lost)
    assert all(isinstance(result, Rendered) for result in again)
    assert [a for a, b in zip(results, again, strict=True) if isinstance(a, Rendered) and a != b] == []


async def test_a_paper_that_takes_too_long_is_given_up_and_the_next_is_rendered(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path, niceness=0, patience_s=1.5)
    try:
        await renderer.render([_paper("warm")])
        os.kill(_process_of(renderer).pid, signal.SIGSTOP)
        stuck, fine = await renderer.render([_paper("1"), _paper("2")])
    finally:
        await renderer.close()

    assert isinstance(stuck, NotRendered)
    assert "Timeout" in stuck.error
    assert isinstance(fine, Rendered)


async def test_a_process_that_does_not_get_ready_in_time_is_no_paper_s_fault(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path, niceness=0, patience_s=20, start_patience_s=0.001)
    try:
        with pytest.raises(Transient, match="ready"):
            await renderer.render([_paper("1")])
        assert renderer.process_id is None
    finally:
        await renderer.close()


async def test_a_process_that_is_killed_while_it_starts_is_no_paper_s_fault(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path, niceness=0, patience_s=20)
    rendering = asyncio.create_task(renderer.render([_paper("1")]))
    try:
        await eventually(lambda: renderer.process_id is not None, what="it is starting", every_s=0.001)
        os.kill(_process_of(renderer).pid, signal.SIGKILL)
        with pytest.raises(Transient, match="ready"):
            await rendering
        (again,) = await renderer.render([_paper("1")])
    finally:
        await renderer.close()
    assert isinstance(again, Rendered)


async def test_a_store_that_cannot_be_written_is_not_the_paper_s_fault(tmp_path: Path) -> None:
    (tmp_path / "sha256").write_text("a file where a folder must be")
    renderer = Renderer(tmp_path, niceness=0, patience_s=20)
    try:
        with pytest.raises(Transient, match="store of files"):
            await renderer.render([_paper("1")])
    finally:
        await renderer.close()


async def test_the_rendering_process_is_nice_knows_no_password_and_ends_with_its_input(tmp_path: Path) -> None:
    os.environ["DOCUMENTS_DATABASE_URL"] = "postgresql://a:secret@b/c"
    renderer = Renderer(tmp_path, niceness=19, patience_s=20)
    try:
        await renderer.render([_paper("1")])
        process = _process_of(renderer)
        assert process.nice() == 19
        assert not [name for name in process.environ() if "DATABASE" in name or "SECRET" in name]
        child = renderer._process
        assert child is not None
        assert child.stdin is not None
        child.stdin.close()
        assert await asyncio.wait_for(child.wait(), 10) == 0
    finally:
        del os.environ["DOCUMENTS_DATABASE_URL"]
        await renderer.close()


async def test_closing_lets_the_running_batch_finish(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path, niceness=0, patience_s=20)
    rendering = asyncio.create_task(renderer.render([_paper(str(n)) for n in range(20)]))
    await eventually(lambda: _files(tmp_path), what="it has begun", every_s=0.005)

    await renderer.close()

    assert all(isinstance(result, Rendered) for result in await rendering)
    with pytest.raises(Transient, match="stopped"):
        await renderer.render([_paper("late")])


def test_content_is_kept_once_under_its_hash_and_a_repeat_heals_it(tmp_path: Path) -> None:
    files = Files(tmp_path)
    digest = files.keep(b"content")
    files.path(digest).write_bytes(b"damaged")

    assert files.keep(b"content") == digest == sha256(b"content").hexdigest()
    assert files.fetch(digest) == b"content"
    assert [path.name for path in _files(tmp_path)] == [digest]


def test_what_a_crash_left_half_written_is_swept_and_whole_content_is_not(tmp_path: Path) -> None:
    files = Files(tmp_path)
    whole = files.path(files.keep(b"content"))
    left, fresh = whole.parent / ".left", whole.parent / ".fresh"
    for path in (left, fresh):
        path.write_bytes(b"cont")
    for path in (left, whole):
        os.utime(path, (0, 0))

    assert files.sweep(older_than_s=3_600) == 1

    assert (whole.exists(), left.exists(), fresh.exists()) == (True, False, True)


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]), ContentDamaged),
        (lambda path: path.write_bytes(b""), ContentDamaged),
        (lambda path: path.unlink(), ContentMissing),
    ],
)
def test_content_that_is_not_what_was_stored_is_never_returned(
    tmp_path: Path, damage: Callable[[Path], object], error: type[Exception]
) -> None:
    files = Files(tmp_path)
    digest = files.keep(b"content")
    damage(files.path(digest))

    with pytest.raises(error):
        files.fetch(digest)


def _paper(name: str) -> Paper:
    return Paper("invoice@1", invoice(name).body)


def _files(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file() and not path.name.startswith(".")]


def _process_of(renderer: Renderer) -> psutil.Process:
    assert renderer.process_id is not None
    return psutil.Process(renderer.process_id)


async def _all_jobs_are_due(archive: Archive) -> None:
    await archive.rows("update job set run_at = now(), leased_until = null")
