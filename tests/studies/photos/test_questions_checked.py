"""What the check of a study file says where photos are asked about more than once."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from studyapp.management.verbs.checking import VERB
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
