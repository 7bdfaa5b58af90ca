"""The watched folder: what other programs leave there is on file once, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from chassis.jobs import TurnContext
from services.documents.jobs import jobs_of
from services.documents.keeping.contents import StoreAway
from services.documents.rendering.renderer import CHECKOUT
from tests.documents.archive import Archive
from tests.documents.conftest import MakeArchive
from tests.documents.file_samples import FILES, LIES


async def turn(archive: Archive) -> None:
    """One turn of the job that watches."""
    operator = await asyncpg.create_pool(archive.urls.relay_url, min_size=0, max_size=1)
    try:
        jobs = jobs_of(archive.new_desk())
        await jobs.periodic["folder-intake"].turn(TurnContext(archive.database, operator, archive.metrics))
    finally:
        await operator.close()


def left(folder: Path) -> set[str]:
    """What lies there, hidden or not."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def opened(make_archive: MakeArchive, tmp_path: Path, *, quiet_s: int = 0) -> tuple[Archive, Path]:
    """An archive that looks into a folder, with a place for letters of a company in it."""
    folder = tmp_path / "in"
    archive = make_archive(intake_dir=folder, intake_quiet_s=quiet_s)
    await archive.knows("acme")
    (folder / "acme/correspondence").mkdir(parents=True)
    return archive, folder


async def test_what_lies_in_the_folder_is_filed_and_what_cannot_be_is_moved_aside_with_the_reason(
    make_archive: MakeArchive, tmp_path: Path
) -> None:
    """D1: a folder per company and class; a file leaves when it is on file."""
    folder = tmp_path / "in"
    archive = make_archive(intake_dir=folder, intake_quiet_s=0)
    await archive.knows("acme")
    for place in ("acme/correspondence", "acme/contract", "acme/payslip", "nobody/correspondence"):
        (folder / place).mkdir(parents=True)
    (folder / "acme/correspondence/a.pdf").write_bytes(FILES["letter.pdf"])
    (folder / "acme/correspondence/b.pdf").write_bytes(FILES["letter.pdf"])
    (folder / "acme/correspondence/lie.pdf").write_bytes(LIES["a program.pdf"])
    (folder / "acme/correspondence/c.pdf.part").write_bytes(b"%PDF-")
    (folder / "acme/correspondence/link.pdf").symlink_to(tmp_path / "secret")
    (folder / "acme/contract/deed.docx.meta.json").write_text('{"title": "A deed", "metadata": {"party": "Σία"}}')
    (folder / "acme/contract/deed.docx").write_bytes(FILES["contract.docx"])
    (folder / "acme/contract/bare.pdf").write_bytes(FILES["letter.pdf"])
    (folder / "acme/payslip/mine.pdf").write_bytes(FILES["letter.pdf"])
    (folder / "nobody/correspondence/a.pdf").write_bytes(FILES["letter.pdf"])

    await turn(archive)
    await turn(archive)

    taken = await archive.rows("select class, title from document order by position")
    assert sorted(taken) == [("contract", "A deed"), ("correspondence", "a.pdf")]
    assert await archive.rows("select value from document_value") == [("Σία",)]
    sources = await archive.rows("select file_name, source, actor from document_source order by file_name")
    assert sources == [(name, "folder", "system:folder") for name in ("a.pdf", "b.pdf", "deed.docx")]
    refused = "acme/{}/refused/{}"
    aside = [("correspondence", "lie.pdf"), ("contract", "bare.pdf"), ("payslip", "mine.pdf")]
    why = {name: (folder / refused.format(place, f"{name}.reason.txt")).read_text().split()[0] for place, name in aside}
    assert why == {
        "lie.pdf": "file-type-mismatch", "bare.pdf": "metadata-missing", "mine.pdf": "class-takes-no-files",
    }  # fmt: skip
    assert left(folder) == {
        *(refused.format(place, name) for place, name in aside),
        *(refused.format(place, f"{name}.reason.txt") for place, name in aside),
        *("acme/correspondence/c.pdf.part", "acme/correspondence/link.pdf", "nobody/correspondence/a.pdf"),
    }


async def test_a_file_that_is_still_written_to_is_left_alone(make_archive: MakeArchive, tmp_path: Path) -> None:
    archive, folder = await opened(make_archive, tmp_path, quiet_s=60)
    file = folder / "acme/correspondence/a.pdf"
    file.write_bytes(FILES["letter.pdf"])
    await turn(archive)
    assert await archive.rows("select 1 from document") == []
    os.utime(file, (0, 0))
    await turn(archive)
    assert len(await archive.rows("select 1 from document")) == 1


async def test_a_file_is_taken_once_though_the_process_is_killed_before_it_could_clear_up(
    make_archive: MakeArchive, tmp_path: Path
) -> None:
    """D1: nothing is lost and nothing is doubled if the worker dies at the worst moment."""
    archive, folder = await opened(make_archive, tmp_path)
    (folder / "acme/correspondence/a.pdf").write_bytes(FILES["letter.pdf"])
    environment = os.environ | {
        "DOCUMENTS_DATABASE_URL": archive.urls.database_url,
        "DOCUMENTS_RELAY_URL": archive.urls.relay_url,
        "DOCUMENTS_STORE_DIR": str(archive.store),
        "DOCUMENTS_INTAKE_DIR": str(folder),
        "DOCUMENTS_INTAKE_QUIET_S": "0",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "BACKBONE_FAULTS": "turn.committed:kill",
    }
    command = (sys.executable, "-m", "services.documents", "--only", "jobs")
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
    try:
        async with asyncio.timeout(60):
            assert await process.wait() == -signal.SIGKILL
    finally:
        if process.returncode is None:
            process.kill()
    assert left(folder) == {"acme/correspondence/.taking/a.pdf"}
    assert len(await archive.rows("select 1 from document")) == 1

    await turn(archive)

    assert left(folder) == set()
    assert len(await archive.rows("select 1 from document_source")) == 1
    assert len(await archive.told("DocumentRegistered", "DocumentStored")) == 2


async def test_files_stay_where_they_are_while_the_store_is_away_and_are_taken_once_when_it_is_back(
    make_archive: MakeArchive, tmp_path: Path
) -> None:
    """D1: a store that does not answer loses nothing, and refuses nothing that was right."""
    archive, folder = await opened(make_archive, tmp_path)
    for name in ("a.txt", "b.txt"):
        (folder / "acme/correspondence" / name).write_text(name)
    archive.store.parent.mkdir(exist_ok=True)
    archive.store.write_text("a file where a folder must be")

    for _ in range(2):
        with pytest.raises(StoreAway):
            await turn(archive)
    assert {Path(name).name for name in left(folder)} == {"a.txt", "b.txt"}
    assert await archive.rows("select 1 from document") == []

    archive.store.unlink()
    await turn(archive)

    assert left(folder) == set()
    assert len(await archive.rows("select 1 from document_source")) == 2
