"""A new study at the desk: the same file, the same errors as the command's, beside the field."""

import hashlib
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image as Picture

from studyapp.models import Image, Member, Network, Study
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.definition.file import DefinitionError, json_schema, parse_definition
from studyapp.studies.definition.named_files import named_files
from studyapp.studies.definition.toml_lines import key_lines
from studyapp.studies.definition.writing import WritingError, with_value
from tests.admin.desk import administrator, make_user, signed_in
from tests.running import python

pytestmark = pytest.mark.django_db
ROOT = settings.ROOT
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


def sent(**changed: Any) -> dict[str, Any]:
    """What the form sends to make the study, but for what is changed."""
    return {"toml": TOML, **TEXTS, "photos": photos(), "do": "make", **changed}


@pytest.mark.parametrize("outer", ["", "my photos/"])
def test_a_study_is_made_of_a_file_texts_and_a_zip_of_photos(outer: str) -> None:
    user = maker_named("maker")
    page = signed_in(user).post(ADDRESS, sent(photos=photos(outer)), follow=True)
    assert "Study mine was created with 4 photos. Next:" in page.content.decode()
    study = Study.objects.get(slug="mine")
    assert study.images.count() == 4
    assert {one["name"] for row in study.images.all() for one in row.categories} == {
        "tiger", "otter"}  # fmt: skip
    assert study.texts.get(name="consent").markdown == "# consent"
    assert Member.objects.get(study=study).user == user


def test_the_short_fields_write_the_same_file() -> None:
    administrator().post(ADDRESS, sent(slug="other", title='A "title"', people="6"))
    study = Study.objects.get(slug="other")
    assert study.title == 'A "title"'
    assert 'title = "A \\"title\\""  # people see it' in study.definition_toml
    assert study.definition["design"]["people"] == 6


def test_an_error_stands_beside_its_field_and_nothing_is_lost() -> None:
    client = administrator()
    wrong = TOML.replace("people = 2", "poeple = 2")
    page = client.post(ADDRESS, sent(toml=wrong))
    errors = page.context["form"].errors
    assert list(errors) == ["toml"]
    assert "study.toml, line" in errors["toml"][0]
    assert 'did you mean "people"' in errors["toml"][0]
    assert "# consent" in page.content.decode()
    assert "are kept" in page.content.decode()
    # The photos need not be sent again.
    client.post(ADDRESS, {"toml": TOML, **TEXTS, "do": "make"})
    assert Study.objects.get().images.count() == 4


def test_a_zip_that_leads_out_of_its_folder_is_refused() -> None:
    page = administrator().post(ADDRESS, sent(photos=packed({"../evil.png": photo(1)})))
    assert "outside its folder" in page.context["form"].errors["photos"][0]


def test_every_key_that_may_name_a_file_is_known() -> None:
    text = (ROOT / "fixtures" / "studies" / "every-option.toml").read_text("utf-8")
    found = {path for path, _ in named_files(parse_definition(text, "every-option"))}
    assert {(path[0], path[-1]) for path in found if path[0] != "texts"} == {
        ("images", "annotations"), ("images", "folder"), ("networks", "labels"),
        ("networks", "weights"),
    }  # fmt: skip
    schema = json_schema()
    words = re.compile(r"\b(file|folder)s?\b", re.IGNORECASE)
    told = {
        f"{section}.{key}"
        for section, part in {**schema["$defs"], "Definition": schema}.items()
        for key, about in part.get("properties", {}).items()
        if words.search(about.get("description", ""))
    }
    assert told == {
        "Definition.texts", "ImagesSection.folder", "ImagesSection.annotations",
        "ImagesSection.cases", "ImagesSection.names", "ImagesSection.truth",
        "ImagesSection.synsets", "ImagesSection.boxes",
        "NetworkSection.weights", "NetworkSection.labels", "NetworkSection.predictions",
        "ConditionSection.files",
        "NetworkSection.sha256",  # a digest, of the file that `weights` names
        "ImagesSection.label",  # one of two words
        "NetworkSection.probabilities",  # likewise
        "ConditionSection.kind",  # one of five
        "ImagesSection.channels",  # a number
    }  # fmt: skip
    # A digest as well, of a photo of the same study; and the name or the number of a colour
    assert {
        (method, key)
        for method, about in catalogue()["methods"].items()
        for key, kind in about["settings"].items()
        if kind["type"] == "str"
    } == {("occlusion", "colour"), ("other_image", "photo")}


