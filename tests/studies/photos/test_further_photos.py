"""The column `further` of the table of cases: photos beside a photo, or the line to mend."""

from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from photos.questions import MOST_FURTHER
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.loading import load_study
from studyapp.studies.photos.files import examine
from studyapp.studies.photos.readers import Photo, ReaderError, read_photos
from tests.explainer.small_pair import FACTORY

from .pairs import COLOURS, STUDY, TABLE, write_pairs

SECTION = ImagesSection(reader="folder", folder="photos", cases="cases.csv", smallest_side=16)
REST = "".join(f"asked/{name}.png,others/red.png\n" for name in "bcd")
ALL = "asked/b.png,others/red.png|others/green.png|others/blue.png\nasked/c.png,asked/d.png\n"


def read(folder: Path, table: str, **options: object) -> list[Photo]:
    write_pairs(folder, table=table)
    return read_photos(SECTION.model_copy(update=options), folder)


def test_photos_that_only_stand_beside_others_are_no_cases(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "photo,further\nasked/a.png,others/blue.png | asked/b.png\n"
        f"{REST}others/green.png,asked/a.png\n",
    )
    assert [(one.name, [beside.name for beside in one.further]) for one in found] == [
        ("asked/a.png", ["others/blue.png", "asked/b.png"]),
        *[(f"asked/{name}.png", ["others/red.png"]) for name in "bcd"],
        ("others/green.png", ["asked/a.png"]),
    ]
    assert {(one.context, one.shown) for one in found} == {("", "")}


def test_a_context_may_stand_beside_further_photos_or_be_left_out(tmp_path: Path) -> None:
    rest = REST.replace("png,others", "png,,others")
    first = "asked/a.png,Which?,others/blue.png|others/green.png\nasked/a.png,Which?,\n"
    found = read(tmp_path, f"photo,context,further\n{first}{rest}")
    assert [(one.context, len(one.further)) for one in found] == [
        ('"Which?"', 2), ('"Which?"', 0), ("", 1), ("", 1), ("", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("asked/a.png,", "line 2: the cell further is empty"),
        (",others/red.png", "line 2: the cell photo is empty"),
        ("asked/a.png,others/red.png|", "names a photo without a name"),
        ("asked/a.png,others/white.png", "there is no photo others/white.png"),
        ("asked/a.png,others", "there is no photo others"),
        (f"asked/a.png,others/{'w' * 300}.png", "path below the folder of photos"),
        ("asked/a.png,../text.md", "../text.md is not a path below the folder of photos"),
        ("asked/a.png,others/../others/red.png", "is not a path below the folder of photos"),
        ("asked/a.png,/etc/hostname", "/etc/hostname is not a path below the folder"),
        ("asked/a.png,outside.png", "outside.png is a link that leads out of the folder of photos"),
        ("asked/a.png,circle.png", "there is no photo circle.png"),
        ("asked/a.png,asked/a.png", "asked/a.png is named twice in one case"),
        ("asked/a.png,others/red.png|others/red.png", "others/red.png is named twice"),
        (f"asked/a.png,{'|'.join(['others/red.png'] * 17)}", f"{MOST_FURTHER} is the limit"),
        (
            "asked/a.png,others/red.png\nasked/a.png,others/red.png",
            "line 3: the same photo and context as line 2 with the same further photos",
        ),
    ],
)  # fmt: skip
def test_further_photos_that_cannot_be_taken_are_refused_with_their_line(
    tmp_path: Path, row: str, told: str
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "elsewhere.png").write_bytes(b"another's")
    (tmp_path / "photos" / "outside.png").symlink_to(tmp_path / "elsewhere.png")
    (tmp_path / "photos" / "circle.png").symlink_to(tmp_path / "photos" / "circle.png")
    with pytest.raises(ReaderError, match=rf"cases\.csv, .*{told}"):
        read(tmp_path, f"photo,further\n{row}\n{REST}", label="filename")


def test_further_photos_are_decoded_before_anything_is_stored(tmp_path: Path) -> None:
    found = read(tmp_path, f"photo,further\nasked/a.png,others/blue.png\n{ALL}")
    examine(found, SECTION)
    path = tmp_path / "photos" / "others/blue.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ReaderError, match=r"others/blue\.png: not a whole photo"):
        examine(found, SECTION)
    # The same picture under another name may stand beside it: it is compared, not asked about
    path.write_bytes((tmp_path / "photos" / "asked/a.png").read_bytes())
    examine(found, SECTION)
    assert len(COLOURS) == 7


@pytest.mark.django_db
def test_copies_of_a_further_photo_make_no_second_case(tmp_path: Path, settings: Settings) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]
    twice = "asked/d.png,others/red.png|others/green.png,the second\n"
    copied = TABLE + twice.replace("red", "copy")
    other_order = twice.replace("red.png|others/green", "green.png|others/copy")
    path = write_pairs(tmp_path, table=copied)
    original = tmp_path / "photos" / "others/red.png"
    original.with_name("copy.png").write_bytes(original.read_bytes())
    told = (
        "asked/d.png: two rows give it the same further photos, which are copies under other "
        "names; remove one of the rows"
    )
    with pytest.raises(ReaderError, match=f"^{told}$"):
        load_study(path)
    with pytest.raises(CommandError, match=told):
        call_command("study", "check", str(path))
    write_pairs(tmp_path, table=TABLE + other_order)
    assert load_study(path).images.count() == 9


@pytest.mark.django_db
def test_what_another_tool_made_is_refused_where_it_could_be_of_either_case(
    tmp_path: Path, settings: Settings
) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]
    imported = 'method = "imported", files = "made.csv", kind = "map"'
    path = write_pairs(tmp_path, study=STUDY.replace('method = "gradient"', imported))
    (tmp_path / "made.csv").write_text("photo,file\nasked/a.png,made.npy\n", encoding="utf-8")
    np.save(tmp_path / "made.npy", np.ones((4, 4), dtype=np.float32))
    told = r"asks about asked/a\.png 2 times with the same context and other further photos"
    with pytest.raises(ReaderError, match=told):
        load_study(path)
