"""What each of a participant's requests costs: so many queries, and no table read end to end."""

from collections import defaultdict

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sandbox.builders import ETHICS, open_small_study
from sandbox.plans import scans
from sandbox.visits import requests
from studyapp.models import Crop, StimulusOverlay, Study
from studyapp.studies.shown import shown_overlay, shown_photo
from studyapp.studies.trial_cache import overlay_codes, overlay_films

pytestmark = pytest.mark.django_db
# BEGIN and COMMIT are SAVEPOINT and RELEASE here, because each test is a transaction itself.
QUERIES = {
    "the door": 1,
    "enter": 6,
    "consent page": 2,
    "consent": 10,
    "instructions": 2,
    "begin": 6,
    "trial page": 1,
    "picture": 0,
    "answer": 4,
    "last answer": 7,
    "finished page": 2,
    "about": 2,
    "withdraw page": 1,
}


def walk(study: Study) -> dict[str, list[list[str]]]:
    """The queries of every request of one person, by the request's name."""
    found = defaultdict(list)
    for name, send in requests(Client(), study):
        with CaptureQueriesContext(connection) as asked:
            reply = send()
        assert reply.status_code in {200, 303}, name
        found[name].append([query["sql"] for query in asked.captured_queries])
    return found


def make_study() -> Study:
    return open_small_study(trials=4, stimuli=4, checks=1, practice=1, people=8, ethics=ETHICS)


def test_each_request_of_a_participant_takes_as_many_queries_as_is_known() -> None:
    study = make_study()
    # What never changes is read with the first person's pages.
    walk(study)
    uses = StimulusOverlay.objects.filter(stimulus__study=study)
    for use in uses.select_related("stimulus", "overlay"):
        overlay_codes(use.stimulus_id, use.condition_id)
        overlay_films(use.stimulus_id, use.condition_id)
        shown_overlay(use.overlay.code, study.pk, use.stimulus.photo_id)
    for crop in Crop.objects.all():
        shown_photo(crop.code)
    found = {name: {len(one) for one in asked} for name, asked in walk(study).items()}
    assert found == {name: {count} for name, count in QUERIES.items()}


def test_no_query_of_a_participant_reads_a_growing_table_from_end_to_end() -> None:
    study = make_study()
    asked = [
        query for _ in range(2) for name in walk(study).values() for one in name for query in one
    ]
    with connection.cursor() as cursor:
        # So small tables are read whole where nothing forbids it; then only an index that is
        # missing leaves no other way.
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert scans(asked) == []
    without_index = "SELECT * FROM studyapp_judgment WHERE value = 1"
    assert scans([*asked, without_index]) == [("studyapp_judgment", without_index)]