@pytest.mark.parametrize("name", ["/etc/passwd", "../../env", "~/env", "..\\\\env", "a/../../b"])
@pytest.mark.parametrize(
    ("section", "key"),
    [("texts", "consent"), ("images", "folder"), ("images", "annotations"),
     ("networks.sharp", "weights"), ("networks.sharp", "labels")],
)  # fmt: skip
def test_an_uploaded_file_names_nothing_of_the_servers(section: str, key: str, name: str) -> None:
    head, middle, rest = TOML.partition(f"[{section}]\n")
    rest = re.sub(rf"^{key} = .*\n", "", rest, count=1, flags=re.MULTILINE)
    given = f'{key} = "{name}"\n'
    if key == "annotations":
        rest = rest.replace('reader = "folder"', 'reader = "coco"', 1)
    with pytest.raises(DefinitionError, match=r"points outside the upload; name a file beside"):
        parse_definition(f"{head}{middle}{given}{rest}", "study.toml", is_upload=True)


def test_the_desk_says_beside_the_field_that_a_name_leads_out() -> None:
    toml = TOML.replace('folder = "photos"', 'folder = "../.."')
    page = administrator().post(ADDRESS, sent(toml=toml))
    said = page.context["form"].errors["folder"][0]
    assert said.startswith(
        'study.toml, line 25: `images.folder = "../.."` points outside the upload'
    )
    assert not Study.objects.exists()


@pytest.mark.parametrize("key", ["labels", "weights"])
def test_a_networks_file_that_is_not_in_the_upload_is_looked_for_nowhere_else(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "env").write_text("SECRET_KEY=of this site", "utf-8")
    monkeypatch.chdir(tmp_path)
    toml = TOML.replace('weights = "random"', "", 1) if key == "weights" else TOML
    toml = toml.replace("[networks.sharp]", f'[networks.sharp]\n{key} = "var/env"')
    page = administrator().post(ADDRESS, sent(toml=toml))
    assert "no such file beside the study file" in page.context["form"].errors["toml"][0]
    assert not Study.objects.exists()


def test_a_networks_file_of_an_upload_is_kept_by_its_digest_and_named_whole() -> None:
    toml = TOML.replace("[networks.sharp]", '[networks.sharp]\nlabels = "photos/names.txt"')
    names = b"tiger\notter\n"
    files = packed({"tiger/a.png": photo(1), "otter/b.png": photo(2), "names.txt": names})
    administrator().post(ADDRESS, sent(toml=toml, photos=files))
    stored = Path(Network.objects.exclude(labels_file="").get().labels_file)
    assert stored == settings.VAR / "networks" / hashlib.sha256(names).hexdigest() / "names.txt"
    assert stored.read_bytes() == names


def test_a_setting_names_no_photo_of_another_study() -> None:
    client = administrator()
    client.post(ADDRESS, sent())
    strange = Image.objects.earliest("pk")
    toml = TOML.replace('"mine"', '"other"').replace(
        'method = "grad_cam"',
        f'method = "other_image"\nsettings = {{ photo = "{strange.sha256}" }}',
    )
    own = packed({"tiger/x.png": photo(201), "otter/y.png": photo(202)})
    page = client.post(ADDRESS, sent(toml=toml, photos=own))
    assert "is not a photo of this study" in page.context["form"].errors["toml"][0]
    assert not Study.objects.filter(slug="other").exists()


def maker_named(name: str) -> User:
    user = make_user(name)
    user.user_permissions.add(Permission.objects.get(codename="add_study"))
    return user


@pytest.mark.parametrize("has_photos", [True, False], ids=["with photos", "without"])
def test_who_uploads_a_study_that_is_there_gets_no_role_in_it(has_photos: bool) -> None:
    owner, stranger = maker_named("owner"), maker_named("stranger")
    signed_in(owner).post(ADDRESS, sent())
    again = sent() if has_photos else {"toml": TOML, **TEXTS, "do": "make"}
    page = signed_in(stranger).post(ADDRESS, again)
    assert page.context["form"].errors["toml"] == [
        "a study called mine already exists; choose another short name"
    ]
    assert [one.user for one in Member.objects.all()] == [owner]


def test_whose_role_was_taken_away_does_not_come_back_by_the_same_file() -> None:
    owner = maker_named("owner")
    signed_in(owner).post(ADDRESS, sent())
    Member.objects.all().delete()
    page = signed_in(owner).post(ADDRESS, {"toml": TOML, **TEXTS, "do": "make"})
    assert "already" in page.context["form"].errors["toml"][0]
    assert not Member.objects.exists()


