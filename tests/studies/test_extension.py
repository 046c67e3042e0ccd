"""Places added to an open study: a new seeded block, listed as a deviation."""

import json

import pytest
from django.core.management import CommandError, call_command

from sandbox.builders import make_study, open_small_study, take_part
from sandbox.people import send_people
from studyapp.models import Deviation, Slot, Study, Trial
from studyapp.studies.design.keys import keys_digest
from studyapp.studies.extension import extend_study
from studyapp.studies.lifecycle import LifecycleError, close_study
from tests.running import output_of

pytestmark = pytest.mark.django_db


def test_added_places_follow_the_first_ones_and_leave_them_as_they_were() -> None:
    study = open_small_study(people=2, trials=3, stimuli=4)
    send_people(study, 2)
    before = list(Trial.objects.filter(slot__study=study).values_list("pk", "code", "stimulus"))
    extend_study(study, people=4, reason="ten people dropped out")
    rows = Slot.objects.filter(study=study).values_list("position", "addition", "is_open")
    assert [row[:2] for row in rows] == [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1), (5, 1)]
    assert [row[2] for row in rows] == [False, False, True, True, True, True]
    old = Trial.objects.filter(slot__study=study, slot__addition=0)
    assert list(old.values_list("pk", "code", "stimulus")) == before
    assert Trial.objects.filter(slot__addition=1).count() == 12
    person = take_part(study, "somebody new")
    assert person.slot.position == 2


def test_a_second_block_is_another_drawing() -> None:
    study = open_small_study(people=2)
    digests = [extend_study(study, people=2)["digest"] for _ in range(2)]
    assert len(set(digests)) == 2
    assert set(Slot.objects.values_list("addition", flat=True)) == {0, 1, 2}


def test_a_deviation_says_how_many_where_and_why() -> None:
    study = open_small_study(people=2)
    certificate = extend_study(study, people=2, reason="ten people dropped out")
    deviation = Deviation.objects.get()
    assert deviation.what == "places added"
    assert deviation.detail == (
        f"2 places from position 2, design {certificate['digest'][:12]}, answer keys "
        f"{keys_digest(study, addition=1)[:12]}: ten people dropped out"
    )


def test_only_a_study_that_is_under_way_is_extended() -> None:
    for study in (make_study(), close_study(open_small_study(slug="closed"))):
        with pytest.raises(LifecycleError, match="must be open or paused"):
            extend_study(study, people=2)


def test_places_that_cannot_be_balanced_are_refused_with_the_nearest() -> None:
    design = {"seed": 1, "people": 4, "stimuli": 4, "ratings": "exact"}
    study = open_small_study(trials=4, stimuli=4, design=design)
    with pytest.raises(LifecycleError, match="use 2 or 4 people"):
        extend_study(study, people=3)
    assert Slot.objects.count() == 4


def test_the_command_extends_and_refuses_in_one_line() -> None:
    study = open_small_study(people=2)
    told = output_of("study", "extend", study.slug, people=2, json=True)
    assert json.loads(told)["certificate"]["slots"] == 2
    with pytest.raises(CommandError, match="at least 1"):
        call_command("study", "extend", study.slug, people=0)
    assert Study.objects.get().slots.count() == 4
