"""What the check of a study file says where photos are asked about more than once."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from studyapp.analyses.plan_documents import PLAN
from studyapp.analyses.power.designs import drawn
from studyapp.management.verbs.checking import VERB
from studyapp.management.verbs.preregistering import run as preregister
from studyapp.studies.definition.file import read_definition
from studyapp.studies.design.draw import DesignError
from studyapp.studies.design.stand_ins import photos_asked_about, questions_by_photo, stand_ins
from tests.explainer.small_vqa import FACTORY

from .questions import STUDY, write_questions

MAIN = '{ name = "main", paradigm = "agreement", trials = 2 }'
PRACTICE = '{ name = "try", paradigm = "agreement", stage = "practice", trials = 2 }'


@pytest.fixture(autouse=True)
def _allowed(settings: Settings) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]


def checked(folder: Path, study: str) -> tuple[dict[str, Any], list[str]]:
    return VERB.run({"file": write_questions(folder, study=study), "predict": False})


def test_practice_that_would_leave_the_main_trials_too_few_questions_is_told(
    tmp_path: Path,
) -> None:
    practised = STUDY.replace(MAIN, f"{PRACTICE}, {MAIN}")
    facts, _ = checked(tmp_path, practised.replace("stimuli = 8", "stimuli = 6"))
    assert facts["not_met"] == [
        "agreement asks 6 questions in its main trials, and 2 of the 4 photos are needed for "
        "practice and learning, where each is asked about once, so that at most 4 can be asked: "
        "add photos, ask for fewer stimuli, or for less practice and learning"
    ]
    facts, _ = checked(tmp_path, practised.replace("stimuli = 8", "stimuli = 4"))
    assert facts["not_met"] == []


def test_questions_that_are_lacking_are_told_as_questions(tmp_path: Path) -> None:
    facts, _ = checked(tmp_path, STUDY.replace("stimuli = 8", "stimuli = 12"))
    assert facts["not_met"] == [
        "agreement asks for 12 questions about photos, and at most 8 can be asked: add questions "
        "or ask for fewer stimuli"
    ]


def test_the_expected_precision_counts_photos_and_not_questions(tmp_path: Path) -> None:
    facts, lines = checked(tmp_path, STUDY)
    assert [(row["photos"], row["ratings"]) for row in facts["precision"]] == [(4, 8)]
    assert facts["certificate"]["blocks"][0]["stimuli"] == 8
    assert any("8 people × 4 photos, 8 ratings per condition → mean ± 0.375" in line
               for line in lines)  # fmt: skip


def test_photos_with_unequal_questions_are_refused_where_one_person_would_see_one_twice(
    tmp_path: Path,
) -> None:
    with pytest.raises(DesignError, match="2 trials per person need at least 2 photos with equal"):
        checked(tmp_path, STUDY.replace("trials = 2", "trials = 4").replace("= 8, r", "= 6, r"))


def test_two_blocks_share_the_photos_and_not_their_questions(tmp_path: Path) -> None:
    second = MAIN.replace('"main"', '"second"')
    facts, _ = checked(tmp_path, STUDY.replace(MAIN, f"{MAIN}, {second}"))
    assert facts["not_met"] == []
    assert [(row["block"], row["photos"]) for row in facts["precision"]] == [
        ("main", 2),
        ("second", 2),
    ]
    assert facts["certificate"]["images_repeated"] == 0


def test_blocks_that_would_share_a_photo_are_refused_by_the_check(tmp_path: Path) -> None:
    shares = [MAIN.replace("= 2 }", f"= 2, stimuli = {count} }}") for count in (2, 6)]
    two = f"{shares[0]}, {shares[1].replace('main', 'second')}"
    with pytest.raises(DesignError, match="two blocks ask one person about the same photo"):
        checked(tmp_path, STUDY.replace(MAIN, two))


def test_power_and_preregistration_know_how_many_photos_there_are(tmp_path: Path) -> None:
    path = write_questions(tmp_path)
    asked = {"source": str(path), "out": tmp_path / "plan.md", "form": PLAN, "amendments": False}
    preregister(asked)
    assert "8 people × 4 photos" in (tmp_path / "plan.md").read_text()
    definition = read_definition(path)
    questions = questions_by_photo(photos_asked_about(definition, tmp_path))
    assert questions == [2, 2, 2, 2]
    for wanted, images in ((4, 4), (8, 4), (16, 8)):
        design = drawn(definition, partial(stand_ins, questions=questions), people=8, photos=wanted)
        asked = [one.item for slot in design.slots for one in slot.trials]
        assert len({one.image for one in asked if one is not None}) == images
