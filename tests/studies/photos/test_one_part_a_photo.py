"""A photo that is asked about more than once has one part in a study, whatever is asked."""

import pytest

from photos.questions import context_text
from sandbox.builders import make_image, open_small_study
from studyapp.models import Case, StimulusRole, Study, StudyImage
from studyapp.paradigms import Candidate
from studyapp.studies.definition.study import study_definition
from studyapp.studies.photos.eligibility import Eligible
from studyapp.studies.photos.selection import _stimuli

pytestmark = pytest.mark.django_db


def asked_twice(study: Study, count: int) -> Eligible:
    """Photos with two questions each: the network is right about one and wrong about the other."""
    found = Eligible()
    images = [make_image(f"asked {number}") for number in range(count)]
    for text, stratum in (("Who?", "right"), ("Where?", "wrong")):
        for number, image in enumerate(images):
            case = Case.objects.of(image, context_text(text))
            photo = StudyImage.objects.create(
                study=study, case=case, name=f"asked {number}.png", group=str(number)
            )
            found.candidates[photo] = [Candidate(text, 0, stratum=stratum)]
    return found


def test_a_photo_has_one_role_and_stratum_in_all_its_cases() -> None:
    study = open_small_study(paradigm="agreement", stimuli=4, trials=2, practice=2)
    eligible = asked_twice(study, 8)
    rows = list(
        _stimuli(study, study_definition(study), "agreement", list(eligible.candidates), eligible)
    )
    parts: dict[int, set[tuple[str, str]]] = {}
    for row in rows:
        if row.role != StimulusRole.RESERVE:
            parts.setdefault(row.photo.case.image_id, set()).add((row.role, row.facts["stratum"]))
    assert all(len(found) == 1 for found in parts.values())
    every = sorted(part for found in parts.values() for part in found)
    assert every == [
        *[("main", "right")] * 2, *[("main", "wrong")] * 2, ("practice", "right"),
        ("practice", "wrong"),
    ]  # fmt: skip
