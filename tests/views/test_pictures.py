"""Picture files over HTTP: kept for ever, asked for again, and sent by a proxy."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from studyapp import storage
from studyapp.models import Overlay
from tests.views.test_wire import addresses

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(client: Client) -> str:
    """Of the first picture of somebody's trial that is an overlay."""
    person = take_part(open_small_study())
    shown = addresses(client.get(f"/p/{person.code}/"))
    return next(one for one in shown if Overlay.objects.filter(code=one[-26:-4]).exists())


def test_a_picture_says_how_long_it_is_kept(client: Client, address: str) -> None:
    reply = client.get(address)
    assert reply["Cache-Control"] == "private, max-age=31536000, immutable"
    assert reply["Content-Type"] == "image/png"
    assert reply["Content-Length"] == str(len(reply.content))


def test_a_part_of_a_picture_is_answered_with_the_whole(client: Client, address: str) -> None:
    whole = client.get(address).content
    for asked in ("bytes=0-9", "bytes=-7", "bytes=99999999-", "pages=1-2"):
        reply = client.get(address, headers={"range": asked})
        assert (reply.status_code, reply.content) == (200, whole)


def test_a_picture_that_is_known_is_not_sent_again(client: Client, address: str) -> None:
    tag = client.get(address)["ETag"]
    for known in (tag, f'"another", {tag}', "*", f"W/{tag}"):
        reply = client.get(address, headers={"if-none-match": known, "range": "bytes=0-9"})
        assert (reply.status_code, reply.content, reply["ETag"]) == (304, b"", tag)


def test_a_pictures_headers_can_be_asked_for_alone(client: Client, address: str) -> None:
    whole, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)


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
