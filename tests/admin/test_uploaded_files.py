"""What an upload's zip of photos and its texts may hold, and what is said of the rest."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from studyapp.models import Study
from tests.admin.desk import administrator
from tests.admin.test_upload import ADDRESS, TEXTS, TOML, packed, photo, sent

pytestmark = pytest.mark.django_db


def test_a_zip_as_a_mac_packs_it_is_unpacked_without_the_systems_own_files() -> None:
    litter = {
        "my photos/.DS_Store": b"\0\0\0\1Bud1",
        "my photos/tiger/Thumbs.db": b"x",
        "__MACOSX/my photos/tiger/._0.png": b"\0\5\x16\7",
        "__MACOSX/._my photos": b"\0\5\x16\7",
    }
    files = {f"my photos/{name}/{n}.png": photo(n + 90 * (name == "otter"))
             for name in ("tiger", "otter") for n in range(2)}  # fmt: skip
    files["my photos/otter/clip.gif"] = b"GIF89a"
    page = administrator().post(ADDRESS, sent(photos=packed(litter | files)), follow=True)
    assert sorted(Study.objects.get().images.values_list("name", flat=True)) == [
        "otter/0.png", "otter/1.png", "tiger/0.png", "tiger/1.png"]  # fmt: skip
    assert "left out: 1 .gif" in page.content.decode()


def test_everything_wrong_with_the_photos_is_said_at_once() -> None:
    bad = packed({"tiger/a.png": b"x", "otter/b.png": photo(2), "loose.png": photo(1)})
    client = administrator()
    page = client.post(ADDRESS, sent(photos=bad))
    assert "loose.png: is not in a class folder" in page.context["form"].errors["photos"][0]
    bad = packed({"tiger/a.png": b"x", "otter/b.png": b""})
    page = client.post(ADDRESS, sent(photos=bad))
    assert [line.partition(":")[0] for line in page.context["form"].errors["photos"]] == [
        "otter/b.png", "tiger/a.png"]  # fmt: skip


def test_what_is_no_photo_or_no_zip_is_refused_with_its_name() -> None:
    client = administrator()
    script = packed({"tiger/a.png": b"<script>alert(1)</script>", "otter/b.png": photo(1)})
    page = client.post(ADDRESS, sent(photos=script))
    assert "tiger/a.png: not a whole photo" in page.context["form"].errors["photos"][0]
    text = SimpleUploadedFile("photos.zip", b"no zip at all")
    page = client.post(ADDRESS, sent(photos=text))
    assert "can't be read as a zip" in page.context["form"].errors["photos"][0]
    assert not Study.objects.exists()


def test_checking_makes_nothing() -> None:
    page = administrator().post(ADDRESS, {"toml": TOML, **TEXTS, "do": "check"})
    assert "well formed" in page.content.decode()
    assert not Study.objects.exists()
