"""Exclusions at the desk: rows that are added with a reason, and undone by another row."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from sandbox.builders import open_small_study, take_part
from sandbox.people import send_people
from studyapp.models import Exclusion
from tests.admin.desk import administrator, page_of

pytestmark = pytest.mark.django_db


def test_an_exclusion_is_added_with_its_maker_a_reason_and_a_note() -> None:
    study, client = open_small_study(), administrator()
    person = take_part(study)
    data = {"code": person.code, "rule": "spoke to us", "note": "was a colleague"}
    client.post(page_of(study, "study_exclusions"), data)
    row = Exclusion.objects.get()
    assert (row.rule, row.note) == ("spoke to us", "was a colleague")
    assert row.made_by.username == "researcher"
    assert "counted → left out" in LogEntry.objects.get().change_message


def test_an_exclusion_without_a_note_or_of_a_stranger_is_refused_beside_the_field() -> None:
    study, client = open_small_study(), administrator()
    stranger = take_part(open_small_study(slug="other"))
    data = {"code": stranger.code, "rule": "fast", "note": ""}
    page = client.post(page_of(study, "study_exclusions"), data).content.decode()
    assert f"small has no participation {stranger.code}" in page
    assert "This field is required" in page
    assert not Exclusion.objects.exists()


def test_an_undo_is_another_row_and_is_made_once() -> None:
    study, client = open_small_study(), administrator()
    row = Exclusion.objects.create(participation=take_part(study), rule="fast", note="2 ms")
    address = reverse("admin:exclusion_undo", args=[row.pk])
    assert "Both rows stay" in client.get(address).content.decode()
    for _ in range(2):
        client.post(address)
    assert Exclusion.objects.get(undoes=row).made_by is not None
    assert Exclusion.objects.count() == 2


def test_a_rule_is_previewed_before_it_leaves_anybody_out() -> None:
    study, client = open_small_study(), administrator()
    send_people(study, 3)
    address = page_of(study, "study_exclusions")
    page = client.get(address, {"rule": "fastest_median_ms", "limit": "5000"})
    assert len(page.context["hit"]) == 3
    assert not Exclusion.objects.exists()
    client.post(address, {"rule": "fastest_median_ms", "limit": "5000"})
    assert Exclusion.objects.filter(rule="fastest_median_ms").count() == 3
    again = client.get(address, {"rule": "fastest_median_ms", "limit": "5000"})
    assert again.context["hit"] == []


def test_an_exclusion_is_never_changed_or_deleted() -> None:
    row = Exclusion.objects.create(participation=take_part(open_small_study()), rule="fast")
    client = administrator()
    for verb in ("change", "delete"):
        address = reverse(f"admin:studyapp_exclusion_{verb}", args=[row.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403
    assert Exclusion.objects.get().rule == "fast"
