"""What people marked becomes maps that another study can show."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, due, make_profile
from studyapp import storage
from studyapp.models import Exclusion, Explanation, Judgment, Participation, Study
from studyapp.paradigms.questions import DECLINED
from studyapp.participations.answering import answer
from studyapp.studies.definition.file import read_definition
from studyapp.studies.loading import load_study
from studyapp.studies.photos.readers import ReaderError
from tests.elsewhere import PHOTOS, STUDY, write_elsewhere
from tests.running import output_of

pytestmark = pytest.mark.django_db
LEFT = {"version": 1, "tool": "box", "boxes": [[0, 0, 0.5, 1]]}
TOP = {"version": 1, "tool": "box", "boxes": [[0, 0, 1, 0.5]]}
WHOLE = {"version": 1, "tool": "box", "boxes": [[0, 0, 1, 1]]}


def study_that_marks(*names: str, **options: Any) -> Study:
    blocks = [
        {"name": name, "paradigm": "marking", "trials": 2, "stimuli": 2} for name in names
    ] or [{"name": "main", "paradigm": "marking", "trials": 2}]
    return open_small_study(
        paradigm="marking", blocks=blocks, people=4, stimuli=2 * max(1, len(names)), **options
    )


def mark(person: Participation, *regions: dict[str, Any]) -> None:
    for region in regions:
        answer(person, trial_code=due(person).code, value=None, data={"region": region}, timing={})


def written(folder: Path) -> list[dict[str, str]]:
    with (folder / "regions.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_map_holds_the_share_of_people_who_marked_each_pixel(tmp_path: Path) -> None:
    study = study_that_marks()
    mark(take_part(study, "a"), LEFT, LEFT)
    mark(take_part(study, "b"), TOP, TOP)
    mark(take_part(study, "gone"), WHOLE)
    told = output_of("study", "regions", study.slug, tmp_path / "maps")
    assert told.startswith("2 maps of 2 to 2 people each, and their table")
    rows = written(tmp_path / "maps")
    assert [set(row) for row in rows] == [{"photo", "file", "square_of"}] * 2
    names = {one.photo.name for one in study.stimuli.all()}
    assert {row["photo"] for row in rows} == names
    shares = np.load(tmp_path / "maps" / rows[0]["file"], allow_pickle=False)
    assert (shares.shape, shares.dtype) == ((224, 224), np.float32)
    quarters = shares[:112, :112], shares[:112, 112:], shares[112:, :112], shares[112:, 112:]
    assert [set(part.ravel().tolist()) for part in quarters] == [{1.0}, {0.5}, {0.5}, {0.0}]


def test_people_who_are_left_out_of_the_analysis_are_left_out_here(tmp_path: Path) -> None:
    study = study_that_marks()
    for name, region in (("a", LEFT), ("b", TOP)):
        mark(take_part(study, name), region, region)
    out = Judgment.objects.latest("pk").participation
    Exclusion.objects.create(participation=out, rule="by_hand", note="a friend")
    output_of("study", "regions", study.slug, tmp_path / "maps")
    shares = np.load(tmp_path / "maps" / "0001.npy", allow_pickle=False)
    assert shares[:, :112].all()
    assert not shares[:, 112:].any()


def test_people_who_preferred_not_to_mark_are_not_counted(tmp_path: Path) -> None:
    block = {"name": "main", "paradigm": "marking", "trials": 2, "may_decline": True}
    study = open_small_study(paradigm="marking", blocks=[block], people=4, stimuli=2)
    mark(take_part(study, "a"), LEFT, LEFT)
    mark(take_part(study, "b"), DECLINED, DECLINED)
    told = output_of("study", "regions", study.slug, tmp_path / "maps")
    assert told.startswith("2 maps of 1 to 1 people each")
    shares = np.load(tmp_path / "maps" / "0001.npy", allow_pickle=False)
    assert set(shares.ravel().tolist()) == {0.0, 1.0}


def test_the_table_names_network_and_answer_where_it_is_asked_to(tmp_path: Path) -> None:
    study = study_that_marks()
    answer_all(take_part(study, "a"), make_profile("marking"))
    output_of("study", "regions", study.slug, tmp_path / "maps", network="theirs")
    rows = written(tmp_path / "maps")
    told = {row["photo"]: (row["network"], row["answer"]) for row in rows}
    assert told == {
        one.photo.name: ("theirs", one.category) for one in study.stimuli.select_related("photo")
    }


def test_a_map_that_is_the_same_everywhere_is_left_out_and_named(tmp_path: Path) -> None:
    study = study_that_marks()
    mark(take_part(study, "a"), WHOLE, LEFT)
    facts = json.loads(output_of("study", "regions", study.slug, tmp_path / "maps", json=True))
    assert (facts["maps"], len(facts["left_out"])) == (1, 1)
    assert len(written(tmp_path / "maps")) == 1


def two_squares(study: Study) -> tuple[str, str]:
    """Gives the study's second condition another pair, whose network has another crop."""
    definition = study.definition
    first, second = definition["conditions"][:2]
    main = next(iter(definition["pairs"]))
    definition["pairs"]["other"] = {**definition["pairs"][main], "stronger": "another"}
    for one in definition["conditions"]:
        one["pair"] = "other" if one is second else main
    Study.objects.filter(pk=study.pk).update(definition=definition)
    return str(first["name"]), str(second["name"])


