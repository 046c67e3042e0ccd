"""A study file holds nothing that no column holds: the check names the line and the limit."""

from pathlib import Path

import pytest
from PIL import Image as Picture

from sandbox.builders import make_study
from studyapp.models import Network, Participation, Study, StudyKind, StudyText
from studyapp.sections.limits import Limit, beyond_limits
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.file import DefinitionError, parse_definition, read_definition
from studyapp.studies.definition.study import Definition
from studyapp.studies.loading import load_study
from studyapp.studies.photos.readers import ReaderError, read_photos
from tests.studies.definition.test_definition import GOOD, complaint

CODE = Participation._meta.get_field("completion_code").max_length
TITLE = Study._meta.get_field("title").max_length


def with_code(code: str) -> str:
    return f'{GOOD}\n[panel.codes]\ncomplete = "{code}"\n'


def test_a_completion_code_as_long_as_its_column_is_taken() -> None:
    assert parse_definition(with_code("C" * CODE), "f").panel.codes.complete == "C" * CODE


def test_a_completion_code_longer_than_its_column_is_told_with_line_and_limit() -> None:
    text = with_code("C" * (CODE + 1))
    number = text[: text.index("complete =")].count("\n") + 1
    assert complaint(text) == (
        f"cats.toml, line {number}: `panel.codes.complete` has {CODE + 1} characters and at most "
        f"{CODE} fit; shorten it"
    )


OWN_WORDS = '[[blocks]]\nname = "own"\nparadigm = "open_text"\ntrials = 1\n'


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('title = "Cats"', f'title = "{"t" * (TITLE + 1)}"', "title"),
        ('title = "Cats"', f'title = "Cats"\nlanguage = "{"x" * 36}"', "language"),
        ('consent = "consent.md"', f'consent = "consent.md"\n{"n" * 61} = "c.md"', "n" * 61),
        ("[pairs.main]", f'layer = "{"l" * 201}"\n\n[pairs.main]', "layer"),
        ("[design]", f'{OWN_WORDS}question = "{"q" * 5001}"\n\n[design]', "question"),
    ],
)
def test_every_text_that_no_column_holds_is_told_with_its_line(
    old: str, new: str, key: str
) -> None:
    text = GOOD.replace(old, new)
    message = complaint(text)
    number = text[: text.index(f"{key} =")].count("\n") + 1
    assert message.startswith(f"cats.toml, line {number}: `")
    assert "characters and at most" in message
    assert len(message) < 300


def test_a_null_character_and_a_number_without_end_are_told() -> None:
    assert "null character" in complaint(GOOD.replace('"Cats"', r'"Ca\u0000ts"'))
    options = 'weights = "IMAGENET1K_V1"\noptions = {x = [{y = nan}]}\n\n[networks.alex]'
    text = GOOD.replace('weights = "IMAGENET1K_V1"\n\n[networks.alex]', options)
    assert "`networks.vgg.options.x.0.y` is nan" in complaint(text)
    assert "design.idle_minutes` is 1000000000000; use" in complaint(
        GOOD.replace("people = 100", "people = 100\nidle_minutes = 1000000000000")
    )


def test_what_was_given_is_cut_where_it_is_told() -> None:
    assert len(complaint(GOOD.replace('"cats"', f'"{"Y" * 900}"', 1))) < 300


def test_a_study_stored_before_a_limit_is_still_read() -> None:
    stored = parse_definition(with_code("C" * CODE), "f").model_dump(mode="json")
    stored["panel"]["codes"]["complete"] = "C" * (CODE + 50)
    definition = Definition.model_validate(stored)
    assert [place for place, _ in beyond_limits(definition)] == [("panel", "codes", "complete")]


def test_the_columns_hold_what_a_name_of_the_file_may_be() -> None:
    assert Limit(60).most == StudyText._meta.get_field("name").max_length
    schema = Definition.model_json_schema()
    layer = schema["$defs"]["NetworkSection"]["properties"]["layer"]["anyOf"][0]
    assert layer["maxLength"] == Network._meta.get_field("layer").max_length


