"""What a check of a study file foresees of the choice of photos is what the preparation finds."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from studyapp.management.verbs.checking import VERB
from studyapp.models import Network, Prediction, Study, WorkState
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.study import study_definition
from studyapp.studies.loading import load_study
from studyapp.studies.photos.eligibility import Outcome, eligible_photos
from studyapp.studies.photos.foresight import foreseen_shortages
from studyapp.studies.photos.readers import read_photos
from studyapp.studies.photos.selection import PreparationError, paradigm_pairs, select_stimuli
from tests.explainer.small_vqa import ANSWERS, BRIGHTNESS, FACTORY

from .questions import STUDY, write_questions

pytestmark = pytest.mark.django_db
MAIN = '{ name = "main", paradigm = "agreement", trials = 2 }'
ITEMS = 'items = ["It is clear."], points = 5, lowest = "no", highest = "yes"'
HOW = f'{{ name = "how", paradigm = "rating", trials = 1, {ITEMS} }}'
TWO = STUDY.replace(MAIN, f"{MAIN}, {HOW}")


@pytest.fixture(autouse=True)
def _allowed(settings: Settings) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]


def answered(path: Path, *, wrong: str = "") -> Study:
    """The study loaded, every question answered rightly but those that say `wrong`."""
    study = load_study(path)
    Network.objects.update(labels=list(ANSWERS))
    (network,) = Network.objects.all()
    for use in study.images.select_related("case"):
        right = ANSWERS.index(use.categories[0]["name"])
        other = (right + 1) % len(ANSWERS)
        first, second = (other, right) if use.case.asked_with == wrong else (right, other)
        Prediction.objects.create(
            case=use.case, network=network, state=WorkState.READY,
            top=[[first, 2.0, 0.7], [second, 1.0, 0.2]],
        )  # fmt: skip
    return study


def foreseen(study: Study, folder: Path) -> list[str]:
    definition = study_definition(study)
    photos = read_photos(definition.images, folder, seed=definition.design.seed)
    outcomes: dict[str, list[Outcome]] = {}
    for paradigm in definition.photo_paradigms():
        pairs = paradigm_pairs(study, definition, paradigm)
        found = eligible_photos(study.images.select_related("case"), pairs, PARADIGMS[paradigm])
        by_case = {(use.name, use.case.context): one for use, one in found.candidates.items()}
        outcomes[paradigm] = [by_case[photo.name, photo.context] for photo in photos]
    return list(foreseen_shortages(definition, photos, outcomes))


def lacking(study: Study) -> list[str]:
    """What the preparation lacks, up to the count of what can be asked about."""
    try:
        select_stimuli(study)
    except PreparationError as error:
        return [str(error).partition(": ")[0]]
    return []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("study", "wrong", "stimuli"),
    [
        (STUDY, BRIGHTNESS, 8),
        (STUDY, BRIGHTNESS, 4),
        (TWO, "", 2),
        (TWO, BRIGHTNESS, 2),
        (TWO, BRIGHTNESS, 4),
    ],
)
def test_what_is_foreseen_is_what_the_preparation_finds(
    tmp_path: Path, study: str, wrong: str, stimuli: int, seed: int
) -> None:
    text = study.replace("stimuli = 8", f"stimuli = {stimuli}").replace(
        "seed = 1", f"seed = {seed}"
    )
    loaded = answered(write_questions(tmp_path, study=text), wrong=wrong)
    told = [sentence.partition(": ")[0] for sentence in foreseen(loaded, tmp_path)]
    assert told == lacking(loaded)


def test_both_strata_of_one_photo_are_not_both_counted(tmp_path: Path) -> None:
    loaded = answered(write_questions(tmp_path), wrong=BRIGHTNESS)
    (told,) = foreseen(loaded, tmp_path)
    assert told.startswith("agreement asks for 4 right main stimuli, found ")
    assert "a photo is asked about by one paradigm, in one stratum" in told


def checked(folder: Path, study: str) -> dict[str, Any]:
    path = write_questions(folder, study=study)
    facts, _ = VERB.run({"file": path, "predict": False})
    return facts


def test_paradigms_that_would_take_each_others_photos_are_told_by_the_check(
    tmp_path: Path,
) -> None:
    other = MAIN.replace("agreement", "open_text").replace(
        "trials = 2", "trials = 1, with_photos = true"
    )
    three = TWO.replace(MAIN, other).replace(
        "smallest_side", 'count = 3, select = "first", smallest_side'
    )
    assert checked(tmp_path, three.replace("stimuli = 8", "stimuli = 2"))["not_met"] == []
    assert checked(tmp_path, three.replace("stimuli = 8", "stimuli = 3"))["not_met"] == [
        "the paradigms need at least 4 different photos together, because a photo is asked about "
        "by one of them, and 3 can be asked about: add photos or ask for fewer stimuli"
    ]