def mark_by_condition(person: Participation, regions: dict[str, dict[str, Any]]) -> None:
    for _ in range(2):
        name = str(due(person).condition)
        mark(person, regions.get(name, TOP))


@pytest.mark.parametrize("beside", [False, True])
def test_regions_of_other_squares_or_explanations_are_not_added_up(
    beside: bool, tmp_path: Path
) -> None:
    blocks = [{"name": "main", "paradigm": "marking", "trials": 2, "with_explanation": beside}]
    study = open_small_study(paradigm="marking", blocks=blocks, people=4, stimuli=2)
    names = [one["name"] for one in study.definition["conditions"][:2]]
    if not beside:
        two_squares(study)
    for person in "abcd":
        mark_by_condition(take_part(study, person), {names[0]: LEFT, names[1]: TOP})
    with pytest.raises(CommandError, match="which can't be added up; name one with --condition"):
        output_of("study", "regions", study.slug, tmp_path / "maps")
    with pytest.raises(CommandError, match="has no condition elsewhere"):
        output_of("study", "regions", study.slug, tmp_path / "maps", condition="elsewhere")
    assert not (tmp_path / "maps").exists()
    told = output_of("study", "regions", study.slug, tmp_path / "maps", condition=names[0])
    assert "they cover the square of each photo that" in told
    for row in written(tmp_path / "maps"):
        shares = np.load(tmp_path / "maps" / row["file"], allow_pickle=False)
        assert shares[:, :112].all()
        assert not shares[:, 112:].any()


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    study = study_that_marks()
    mark(take_part(study, "a"), LEFT, LEFT)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CommandError, match="can't be written: Not a directory; name another"):
        output_of("study", "regions", study.slug, tmp_path / "file" / "maps")


def test_what_can_not_be_written_is_told(tmp_path: Path) -> None:
    def complaint(study: Study, folder: Path, **options: Any) -> str:
        with pytest.raises(CommandError) as caught:
            output_of("study", "regions", study.slug, folder, **options)
        return str(caught.value)

    study = study_that_marks("one", "two")
    assert complaint(study, tmp_path / "m").endswith("name one with --block: one, two")
    assert "no block three" in complaint(study, tmp_path / "m", block="three")
    assert "has marked anything" in complaint(study, tmp_path / "m", block="one")
    mark(take_part(study, "a"), *[LEFT] * 4)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert "name a new folder" in complaint(study, tmp_path / "full", block="two")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]
    plain = open_small_study(slug="plain")
    assert "asks nobody to mark a region" in complaint(plain, tmp_path / "m")


def test_another_study_imports_what_people_marked(tmp_path: Path) -> None:
    study = open_small_study(
        paradigm="marking", people=1, stimuli=4,
        blocks=[{"name": "main", "paradigm": "marking", "trials": 4}],
    )  # fmt: skip
    for photo, name in zip(study.images.order_by("pk"), PHOTOS, strict=True):
        study.images.filter(pk=photo.pk).update(name=name)
    mark(take_part(study, "a"), LEFT, TOP, LEFT, TOP)
    output_of("study", "regions", study.slug, tmp_path / "people")
    condition = '{ name = "people", method = "imported", files = "people/regions.csv" }'
    file = write_elsewhere(
        tmp_path, study=STUDY.replace("conditions = [", f"conditions = [{condition}, ")
    )
    # Nobody could see later that the marks lie beside what people meant
    with pytest.raises(ReaderError, match="people will see that of the"):
        load_study(file)
    table = tmp_path / "people" / "regions.csv"
    (square,) = {row["square_of"] for row in written(tmp_path / "people")}
    of_table = read_definition(file).networks["theirs"].square
    table.write_text(table.read_text("utf-8").replace(square, of_table), "utf-8")
    other = load_study(file)
    rows = Explanation.objects.filter(method="imported")
    assert rows.count() == 4
    for row in written(tmp_path / "people"):
        case = other.images.get(name=row["photo"]).case
        kept = rows.get(case=case)
        with np.load(io.BytesIO(storage.read(kept.map_file, kept.map_digest))) as archive:
            there = np.load(tmp_path / "people" / row["file"])
            np.testing.assert_array_equal(archive["map"], there)
