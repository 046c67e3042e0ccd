"""Simulated browsers tell of presented pictures what real ones tell: it can always be read."""

from random import Random
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.models import Judgment, StudyKind
from studyapp.paradigms.presented import told_presentation
from studyapp.simulation.crowd import asked_in, send_crowd
from studyapp.simulation.presented import plausible_record, presented_ms
from studyapp.simulation.profiles import POPULATIONS
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.study import study_definition

PRESENTATIONS: list[dict[str, Any]] = [
    {"fixation_ms": 500},
    {"exposure_ms": 200, "mask": "noise", "mask_ms": 100},
    {"exposure_ms": 700, "order": "one_after_another", "gap_ms": 300},
    {"reveal": "on_request"},
    {"zoom": True},
    {"fixation_ms": 500, "zoom": True},
]


def block(presentation: dict[str, Any]) -> dict[str, Any]:
    return {"name": "main", "paradigm": "trust", "trials": 1, "presentation": presentation}


@pytest.mark.django_db
@pytest.mark.parametrize("presentation", PRESENTATIONS)
def test_every_record_can_be_read(presentation: dict[str, Any]) -> None:
    study = open_small_study(blocks=[block(presentation)], people=2)
    asked = asked_in(study_definition(study), due(take_part(study)))
    for seed in range(20):
        told = told_presentation(plausible_record(asked, Random(seed)), asked)
        assert told is not None
        assert "unreadable" not in told


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("presentation", "lasts"),
    list(zip(PRESENTATIONS, [0, 300, 2700, 0, 0, 0], strict=True)),
)
def test_nobody_answers_before_the_pictures_are_over(
    presentation: dict[str, Any], lasts: int
) -> None:
    study = open_small_study(blocks=[block(presentation)], people=2)
    asked = asked_in(study_definition(study), due(take_part(study)))
    assert presented_ms(asked) == lasts


@pytest.mark.django_db(transaction=True)
def test_simulated_people_send_it_through_the_pages(live_server: LiveServer) -> None:
    study = open_small_study(blocks=[block({"reveal": "on_request"})], people=2)
    copy = marked_copy(study, StudyKind.SIMULATED, seed=5, people=1)
    crowd = send_crowd(copy, live_server.url, POPULATIONS["able"], people=1, seed=5, at_once=1)
    assert (crowd.errors, crowd.acknowledged) == ([], 1)
    assert {one["place"] for one in Judgment.objects.get().presentation["looks"]} == {
        "photo", "a", "b"}  # fmt: skip
