"""The page of a full study with a waiting list: how it works, who is before, and the way off it."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from studyapp.models import Participation, Waiting
from studyapp.participations import enrolment
from studyapp.participations.waiting import HELD_MINUTES, LOOK_SECONDS, waiting
from studyapp.shelf.addresses import url

from .pages import SeeOther, page, participant_view
from .people import find_person


def waiting_page(
    request: HttpRequest, person: Participation, told: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Of somebody who waits, or may. `told`: the panel's code for those who do not want to."""
    row = Waiting.objects.filter(participation=person).first()
    context = {
        "person": person,
        "waits": row is not None,
        "seconds": LOOK_SECONDS,
        "minutes": HELD_MINUTES,
        "before": 0,
        **told,
    }
    if row is not None:
        context["before"] = waiting(person.study).filter(since__lt=row.since).count()
    return page(request, "waiting", context, study=person.study, status=status)


@participant_view("POST")
def wait(request: HttpRequest, code: str) -> HttpResponse:
    enrolment.join_list(find_person(code))
    return SeeOther(url("participation", code))


@participant_view("POST")
def stop_waiting(request: HttpRequest, code: str) -> HttpResponse:
    enrolment.leave_list(find_person(code))
    return SeeOther(url("participation", code))
