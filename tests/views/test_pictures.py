"""Picture files over HTTP: kept for ever, asked for again, and sent by a proxy."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image as Picture

from sandbox.builders import open_small_study, take_part
from studyapp import storage
from studyapp.models import Crop, Overlay, StimulusOverlay, StimulusRole, WorkState
from studyapp.studies.shown import common_size, forget_pictures
from tests.views.test_wire import addresses

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(client: Client) -> list[str]:
    """The pictures of somebody's trial."""
    person = take_part(open_small_study())
    return addresses(client.get(f"/p/{person.code}/"))


@pytest.fixture
def address(shown: list[str]) -> str:
    """The first of them that is an overlay."""
    return next(one for one in shown if Overlay.objects.filter(code=one[-26:-4]).exists())


def record(model: type[Crop | Overlay], address: str, file: str, content: bytes) -> None:
    """What a worker does that has drawn the picture again."""
    digest = storage.keep(file, content)
    row = model.objects.filter(code=address[-26:-4])
    row.update(state=WorkState.READY, file=file, digest=digest)


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


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("model", [Crop, Overlay])
def test_a_picture_that_was_drawn_again_with_other_bytes_is_read_again(
    client: Client,
    shown: list[str],
    settings: Any,
    tmp_path: Path,
    model: type[Crop | Overlay],
    renamed: bool,
) -> None:
    address = next(one for one in shown if model.objects.filter(code=one[-26:-4]).exists())
    assert client.get(address).status_code == 200
    before = model.objects.get(code=address[-26:-4])
    drawn = png(17)
    file = f"pictures/xy/{before.code}-0a1b2c3d.png" if renamed else before.file
    storage.remove(before.file)
    record(model, address, file, drawn)
    settings.SHOWN_ROOT = tmp_path / "emptied"
    assert client.get(address).content.startswith(drawn[:-12])


@pytest.mark.parametrize("model", [Crop, Overlay])
def test_a_picture_that_waits_to_be_drawn_again_is_neither_sent_nor_remembered(
    client: Client,
    shown: list[str],
    settings: Any,
    tmp_path: Path,
    model: type[Crop | Overlay],
) -> None:
    address = next(one for one in shown if model.objects.filter(code=one[-26:-4]).exists())
    rows = model.objects.filter(code=address[-26:-4])
    file = rows.get().file
    whole = storage.read(file)
    storage.keep(file, b"damaged")
    rows.update(state=WorkState.PENDING, digest="")
    reply = client.get(address)
    assert (reply.status_code, reply["Retry-After"], reply.content) == (503, "2", b"")
    record(model, address, file, whole)
    assert client.get(address).status_code == 200
    storage.keep(file, b"damaged")
    settings.SHOWN_ROOT = tmp_path / "emptied"
    with pytest.raises(storage.DamagedFileError):
        client.get(address)


def test_no_size_is_remembered_while_a_picture_of_the_photo_waits_to_be_drawn_again(
    client: Client, shown: list[str]
) -> None:
    overlays = [one for one in shown if Overlay.objects.filter(code=one[-26:-4]).exists()]
    assert len(overlays) > 1
    waiting, other = overlays[:2]
    Overlay.objects.filter(code=waiting[-26:-4]).update(state=WorkState.PENDING, digest="")
    assert client.get(other).status_code == 503
    file = Overlay.objects.get(code=waiting[-26:-4]).file
    record(Overlay, waiting, file, png(90))
    assert len({len(client.get(one).content) for one in overlays}) == 1


def test_a_picture_drawn_again_before_this_process_showed_it_changes_the_others_size_too(
    client: Client, shown: list[str]
) -> None:
    """Another process had it drawn again; this one still remembers the earlier size."""
    drawn, *others = [one for one in shown if Overlay.objects.filter(code=one[-26:-4]).exists()]
    before = {len(client.get(one).content) for one in others}
    content = png(120)
    assert len(content) > max(before)
    record(Overlay, drawn, f"pictures/xy/{drawn[-26:-4]}-0a1b2c3d.png", content)
    after = {len(client.get(one).content) for one in (drawn, *others)}
    assert len(after) == 1
    assert after != before


def test_a_picture_that_could_not_be_made_counts_for_no_size(shown: list[str]) -> None:
    """Its stimulus was left out, while another stimulus shows the same photo."""
    use = StimulusOverlay.objects.filter(overlay__code__in=[one[-26:-4] for one in shown]).first()
    assert use
    stimulus = use.stimulus
    study, photo = stimulus.study_id, stimulus.photo_id
    before = common_size(study, photo, False)
    stimulus.pk, stimulus.code, stimulus.role = None, "left-out", StimulusRole.RESERVE
    stimulus.position, stimulus.category = 1000, "another"
    stimulus.save()
    failed = use.overlay
    failed.pk, failed.code, failed.display_digest = None, "failed", "1" * 64
    failed.state, failed.error = WorkState.FAILED, "the map is empty"
    failed.file = failed.digest = ""
    failed.save()
    use.pk, use.stimulus, use.overlay = None, stimulus, failed
    use.save()
    forget_pictures()
    assert common_size(study, photo, False) == before


def png(side: int) -> bytes:
    buffer = io.BytesIO()
    Picture.effect_noise((side, side), 50).save(buffer, "PNG")
    return buffer.getvalue()
