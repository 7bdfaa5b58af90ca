"""What every store of contents promises: the same cases on a folder of a disk and on a bucket of a real S3 server."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest

from services.documents.keeping.buckets import PUT_AT_ONCE_BYTES, Bucket
from services.documents.keeping.contents import ContentDamaged, ContentMissing, Contents, StoreAway
from services.documents.keeping.files import Files
from tests.documents.archive import Archive, invoice, paper_id, text_of
from tests.documents.bucket_server import BUCKET, BucketServer, bucket_server
from tests.documents.conftest import MakeArchive
from tests.documents.test_asking_for_papers import AT, key

PATIENCE_S = 2.0
DIGEST = sha256(b"content").hexdigest()


@dataclass
class Case:
    """A store, and what a test may do to what is below it."""

    contents: Contents
    names: Callable[[], list[str]]
    damage: Callable[[str], object]
    unreachable: Callable[[], Contents]
    without_a_place: Callable[[], Contents]
    settings: dict[str, object]


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with bucket_server() as one:
        yield one


def on_disk(tmp_path: Path) -> Case:
    root = tmp_path / "store-0"  # that of the first archive of the test
    (tmp_path / "file").write_text("a file where a folder must be")
    files = Files(root)
    return Case(
        files,
        lambda: sorted(path.name for path in root.rglob("*") if path.is_file()),
        lambda digest: files.path(digest).write_bytes(b"damaged"),
        lambda: Files(tmp_path / "file"),
        lambda: Files(tmp_path / "not mounted"),
        {},
    )


def in_bucket(tmp_path: Path, server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> Case:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    prefix = f"{tmp_path.parent.name}/{tmp_path.name}"  # a place of its own for each test
    url = f"s3://{BUCKET}/{prefix}"
    bucket = Bucket(url, PATIENCE_S)

    def away() -> Contents:
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
        return Bucket(url, PATIENCE_S)

    return Case(
        bucket,
        lambda: sorted(name.rsplit("/", 1)[1] for name in server.objects() if name.startswith(prefix)),
        lambda digest: bucket._opened().put(bucket.name(digest), b"damaged"),
        away,
        lambda: Bucket("s3://no-such-bucket/papers", PATIENCE_S),
        {"store_url": url, "store_patience_s": PATIENCE_S},
    )


@pytest.fixture(params=["disk", "bucket"])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    if request.param == "disk":
        return on_disk(tmp_path)
    return in_bucket(tmp_path, request.getfixturevalue("server"), monkeypatch)


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("made", [bytes, io.BytesIO], ids=["bytes", "stream"])
def test_what_is_kept_is_fetched_by_its_hash(case: Case, made: Callable[[bytes], bytes | BinaryIO]) -> None:
    for content in (b"content", b"\0" * 3, b"x" * (PUT_AT_ONCE_BYTES * 2 + 5)):
        digest = case.contents.keep(made(content))

        assert digest == sha256(content).hexdigest()
        assert case.contents.fetch(digest) == content


def test_a_stream_that_was_read_already_is_kept_from_its_beginning(case: Case) -> None:
    stream = io.BytesIO(b"content")
    stream.read()

    assert case.contents.fetch(case.contents.keep(stream)) == b"content"


def test_the_same_bytes_are_kept_once_and_what_was_damaged_is_healed(case: Case) -> None:
    """D1: the same bytes twice are one content, on a disk and in a bucket."""
    for _ in range(3):
        case.contents.keep(b"content")
    assert case.names() == [DIGEST]

    case.damage(DIGEST)
    with pytest.raises(ContentDamaged):
        case.contents.fetch(DIGEST)
    case.contents.keep(io.BytesIO(b"content"))

    assert case.contents.fetch(DIGEST) == b"content"
    assert case.names() == [DIGEST]


def test_content_that_is_not_there_is_missing(case: Case) -> None:
    case.contents.keep(b"something")

    with pytest.raises(ContentMissing):
        case.contents.fetch(DIGEST)


def test_a_store_that_is_away_says_nothing_of_what_it_holds(case: Case) -> None:
    away = case.unreachable()

    with pytest.raises(StoreAway):
        away.keep(b"content")
    with pytest.raises(StoreAway):
        away.fetch(DIGEST)


def test_a_bucket_or_folder_that_is_not_there_is_a_store_that_is_away_not_content_that_is_lost(case: Case) -> None:
    with pytest.raises(StoreAway):
        case.without_a_place().fetch(DIGEST)


def test_nothing_is_put_where_there_is_no_bucket(server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    case = in_bucket(Path("a/b"), server, monkeypatch)

    with pytest.raises(StoreAway, match="no such bucket"):
        case.without_a_place().keep(b"content")


def test_keys_that_the_bucket_does_not_take_are_no_keys_and_stand_in_no_error(
    server: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = in_bucket(Path("a/c"), server, monkeypatch)
    case.contents.keep(b"content")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    stranger = Bucket(str(case.settings["store_url"]), PATIENCE_S)

    for refused in (lambda: stranger.keep(b"content"), lambda: stranger.fetch(DIGEST)):
        with pytest.raises(StoreAway, match="PermissionDenied") as caught:
            refused()
        assert "not-the-secret" not in str(caught.value)
        assert server.keys["AWS_ACCESS_KEY_ID"] not in str(caught.value)


def test_a_store_that_takes_calls_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        for name, value in {"ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s", "REGION": "eu", "ALLOW_HTTP": "1"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        bucket = Bucket("s3://papers/x", 0.2)

        with pytest.raises(StoreAway):
            bucket.keep(b"content")
        with pytest.raises(StoreAway):
            bucket.fetch(DIGEST)


# -- the department on each --------------------------------------------------------------------------------------------


async def test_papers_are_rendered_into_the_store_and_read_from_it(case: Case, make_archive: MakeArchive) -> None:
    archive = make_archive(**case.settings)
    await archive.knows("acme")
    await archive.hear(*[invoice(str(n)) for n in range(5)])

    await archive.work()

    assert case.names() == sorted((await archive.contents()).values())
    async with archive.reader() as client:
        answer = await client.get(f"{AT}/documents/{paper_id('3')}/content")
        assert "INV-3" in text_of(answer.content)
        assert answer.headers["etag"] == f'"{sha256(answer.content).hexdigest()}"'


async def test_orders_go_on_while_the_bucket_is_away_and_papers_follow_when_it_is_back(
    make_archive: MakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D13: filed at once whatever the store does; what cannot be kept is tried again and lost by nobody."""
    with bucket_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        archive = make_archive(store_url=f"s3://{BUCKET}", store_patience_s=PATIENCE_S)
        await archive.knows("acme")
        server.stop()
        await archive.hear(*[invoice(str(n)) for n in range(3)])

        assert len(await archive.told("DocumentRegistered")) == 3
        await archive.work()
        assert {(attempts, error) for _, attempts, error in await archive.jobs()} == {
            (1, "Transient: the store of contents: " + (await _why(archive)))
        }
        assert await archive.contents() == {}
        async with archive.reader() as client:
            asked = await client.get(f"{AT}/documents/{paper_id('1')}/content")
            sent = await client.post(
                f"{AT}/files",
                headers=key(),
                data={"entry": '{"class": "correspondence"}'},
                files={"file": ("a.txt", b"some text", "text/plain")},
            )
        assert (asked.status_code, sent.status_code) == (503, 503), (asked.text, sent.text)
        assert sent.json()["type"] == "/problems/store-unavailable"
        assert await archive.rows("select count(*) from document") == [(3,)]

        server.start()
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        await archive.rows("update job set run_at = now(), leased_until = null")
        await archive.work()

        assert len(await archive.contents()) == 3
        assert await archive.jobs() == []
        async with archive.reader() as client:
            assert (await client.get(f"{AT}/documents/{paper_id('1')}/content")).status_code == 200


async def _why(archive: Archive) -> str:
    """What the first job says after its first words."""
    error = (await archive.jobs())[0][2]
    assert error is not None
    assert " was kept" in error
    return error.removeprefix("Transient: the store of contents: ")
