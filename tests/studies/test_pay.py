"""Pay is held against the time that the pilot's people really took."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sandbox.builders import make_study
from sandbox.people import send_people
from studyapp.models import Participation, Study, StudyKind
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import LifecycleError, open_study

pytestmark = pytest.mark.django_db

PAY = {"amount": 2.0, "currency": "GBP", "hourly_floor": 9.0}


def piloted(minutes: int) -> Study:
    """A study whose two pilots took so long."""
    study = make_study(people=2, pay=PAY)
    pilot = marked_copy(study, StudyKind.PILOT, seed=3, people=2)
    send_people(pilot, 2)
    now = timezone.now()
    Participation.objects.update(started_at=now - timedelta(minutes=minutes), finished_at=now)
    return study


def test_pay_below_the_floor_keeps_a_study_shut() -> None:
    with pytest.raises(LifecycleError, match=r"20.0 minutes .* 6.00 an hour, below the floor of 9"):
        open_study(piloted(20))


def test_pay_above_the_floor_opens_it() -> None:
    assert open_study(piloted(12)).is_open


def test_without_a_pilot_nothing_is_known_of_the_time() -> None:
    assert open_study(make_study(pay=PAY)).is_open
