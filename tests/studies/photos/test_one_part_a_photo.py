"""A photo that is asked about more than once has one part in a study, whatever is asked."""

from dataclasses import replace

import pytest

from photos.questions import context_text
from sandbox.builders import make_image, open_small_study
from studyapp.models import Case, StimulusRole, Study, StudyImage
from studyapp.paradigms import Candidate
from studyapp.studies.definition.study import study_definition
from studyapp.studies.photos.eligibility import Eligible
from studyapp.studies.photos.selection import _stimuli
from studyapp.studies.photos.untouched import Untouched

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


def test_the_main_trials_leave_photos_for_practice_and_learning() -> None:
    study = open_small_study(paradigm="agreement", stimuli=4, trials=2, practice=2)
    eligible = asked_twice(study, 4)
    for photo, candidates in eligible.candidates.items():
        stratum = "right" if int(photo.group) < 2 else "wrong"
        eligible.candidates[photo] = [replace(candidates[0], stratum=stratum)]
    rows = _stimuli(
        study, study_definition(study), "agreement", list(eligible.candidates), eligible
    )
    found = sorted((row.role, row.facts["stratum"], row.photo.group) for row in rows)
    assert found == [
        *[("main", "right", "0")] * 2, *[("main", "wrong", "2")] * 2,
        ("practice", "right", "1"), ("practice", "wrong", "3"),
        ("reserve", "right", "1"), ("reserve", "wrong", "3"),
    ]  # fmt: skip


def test_a_photo_with_questions_of_two_kinds_is_kept_for_one_of_them() -> None:
    cases = [(1, "right"), (1, "wrong"), (2, "right")]
    untouched = Untouched(cases)
    left = {("main", "right"): 1, ("practice", "wrong"): 1, ("practice", "right"): 1}
    assert not untouched.leave_enough(1, ("main", "right"), left)
    assert not untouched.leave_enough(1, ("practice", "right"), left)
    assert untouched.leave_enough(1, ("practice", "wrong"), left)
    assert not untouched.leave_enough(2, ("main", "right"), left)
    assert untouched.leave_enough(2, ("practice", "right"), left)
