"""A new study at the desk: the same file, the same errors as the command's, beside the field."""

import io
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image as Picture

from studyapp.admin.workspace import UploadError, write_study
from studyapp.models import Member, Study
from studyapp.studies.writing import WritingError, with_value
from tests.admin.desk import administrator, make_user, signed_in

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/studyapp/study/add/"
TOML = """slug = "mine"
title = "Mine"  # people see it
kind = "pilot"

[texts]
consent = "texts/consent.md"
instructions = "texts/instructions.md"
debrief = "texts/debrief.md"

[networks.sharp]
builder = "alexnet"
weights = "random"

[networks.blurred]
builder = "alexnet"
weights = "random"
options = { seed = 2 }

[pairs.main]
stronger = "sharp"
weaker = "blurred"

[images]
reader = "folder"
folder = "photos"

[[conditions]]
name = "grad_cam"
method = "grad_cam"

[[blocks]]
name = "main"
paradigm = "trust"
trials = 1

[design]
seed = 1
people = 2
stimuli = 2
"""
TEXTS = {f"text-{name}": f"# {name}" for name in ("consent", "instructions", "debrief")}


def photo(colour: int) -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", (80, 80), (colour, 9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


def packed(files: dict[str, bytes]) -> SimpleUploadedFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return SimpleUploadedFile("photos.zip", buffer.getvalue(), "application/zip")


def photos(outer: str = "") -> SimpleUploadedFile:
    return packed({f"{outer}tiger/{n}.png": photo(n) for n in range(2)} | {
        f"{outer}otter/{n}.png": photo(100 + n) for n in range(2)})  # fmt: skip


@pytest.mark.parametrize("outer", ["", "my photos/"])
def test_a_study_is_made_of_a_file_texts_and_a_zip_of_photos(outer: str) -> None:
    data = {"toml": TOML, **TEXTS, "photos": photos(outer), "do": "make"}
    user = make_user("maker")
    user.user_permissions.add(Permission.objects.get(codename="add_study"))
    signed_in(user).post(ADDRESS, data)
    study = Study.objects.get(slug="mine")
    assert study.images.count() == 4
    assert {one["name"] for row in study.images.all() for one in row.categories} == {
        "tiger", "otter"}  # fmt: skip
    assert study.texts.get(name="consent").markdown == "# consent"
    assert Member.objects.get(study=study).user == user


def test_the_short_fields_write_the_same_file() -> None:
    data = {"toml": TOML, **TEXTS, "photos": photos(), "do": "make", "slug": "other",
            "title": 'A "title"', "people": "6"}  # fmt: skip
    administrator().post(ADDRESS, data)
    study = Study.objects.get(slug="other")
    assert study.title == 'A "title"'
    assert 'title = "A \\"title\\""  # people see it' in study.definition_toml
    assert study.definition["design"]["people"] == 6


def test_an_error_stands_beside_its_field_and_nothing_is_lost() -> None:
    client = administrator()
    wrong = TOML.replace("people = 2", "poeple = 2")
    page = client.post(ADDRESS, {"toml": wrong, **TEXTS, "photos": photos(), "do": "make"})
    errors = page.context["form"].errors
    assert list(errors) == ["toml"]
    assert "study.toml, line" in errors["toml"][0]
    assert 'did you mean "people"' in errors["toml"][0]
    assert "# consent" in page.content.decode()
    assert "are kept" in page.content.decode()
    # The photos need not be sent again.
    client.post(ADDRESS, {"toml": TOML, **TEXTS, "do": "make"})
    assert Study.objects.get().images.count() == 4


def test_checking_makes_nothing() -> None:
    page = administrator().post(ADDRESS, {"toml": TOML, **TEXTS, "do": "check"})
    assert "well formed" in page.content.decode()
    assert not Study.objects.exists()


def test_a_zip_that_leads_out_of_its_folder_is_refused() -> None:
    data = {"toml": TOML, **TEXTS, "photos": packed({"../evil.png": photo(1)}), "do": "make"}
    page = administrator().post(ADDRESS, data)
    assert "outside its folder" in page.context["form"].errors["photos"][0]


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
    data = {"toml": TOML, **TEXTS, "photos": packed(litter | files), "do": "make"}
    page = administrator().post(ADDRESS, data, follow=True)
    assert sorted(Study.objects.get().images.values_list("name", flat=True)) == [
        "otter/0.png", "otter/1.png", "tiger/0.png", "tiger/1.png"]  # fmt: skip
    assert "left out: 1 .gif" in page.content.decode()


def test_everything_wrong_with_the_photos_is_said_at_once() -> None:
    bad = packed({"tiger/a.png": b"x", "otter/b.png": photo(2), "loose.png": photo(1)})
    client = administrator()
    page = client.post(ADDRESS, {"toml": TOML, **TEXTS, "photos": bad, "do": "make"})
    assert "loose.png: lies in no class folder" in page.context["form"].errors["photos"][0]
    bad = packed({"tiger/a.png": b"x", "otter/b.png": b""})
    page = client.post(ADDRESS, {"toml": TOML, **TEXTS, "photos": bad, "do": "make"})
    assert [line.partition(":")[0] for line in page.context["form"].errors["photos"]] == [
        "otter/b.png", "tiger/a.png"]  # fmt: skip


def test_what_is_no_photo_or_no_zip_is_refused_with_its_name() -> None:
    client = administrator()
    script = packed({"tiger/a.png": b"<script>alert(1)</script>", "otter/b.png": photo(1)})
    page = client.post(ADDRESS, {"toml": TOML, **TEXTS, "photos": script, "do": "make"})
    assert "tiger/a.png: not a whole photo" in page.context["form"].errors["photos"][0]
    text = SimpleUploadedFile("photos.zip", b"no zip at all")
    page = client.post(ADDRESS, {"toml": TOML, **TEXTS, "photos": text, "do": "make"})
    assert "can't be read as a zip" in page.context["form"].errors["photos"][0]
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        ("texts/consent.md", "/etc/passwd"),
        ('folder = "photos"', 'folder = "../.."'),
        ('weights = "random"', 'weights = "/etc/passwd"'),
    ],
)
def test_an_uploaded_file_reads_nothing_of_the_servers(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    with pytest.raises(UploadError, match="leads out of the upload"):
        write_study(tmp_path, TOML.replace(*change), {})


@pytest.mark.parametrize("ready", ["demo-trust", "paper-trust", "reliance"])
def test_the_form_starts_from_a_ready_study(ready: str) -> None:
    page = administrator().get(ADDRESS, {"from": ready}).content.decode()
    assert f"slug = &quot;{ready}&quot;" in page
    assert "text-consent" in page


def test_only_who_may_make_studies_sees_the_form() -> None:
    assert signed_in(make_user("looker")).get(ADDRESS).status_code == 403
    assert (
        "New study"
        not in signed_in(make_user("other")).get(reverse("admin:index")).content.decode()
    )


def test_a_value_is_written_only_where_it_can_be() -> None:
    assert with_value('a = 1 # one\n[b]\nc = "x"\n', ("b", "c"), "y") == (
        'a = 1 # one\n[b]\nc = "y"\n'
    )
    with pytest.raises(WritingError, match=r"no key b\.d"):
        with_value("a = 1\n", ("b", "d"), 2)
    with pytest.raises(WritingError, match="several lines"):
        with_value("a = [\n1]\n", ("a",), 2)
