"""Picture files over HTTP: kept for ever, asked for again, in part, and sent by the server."""

from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sandbox.builders import open_small_study, take_part
from studyapp import storage
from studyapp.models import Crop, Overlay
from tests.views.test_wire import addresses

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(client: Client) -> str:
    """Of the first picture of somebody's trial that is an overlay."""
    person = take_part(open_small_study())
    shown = addresses(client.get(f"/p/{person.code}/"))
    return next(one for one in shown if Overlay.objects.filter(code=one[-26:-4]).exists())


def test_a_picture_says_how_long_it_is_kept_and_that_it_comes_in_parts(
    client: Client, address: str
) -> None:
    reply = client.get(address)
    assert reply["Cache-Control"] == "private, max-age=31536000, immutable"
    assert reply["Accept-Ranges"] == "bytes"
    assert reply["Content-Type"] == "image/png"
    assert reply["Content-Length"] == str(len(reply.content))


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=3-99999", 3, None),
    ],
)
def test_one_range_of_a_picture_is_sent(
    client: Client, address: str, asked: str, first: int, last: int | None
) -> None:
    whole = client.get(address).content
    reply = client.get(address, headers={"range": asked})
    wanted = whole[first:] if last is None else whole[first : last + 1]
    start = first if first >= 0 else len(whole) + first
    assert (reply.status_code, reply.content) == (206, wanted)
    assert reply["Content-Range"] == f"bytes {start}-{start + len(wanted) - 1}/{len(whole)}"
    assert reply["Content-Length"] == str(len(wanted))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_outside_the_picture_is_refused_with_its_size(
    client: Client, address: str, asked: str
) -> None:
    size = len(client.get(address).content)
    reply = client.get(address, headers={"range": asked})
    assert (reply.status_code, reply["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=9-3", "bytes=-", "pages=1-2", "bytes=a-b", f"bytes={10**30}-"]
)
def test_what_is_no_single_range_is_answered_with_the_whole_picture(
    client: Client, address: str, asked: str
) -> None:
    whole = client.get(address).content
    reply = client.get(address, headers={"range": asked})
    assert (reply.status_code, reply.content) == (200, whole)


def test_a_range_of_another_version_is_answered_with_the_whole_picture(
    client: Client, address: str
) -> None:
    tag = client.get(address)["ETag"]
    known = client.get(address, headers={"range": "bytes=0-9", "if-range": tag})
    other = client.get(address, headers={"range": "bytes=0-9", "if-range": '"another"'})
    assert (known.status_code, other.status_code) == (206, 200)


def test_a_picture_that_is_known_is_not_sent_again(client: Client, address: str) -> None:
    tag = client.get(address)["ETag"]
    for known in (tag, f'"another", {tag}', "*", f"W/{tag}"):
        reply = client.get(address, headers={"if-none-match": known, "range": "bytes=0-9"})
        assert (reply.status_code, reply.content, reply["ETag"]) == (304, b"", tag)


def test_a_pictures_headers_can_be_asked_for_alone(client: Client, address: str) -> None:
    whole, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)


def test_the_server_itself_sends_the_file(client: Client, address: str) -> None:
    whole = client.get(address)
    reply: Any = client.get(address, **{"wsgi.file_wrapper": FileWrapper})
    assert reply.streaming
    assert "Content-Disposition" not in reply
    assert reply["Content-Length"] == whole["Content-Length"]
    assert b"".join(reply.streaming_content) == whole.content


def test_a_proxy_is_told_which_file_to_send(client: Client, address: str, settings: Any) -> None:
    size = len(client.get(address).content)
    settings.SHOWN_URL = "/shown/"
    reply = client.get(address)
    name = reply["X-Accel-Redirect"].removeprefix("/shown/")
    assert reply.content == b""
    assert (Path(settings.SHOWN_ROOT) / name).stat().st_size == size
    assert name.split("/")[1].startswith(address[-26:-4])


def test_a_copy_that_was_deleted_is_made_again(client: Client, address: str, settings: Any) -> None:
    before = client.get(address).content
    for copy in Path(settings.SHOWN_ROOT).rglob(f"{address[-26:-4]}-*.png"):
        copy.unlink()
    assert client.get(address).content == before


def test_people_see_a_picture_where_no_copy_can_be_made(
    client: Client, address: str, settings: Any, tmp_path: Path
) -> None:
    before = client.get(address).content
    blocked = tmp_path / "file"
    blocked.touch()
    settings.SHOWN_ROOT = blocked
    assert client.get(address).content == before


def test_a_photo_is_sent_as_it_was_drawn(client: Client) -> None:
    person = take_part(open_small_study())
    shown = addresses(client.get(f"/p/{person.code}/"))
    photo = next(one for one in shown if Crop.objects.filter(code=one[-26:-4]).exists())
    assert client.get(photo).status_code == 200


def test_a_picture_costs_three_queries(client: Client, address: str) -> None:
    """The person, what they have judged, and the picture's file."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    assert len(asked) == 3


def test_a_damaged_picture_is_never_shown_and_no_copy_of_it_outlives_its_repair(
    client: Client, address: str, settings: Any, tmp_path: Path
) -> None:
    settings.SHOWN_ROOT = tmp_path / "shown"
    file = Overlay.objects.get(code=address[-26:-4]).file
    whole = storage.read(file)
    storage.keep(file, whole[:-20] + bytes(20))
    with pytest.raises(storage.DamagedFileError, match="is not the file that was stored"):
        client.get(address)
    assert not list(settings.SHOWN_ROOT.rglob("*.png"))
    storage.keep(file, whole)
    assert client.get(address).status_code == 200