def photo_folder(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Picture.new("RGB", (64, 64), (number, 2, 3)).save(path)
    return folder


def test_a_path_longer_than_its_column_is_told_with_its_limit(tmp_path: Path) -> None:
    folder = photo_folder(tmp_path, "/".join(["d" * 200] * 3) + "/photo.png")
    images = ImagesSection(reader="folder", folder="photos")
    with pytest.raises(ReaderError, match="its path has 612 characters and at most 500 fit"):
        read_photos(images, folder)


def test_two_photos_of_long_names_side_by_side_are_stored_or_told(tmp_path: Path) -> None:
    names = [f"{letter * 100}/{letter * 200}.png" for letter in "ab"]
    images = ImagesSection(reader="folder", folder="photos", compose="pair")
    with pytest.raises(ReaderError, match="its path has 613 characters"):
        read_photos(images, photo_folder(tmp_path, *names))


@pytest.mark.parametrize("key", ["weights", "labels"])
def test_the_whole_path_of_a_networks_file_is_no_longer_than_its_column(
    tmp_path: Path, key: str
) -> None:
    folder = tmp_path.joinpath(*["d" * 200] * 3)
    folder.mkdir(parents=True)
    for name in ("consent.md", "instructions.md", "debrief.md", "mine.bin"):
        (folder / name).write_text("words")
    keys = {"weights": "IMAGENET1K_V1", key: "mine.bin"}
    lines = "\n".join(f'{name} = "{value}"' for name, value in keys.items())
    path = folder / "cats.toml"
    path.write_text(GOOD.replace('weights = "IMAGENET1K_V1"', lines, 1))
    whole = len(str((folder / "mine.bin").resolve()))
    with pytest.raises(DefinitionError, match=f"networks.vgg.{key}`: its full path has {whole} "):
        read_definition(path)


def test_more_pages_than_their_column_counts_are_told() -> None:
    text = GOOD.replace("[design]", "".join(
        f'[[blocks]]\nname = "b{n}"\nparadigm = "open_text"\ntrials = 1000\nquestion = "q"\n\n'
        for n in range(33)
    ) + "[design]")  # fmt: skip
    assert "one person would get 33022 pages, and 32767 is the limit" in complaint(text)


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    photo_folder(tmp_path, "cat/ok.png")
    (tmp_path / "photos" / "cat" / "bad\udcff.png").write_bytes(b"")
    images = ImagesSection(reader="folder", folder="photos")
    with pytest.raises(ReaderError, match=r"bad.+not UTF-8 text; rename it"):
        read_photos(images, tmp_path)


def test_a_text_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cats.toml"
    path.write_text(GOOD)
    for name in ("instructions", "debrief"):
        (tmp_path / f"{name}.md").write_text("words")
    for content in (b"\xff\xfe", b"a\x00b"):
        (tmp_path / "consent.md").write_bytes(content)
        with pytest.raises(DefinitionError, match=r"line 6: .*not UTF-8 text; save it as UTF-8"):
            read_definition(path)
    (tmp_path / "consent.md").unlink()
    (tmp_path / "consent.md").symlink_to("/proc/self/mem")
    with pytest.raises(DefinitionError, match=r"line 6: .*can't be read \(.+\)$"):
        read_definition(path)


@pytest.mark.django_db
def test_everything_as_long_as_allowed_is_loaded(tmp_path: Path) -> None:
    text = GOOD.replace('"Cats"', f'"{"t" * TITLE}"').replace("[pairs.main]", f"[pairs.{'p' * 60}]")
    text = text.replace('consent = "consent.md"', f'consent = "consent.md"\n{"n" * 60} = "more.md"')
    text = text.replace("stimuli = 30", "stimuli = 18")
    (tmp_path / "cats.toml").write_text(text)
    for name in ("consent", "instructions", "debrief", "more"):
        (tmp_path / f"{name}.md").write_text("words")
    photo_folder(tmp_path, "/".join(["d" * 240, "e" * 240, "photo-123.png"]))
    study = load_study(tmp_path / "cats.toml")
    assert study.images.get().name.endswith("photo-123.png")


@pytest.mark.django_db
def test_copies_of_studies_whose_long_names_begin_alike_have_names_of_their_own() -> None:
    stem = "long-" + "x" * 70
    studies = [make_study(slug=f"{stem}-{letter}") for letter in "ab"]
    copies = [
        marked_copy(study, kind, 1, people=2)
        for study in studies
        for kind in (StudyKind.PILOT, StudyKind.SIMULATED, StudyKind.PILOT)
    ]
    assert len({copy.slug for copy in copies}) == 6


@pytest.mark.django_db
def test_a_copy_takes_the_first_free_name() -> None:
    study = make_study(slug="short")
    first = marked_copy(study, StudyKind.PILOT, 1, people=2)
    second = marked_copy(study, StudyKind.PILOT, 1, people=2)
    assert (first.slug, second.slug) == ("short-pilot-1", "short-pilot-2")