def test_a_study_that_somebody_may_not_see_is_no_parent_of_theirs() -> None:
    signed_in(maker_named("owner")).post(ADDRESS, sent())
    child = TOML.replace('slug = "mine"', 'slug = "child"\nparent = "mine"')
    page = signed_in(maker_named("stranger")).post(ADDRESS, sent(toml=child))
    assert "the parent mine is not loaded" in page.context["form"].errors["toml"][0]


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
    with pytest.raises(WritingError, match="more than one value"):
        with_value("a = [\n1]\n", ("a",), 2)
    with pytest.raises(WritingError, match="more than one value"):
        with_value("[a]\nb = 1", ("a",), 2)


def test_a_value_is_written_and_everything_else_stays_byte_for_byte() -> None:
    before = """title = "A"  # the author's words
note = '''
title = "inside a text"
[design]
people = 7
'''
# a comment of its own

[design]\t# drawn so
people   =   4   # "so many"
"""
    after = with_value(before, ("title",), 'An "other" one')
    assert after == before.replace('title = "A"', 'title = "An \\"other\\" one"', 1)
    assert with_value(before, ("design", "people"), 6) == before.replace("   4   #", "   6   #")
    assert with_value("a = 1  # no line end", ("a",), 2) == "a = 2  # no line end"


def test_what_looks_like_a_key_inside_a_text_has_no_line() -> None:
    text = '''x = """
people = 3
[design]
"""
list = [
"people = 3", # [design]
]
"a.b" . c = 1
[design] # people = 2
people = 4
[[blocks]]
[[ blocks ]]
name = "b"
'''
    assert key_lines(text) == {
        ("x",): 1, ("list",): 5, ("a.b", "c"): 8, ("design",): 9, ("design", "people"): 10,
        ("blocks", 0): 11, ("blocks", 1): 12, ("blocks", 1, "name"): 13,
    }  # fmt: skip


HOSTILE = {
    "blanks": "a = 1" + " " * 90_000,
    "blanks in a header": "[a" + " " * 90_000 + "]",
    "an open header": "[" + " " * 90_000,
    "quotes": "a = '" + '"' * 90_000 + "'",
    "an open quote": 'a = "' + "\\" * 90_000,
    "comments": "a = 1 " + '# "' * 30_000,
    "brackets": "a = " + "[" * 90_000,
    "dots": "a" + ".a" * 45_000 + " = 1",
}


def test_no_study_file_takes_more_than_a_few_seconds_to_read_and_write() -> None:
    """The kernel ends the child at 20 seconds of processor time, which is no measurement: what is
    not linear takes minutes."""
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
import django; django.setup()
from studyapp.admin.workspace import text_names
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.definition.toml_lines import key_lines
from studyapp.studies.definition.writing import WritingError, with_value
from tests.admin.test_upload import HOSTILE
for text in HOSTILE.values():
    text_names(text), key_lines(text)
    try:
        with_value(text, ("a",), 1)
    except (WritingError, ValueError, RecursionError):
        pass
    try:
        parse_definition(text, "hostile")
    except DefinitionError:
        pass
"""
    done = python("-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a = 1 #" + b" " * 200_000, "longer than 200 kB"), (b"a = '\xff'", "not UTF-8")],
)
def test_a_file_that_cant_be_read_is_refused_and_nothing_typed_is_lost(
    content: bytes, said: str
) -> None:
    file = SimpleUploadedFile("study.toml", content)
    page = administrator().post(ADDRESS, {"toml": TOML, **TEXTS, "toml_file": file, "do": "make"})
    assert said in page.context["form"].errors["toml_file"][0]
    assert page.context["form"]["toml"].value() == TOML
    assert page.context["form"]["text-consent"].value() == "# consent"


def test_texts_stay_when_the_file_is_no_toml_or_no_longer_names_them() -> None:
    client = administrator()
    broken = {"toml": "slug = ", **TEXTS, "slug": "mine", "do": "make"}
    page = client.post(ADDRESS, broken)
    assert "study.toml: not TOML" in page.context["form"].errors["toml"][0]
    assert page.context["form"]["text-debrief"].value() == "# debrief"
    renamed = TOML.replace('debrief = "', 'debriefing = "')
    page = client.post(ADDRESS, {**broken, "toml": renamed})
    assert page.context["form"]["text-debrief"].value() == "# debrief"
    assert "text-debriefing" in page.context["form"].fields
