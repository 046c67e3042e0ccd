"""Whose pages a browser has opened by a panel's link: it may open them by that link again."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from studyapp.models import Participation, Study
from studyapp.models.codes import is_code

COOKIE = "discern-mine"
SECONDS = 60 * 60 * 24 * 30
# A laboratory's computer is used by many, one after the other
MOST = 30
# A visit that waits for a personal code
VISIT = "discern-visit"
VISIT_SECONDS = 60 * 60


def known_codes(request: HttpRequest) -> list[str]:
    """The codes of the people who entered in this browser, the latest one last."""
    codes = request.COOKIES.get(COOKIE, "")[: MOST * 24].split(".")
    return [code for code in codes if is_code(code)]


def remember(request: HttpRequest, reply: HttpResponse, person: Participation) -> HttpResponse:
    """`reply`, after which this browser is recognised as that person's."""
    codes = [code for code in known_codes(request) if code != person.code]
    return with_cookie(reply, person.study, COOKIE, ".".join([*codes, person.code][-MOST:]))


def keep_visit(
    reply: HttpResponse, person: Participation, details: Mapping[str, str]
) -> HttpResponse:
    """`reply`, after which this browser knows in which visit of a panel it asked for `person`.

    No panel id is stored: only the person's key, and the address's further parameters.
    """
    kept = signing.dumps({"person": person.pk, "details": dict(details)}, salt=VISIT)
    return with_cookie(reply, person.study, VISIT, kept, seconds=VISIT_SECONDS)


def with_cookie(
    reply: HttpResponse, study: Study, name: str, value: str, *, seconds: int = SECONDS
) -> HttpResponse:
    """`reply` with a cookie for the pages of `study` alone, which no script can read."""
    reply.set_cookie(
        name,
        value,
        max_age=seconds,
        path=reverse("entry", args=[study.slug]),
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
    )
    return reply


def kept_visit(request: HttpRequest, person: Participation) -> dict[str, str]:
    """What `keep_visit` kept for `person`; empty for anybody else, and after its time."""
    kept = _kept(request)
    return dict(kept["details"]) if kept["person"] == person.pk else {}


def awaited_site(request: HttpRequest, study: Study) -> str:
    """The site of the person of `study` whose code `keep_visit` waits for; empty without one."""
    people = study.participations.filter(pk=_kept(request)["person"])
    return people.values_list("site", flat=True).first() or ""


def _kept(request: HttpRequest) -> dict[str, Any]:
    try:
        kept = signing.loads(request.COOKIES.get(VISIT, ""), salt=VISIT, max_age=VISIT_SECONDS)
    except signing.BadSignature:
        return {"person": None, "details": {}}
    return dict(kept)
