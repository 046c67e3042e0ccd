"""Whatever opens a link without pressing its button (a mail filter, a chat) is no participant."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study
from sandbox.people import answer_all, make_profile
from sandbox.visits import come_by
from studyapp.models import (
    DoorCount,
    Event,
    Judgment,
    PanelIdentity,
    PanelVisit,
    Participant,
    Participation,
    Slot,
    Status,
)
from studyapp.participations.entering import enter
from studyapp.participations.panels.personal import signed

pytestmark = pytest.mark.django_db

PANEL_LINK = {"PROLIFIC_PID": "5f0c77aabb5f0c77aabb5f0c", "STUDY_ID": "1", "SESSION_ID": "2"}
ADULT = {"question": "Are you 18 or older?", "answers": ["yes", "no"], "accept": [1]}


def rows() -> dict[str, list[Any]]:
    """Everything that the site stores of people and at its doors."""
    kept = (Participation, Participant, PanelIdentity, PanelVisit, Event, Judgment, Slot, DoorCount)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in kept}


LOOKED_AT = {
    "plain": ("link", {}),
    "panel": ("prolific", PANEL_LINK),
    "personal": ("personal", {"participant": signed("small", "anna")}),
    "laboratory": ("sona", {"survey_code": "10001"}),
}


@pytest.mark.parametrize("kind", LOOKED_AT)
def test_whatever_opens_a_link_ahead_of_a_person_enters_nothing(client: Client, kind: str) -> None:
    panel, query = LOOKED_AT[kind]
    study = open_small_study(panel={"kind": panel})
    door, before = f"/s/{study.slug}/", rows()
    for ask in (client.head, client.get):
        assert ask(door, query_params=query, follow=True).status_code == 200
    assert rows() == before
    # Nor does it take the address away from a person who has begun and not yet consented.
    own = Client()
    assert come_by(own, door, query)["Location"].startswith("/p/") if query else own.post(door)
    entered = rows()
    for ask in (Client().head, Client().get):
        ask(door, query_params=query, follow=True)
    assert rows() == entered
    assert len(entered["Participation"]) == 1


def test_a_look_at_a_persons_own_pages_changes_nothing_of_theirs(client: Client) -> None:
    study = open_small_study(screening=[ADULT])
    person = enter(study, source="link")
    here = f"/p/{person.code}/"
    steps: list[Callable[[], object]] = [
        lambda: client.post(f"{here}screening", {"question_1": "1"}),
        lambda: client.post(f"{here}consent", {"agree": "yes"}),
        lambda: client.post(f"{here}begin"),
        lambda: answer_all(person, make_profile(), most=1),
        lambda: Participation.objects.filter(pk=person.pk).leave(Status.DROPPED),
        lambda: client.post(f"{here}resume"),
        lambda: answer_all(person, make_profile()),
    ]
    for step in (lambda: None, *steps):
        step()
        person.refresh_from_db()
        before = rows()
        for address in (here, f"{here}about", f"{here}withdraw"):
            for ask in (client.head, client.get):
                assert ask(address).status_code == 200, address
        assert rows() == before, person.status
    assert person.status == Status.FINISHED


def test_a_sealed_address_that_this_site_did_not_make_is_a_damaged_link(client: Client) -> None:
    open_small_study(panel={"kind": "prolific"})
    reply = client.post("/s/small/come/gAAAAABm-made-up")
    assert reply.status_code == 400
    assert "This link is damaged." in reply.content.decode()
    assert not Participation.objects.exists()
