"""The first pages: what the site is, and the door of a study."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from studyapp.models import Participation, Study, StudyKind, StudyState
from studyapp.models.codes import is_code
from studyapp.participations.entering import enter
from studyapp.participations.panels import panel_visit

from .devices import device_class
from .pages import SeeOther, page, participant_view

COOKIE_SECONDS = 60 * 60 * 24 * 30


@participant_view("GET", "HEAD")
def landing(request: HttpRequest) -> HttpResponse:
    """What this site is; studies are listed only if they say that they are demonstrations."""
    studies = Study.objects.filter(
        kind=StudyKind.REAL, state=StudyState.OPEN, definition__demo=True
    )
    return page(request, "landing", {"studies": studies.order_by("slug")})


@participant_view("GET", "HEAD", "POST")
def entry(request: HttpRequest, slug: str) -> HttpResponse:
    """The door of a study. A panel's address enters at once, so that its id leaves the address."""
    study = get_object_or_404(Study, slug=slug, opened_at__isnull=False)
    if visit := panel_visit(request.GET):
        person = enter(
            study,
            source=visit.source,
            external_id=visit.external_id,
            details=visit.details,
            device_class=device_class(request),
        )
        return SeeOther(reverse("participation", args=[person.code]))
    if known := _known(request, study):
        return SeeOther(reverse("participation", args=[known.code]))
    if study.state != StudyState.OPEN:
        context = {"title": study.title, "sentence": _("This study takes nobody in at the moment.")}
        return page(request, "message", context, study=study)
    if request.method != "POST":
        return page(request, "entry", study=study)
    person = enter(study, source="link", device_class=device_class(request))
    return _remember(SeeOther(reverse("participation", args=[person.code])), study, person)


def _cookie(study: Study) -> str:
    return f"discern-{study.slug}"


def _known(request: HttpRequest, study: Study) -> Participation | None:
    """Who came by the plain link before, in this browser."""
    code = request.COOKIES.get(_cookie(study), "")
    if not is_code(code):
        return None
    return Participation.objects.filter(study=study, code=code).first()


def _remember(reply: HttpResponse, study: Study, person: Participation) -> HttpResponse:
    reply.set_cookie(
        _cookie(study),
        person.code,
        max_age=COOKIE_SECONDS,
        path=reverse("entry", args=[study.slug]),
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
    )
    return reply
