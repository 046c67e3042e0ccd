"""A file is there whole or not at all, and is what its row says: in a folder and in a bucket."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from studyapp import storage

from .buckets import bucket_url, use_storage

NAME = "maps/ab/1.npz"


@pytest.fixture(params=["folder", "bucket"])
def kind(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> str:
    if request.param == "bucket":
        request.getfixturevalue("bucket")
    settings.MEDIA_ROOT = tmp_path / "media"
    return str(request.param)


class BreaksOff(ContentFile):
    """Content whose end can't be read: a disk that fails, a connection that is cut."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"the first ha"
        raise OSError("no more")

    def read(self, *_: int) -> bytes:
        raise OSError("no more")


@pytest.mark.usefixtures("kind")
def test_a_file_is_read_back_with_its_digest_and_replaced_by_another_of_its_name() -> None:
    first = storage.keep(NAME, b"first")
    assert first == hashlib.sha256(b"first").hexdigest()
    assert storage.read(NAME, first) == b"first"
    second = storage.keep(NAME, b"second")
    assert list(storage.names()) == [NAME]
    assert (storage.is_whole(NAME, second), storage.is_whole(NAME, first)) == (True, False)


@pytest.mark.usefixtures("kind")
def test_a_damaged_file_and_a_missing_one_are_told_apart() -> None:
    storage.keep(NAME, b"something else")
    with pytest.raises(storage.DamagedFileError, match=r"1\.npz is not the file that was stored"):
        storage.read(NAME, "0" * 64)
    with pytest.raises(FileNotFoundError, match=r"none\.npz is not in the storage"):
        storage.read("maps/none.npz", "0" * 64)
    assert not storage.is_whole("maps/none.npz", "0" * 64)
    assert (storage.is_there("maps/none.npz"), storage.is_there("")) == (False, False)


@pytest.mark.usefixtures("kind")
def test_a_file_that_breaks_off_leaves_the_one_before_and_nothing_beside() -> None:
    digest = storage.keep(NAME, b"whole")
    with pytest.raises(OSError, match="no more"):
        default_storage.save(NAME, BreaksOff(b"the first half and the second"))
    assert storage.read(NAME, digest) == b"whole"
    assert default_storage.listdir("maps/ab")[1] == ["1.npz"]


@pytest.mark.usefixtures("kind")
def test_a_large_file_goes_in_and_out_by_parts(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"0123456789abcdef" * 2**20)
    digest = storage.keep_file("downloads/large.zip", tmp_path / "large")
    assert storage.copy_out("downloads/large.zip", tmp_path / "there" / "again") == digest
    with storage.opened("downloads/large.zip", digest) as file:
        assert file.read(4) == b"0123"


def test_whole_files_are_listed_in_order_and_half_written_ones_left_out(kind: str) -> None:
    for name in ("photos/b/2.png", "photos/a/1.png", "maps/9-x.npz"):
        storage.keep(name, b"")
    if kind == "folder":
        half = Path(default_storage.path("photos/a/.1.png.77.ab"))
        half.write_bytes(b"ha")
    assert list(storage.names()) == ["maps/9-x.npz", "photos/a/1.png", "photos/b/2.png"]
    assert list(storage.names("nowhere")) == []


@pytest.mark.usefixtures("kind")
def test_what_a_killed_worker_left_of_one_row_is_removed_and_no_others() -> None:
    left = ("maps/ab/1-x.npz", "maps/ab/.1-x.npz.99.aa")
    for name in (*left, "maps/ab/1-y.npz", "maps/ab/11-x.npz"):
        storage.keep(name, b"")
    storage.remove_leftovers("maps/ab/1-y.npz", ("1-", ".1-"))
    storage.remove_leftovers("maps/cd/1-y.npz", ("1-", ".1-"))
    assert list(storage.names()) == ["maps/ab/1-y.npz", "maps/ab/11-x.npz"]


def test_no_name_leads_out_of_the_storage(kind: str) -> None:
    for name in ("../outside", "/etc/outside", "maps/../../outside"):
        with pytest.raises(Exception, match=r"(?i)traversal|denied|outside") as told:
            storage.keep(name, b"")
        assert type(told.value).__name__ == "SuspiciousFileOperation", kind


def test_a_bucket_that_is_not_there_or_cant_be_asked_is_an_error_like_a_full_disk(
    s3_address: str, settings: Settings
) -> None:
    use_storage(settings, bucket_url(s3_address))
    with pytest.raises(OSError, match=f"the bucket refused {NAME}"):
        storage.keep(NAME, b"")
    use_storage(settings, bucket_url("http://127.0.0.1:9"))
    for ask in (storage.is_there, storage.read, default_storage.size, storage.remove):
        with pytest.raises(OSError, match=f"can't be asked for {NAME}"):
            ask(NAME)


def test_threads_have_connections_of_their_own_and_read_what_boto3_knows_once(
    bucket: str,
) -> None:
    together = Barrier(3)

    def client(_: int) -> Any:
        together.wait()  # each in a thread of its own
        assert not storage.is_there(NAME)
        return default_storage.connection.meta.client

    with ThreadPoolExecutor(3) as pool:
        clients = list(pool.map(client, range(3)))
    assert len({id(one) for one in clients}) == 3
    assert len({id(one.meta.service_model.metadata) for one in clients}) == 1


def test_nothing_is_asked_of_a_bucket_before_a_file_is(settings: Settings) -> None:
    use_storage(settings, bucket_url("http://127.0.0.1:9"))
    storage.preload()
    with pytest.raises(OSError, match="can't be asked"):
        storage.is_there(NAME)
