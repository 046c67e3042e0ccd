"""A draft's file may not change what its photos and another tool's files were read for."""

from pathlib import Path

import pytest
from PIL import Image

from studyapp.studies.editing import Version, check_version, save_version, stored_version
from studyapp.studies.loading import load_study
from tests.admin.desk import make_user
from tests.elsewhere import (
    EXPLAINED,
    IMPORTED,
    MAPS,
    PAIRS,
    PHOTOS,
    PICTURES,
    TABLE,
    write_imported,
)

pytestmark = pytest.mark.django_db
ALONE = IMPORTED.replace('    { name = "nothing", method = "none" },\n', "")
MORE = '\n[networks.more]\npredictions = "more.csv"\n'
# The map of each photo is that of its other answer as well
TWICE = MAPS + "".join(
    f"{photo},{'dog' if answer == 'cat' else 'cat'},{photo[-5]}.npy\n"
    for photo, answer in EXPLAINED.items()
)


@pytest.fixture(autouse=True)
def _another_table(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(TABLE, encoding="utf-8")


def told(path: Path, old: str, new: str) -> list[str]:
    """What is wrong with the study file in which `new` stands in place of `old`."""
    study = load_study(path)
    toml = stored_version(study).toml
    assert old in toml
    changed = Version(toml.replace(old, new), dict.fromkeys(stored_version(study).texts, "Words."))
    return [one.sentence for one in check_version(study, changed)[1]]


def test_another_question_may_not_compare_what_was_never_compared(tmp_path: Path) -> None:
    path = write_imported(tmp_path, study=ALONE, manifest=TWICE)
    for paradigm in ("distinction", "discrimination"):
        (found,) = told(path, '"agreement"', f'"{paradigm}"')
        assert "differs where answers or networks are compared is checked when a study is" in found
    assert told(path, '"agreement"', '"reliance"') == []


def test_a_question_that_compares_less_is_asked_of_the_same_files(tmp_path: Path) -> None:
    path = write_imported(
        tmp_path, study=ALONE.replace('"agreement"', '"discrimination"'), manifest=TWICE
    )
    assert told(path, '"discrimination"', '"agreement"') == []


def test_the_colour_between_imported_pictures_stays(tmp_path: Path) -> None:
    path = write_imported(tmp_path, study=PICTURES, manifest=PAIRS)
    for photo in PHOTOS:
        file = tmp_path / "photos" / photo
        with Image.open(file) as picture:
            picture.save(file.with_suffix(".jpg"), quality=95)
        file.unlink()
    for table in (tmp_path / "made" / "maps.csv", tmp_path / "predictions.csv"):
        words = table.read_text(encoding="utf-8")
        for photo in PHOTOS:
            words = words.replace(photo, photo.replace(".png", ".jpg"))
        table.write_text(words, encoding="utf-8")
    (found,) = told(path, "size = 96", 'size = 96, surround = "dark"')
    assert "another tool's pictures were laid on #e7e7e4, so it stays" in found


def test_a_table_of_answers_is_not_looked_for_beside_a_draft(tmp_path: Path) -> None:
    path = write_imported(tmp_path, study=f"{ALONE}{MORE}")
    (found,) = told(path, 'stronger = "theirs"', 'stronger = "more"')
    assert found.startswith('`networks.more.predictions = "more.csv"`: this file is read when a')


def test_a_network_in_no_pair_hinders_no_edit(tmp_path: Path) -> None:
    study = load_study(write_imported(tmp_path, study=f"{ALONE}{MORE}"))
    before = stored_version(study)
    changed = Version(before.toml.replace("people = 4", "people = 8"), before.texts)
    saved = save_version(study, changed, before=before.digest(), by=make_user("owner"))
    assert saved.definition["design"]["people"] == 8


def test_a_condition_that_shows_nothing_imported_any_more_keeps_none_of_its_settings(
    tmp_path: Path,
) -> None:
    study = load_study(write_imported(tmp_path, study=ALONE))
    before = stored_version(study)
    toml = before.toml.replace('method = "imported", files = "made/maps.csv"', 'method = "none"')
    changed = Version(toml, before.texts)
    saved = save_version(study, changed, before=before.digest(), by=make_user("owner"))
    condition = saved.conditions.get()
    assert (condition.name, condition.method, condition.settings) == ("theirs", "none", {})
