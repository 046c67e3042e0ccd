"""People of a study, at this site and at the fake Prolific."""

import json
import time
from typing import Any

from django.test import Client

from sandbox.people import answer_all, make_profile
from sandbox.prolific import FakeProlific, signature
from sandbox.visits import come_by, panel_id
from studyapp.models import PanelAct, PanelVisit, Participation, Study
from studyapp.participations.decisions import Decision
from studyapp.participations.enrolment import begin, consent
from studyapp.payments.acts import Outcome, carry_out
from studyapp.payments.plans import Wish, plan


def send(
    study: Study, panel: FakeProlific, name: str, status: str = "", *, finishes: bool = True
) -> Participation:
    """A person who comes by Prolific's link, answers, and is there as `status` then."""
    panel.begin(name, panel_id(name))
    query = {"PROLIFIC_PID": panel_id(name), "STUDY_ID": "st", "SESSION_ID": name}
    inside = come_by(Client(), f"/s/{study.slug}/", query)["Location"].split("/")[2]
    person = begin(consent(Participation.objects.get(code=inside)))
    if finishes:
        answer_all(person, make_profile())
    if status:
        panel.move(name, status)
    return person


def tell(secret: str, submission: str, status: str, event: str) -> Any:
    """Prolific's message to this site."""
    body = json.dumps({
        "event_type": "submission.status.change", "resource_id": submission, "status": status,
        "participant_id": panel_id(submission),
    }).encode()  # fmt: skip
    stamp = str(int(time.time()))
    headers = {
        "X-Prolific-Request-Timestamp": stamp,
        "X-Prolific-Request-Signature": signature(secret, stamp, body),
        "X-Event-ID": event,
    }
    return Client().post("/panels/prolific/", body, "application/json", headers=headers)


def do(study: Study, wish: Wish) -> Outcome:
    """Look at the plan, and confirm it."""
    return carry_out(study, wish, plan(study, wish).digest, "anna")


def status_of(session: str) -> str:
    return PanelVisit.objects.get(session=session).status


def acts() -> list[tuple[str, str, str]]:
    """(session, kind, state) of everything that was asked."""
    rows = PanelAct.objects.order_by("visit__session", "pk")
    return list(rows.values_list("visit__session", "kind", "state"))


def wish(kind: Any, *about: Decision, **more: Any) -> Wish:
    return Wish("prolific", kind, about, **more)
