"""No address and no fingerprint; panels' ids apart from the judgments, and gone in time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from sandbox.builders import make_definition, open_small_study
from sandbox.people import due
from sandbox.visits import come_by
from studyapp.models import Judgment, PanelIdentity, Participation, Study
from studyapp.participations.entering import enter
from studyapp.studies.lifecycle import close_study
from tests.running import output_of
from tests.views.test_bad_input import post

pytestmark = pytest.mark.django_db
ADDRESS, AGENT, PANEL_ID = (
    "203.0.113.77",
    "Mozilla/5.0 (Odd; Browser 12.3.4567)",
    "5f0c77aabb" * 2 + "c0de",
)
TRAIL = {"REMOTE_ADDR": ADDRESS, "HTTP_X_FORWARDED_FOR": ADDRESS, "HTTP_USER_AGENT": AGENT}


def stored_text() -> dict[str, str]:
    """Everything that is in the database, by table."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} t")
            found[table] = "\n".join(row[0] for row in cursor.fetchall())
    return found


def walk_in(study: Study) -> Participation:
    """Somebody whom a panel sent, on a browser with a trail, who answers one trial."""
    client = Client(**TRAIL)
    come_by(client, f"/s/{study.slug}/", {"PROLIFIC_PID": PANEL_ID, "SESSION_ID": "s1"})
    person = Participation.objects.get()
    post(client, person, "consent", agree="yes")
    post(client, person, "begin")
    person.refresh_from_db()
    post(client, person, trial=due(person).code, value=1, rt_ms=900)
    assert Judgment.objects.count() == 1
    return person


def panel_study() -> Study:
    panel = make_definition().panel.model_copy(update={"kind": "prolific"})
    return open_small_study(panel=panel.model_dump())


def test_no_ip_address_and_no_fingerprint_is_stored() -> None:
    walk_in(panel_study())
    everything = "\n".join(stored_text().values())
    assert ADDRESS not in everything
    assert "Odd" not in everything
    assert "12.3.4567" not in everything


def test_the_panels_id_is_kept_in_one_table_apart_from_the_judgments() -> None:
    walk_in(panel_study())
    holding = {table for table, text in stored_text().items() if PANEL_ID in text}
    assert holding == {"studyapp_panelidentity"}


def close_before(study: Study, days: int) -> None:
    close_study(study)
    Study.objects.filter(pk=study.pk).update(closed_at=timezone.now() - timedelta(days=days))


def test_panel_ids_are_erased_when_their_time_is_over_and_not_before() -> None:
    old, recent = open_small_study(slug="old"), open_small_study(slug="recent")
    for study, name in ((old, "gone"), (recent, "kept"), (old, "in-both"), (recent, "in-both")):
        enter(study, source="prolific", external_id=name)
    close_before(old, days=91)
    close_before(recent, days=89)
    assert "1 panel ids" in output_of("forget", "--dry-run")
    assert PanelIdentity.objects.count() == 3
    output_of("forget")
    left = PanelIdentity.objects.values_list("external_id", flat=True)
    assert sorted(left) == ["in-both", "kept"]


@pytest.mark.parametrize("command", [["forget"], ["study", "erase-ids"]])
def test_both_commands_follow_one_rule(command: list[str]) -> None:
    today = timezone.localdate()
    panel = make_definition().panel.model_dump()
    due = open_small_study(slug="due", panel={**panel, "erase_ids_on": today})
    later = open_small_study(
        slug="later", panel={**panel, "erase_ids_on": today + timedelta(days=9)}
    )
    old = open_small_study(slug="old")
    going_on = open_small_study(slug="going-on")
    comers = {"due": [due], "old": [old], "due-and-old": [due, old], "declared": [later],
              "going-on": [going_on]}  # fmt: skip
    for name, studies in {**comers, "due-and-going-on": [due, going_on]}.items():
        for study in studies:
            enter(study, source="prolific", external_id=name)
    for study in (old, later):
        close_before(study, days=91)
    output_of(*command)
    left = PanelIdentity.objects.values_list("external_id", flat=True)
    assert sorted(left) == ["declared", "due-and-going-on", "going-on"]


def test_a_withdrawal_erases_answers_and_panel_id_and_leaves_a_tombstone() -> None:
    study = panel_study()
    person = walk_in(study)
    told = Client().post(f"/p/{person.code}/withdraw", {"sure": "yes"}, follow=True)
    assert "You have withdrawn" in told.content.decode()
    person.refresh_from_db()
    assert person.status == "withdrawn"
    assert not Judgment.objects.exists()
    assert not any(PANEL_ID in text for text in stored_text().values())
