"""The first pages: what the site is, and the door of a study."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from studyapp.models import Participation, Study, StudyKind, StudyState
from studyapp.participations.entering import enter
from studyapp.participations.panels import panel_visit

from .devices import device_class
from .pages import kind_refusals, message, page

COOKIE_SECONDS = 60 * 60 * 24 * 30


class SeeOther(HttpResponseRedirect):
    """A redirect after a POST: what follows is a GET, so that a reload sends nothing twice."""

    status_code = 303


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What this site is; studies are listed only if they say that they are demonstrations."""
    studies = Study.objects.filter(
        kind=StudyKind.REAL, state=StudyState.OPEN, definition__demo=True
    )
    return page(request, "landing", {"studies": studies.order_by("slug")})


@csrf_exempt  # a foreign page that enters somebody gains nothing, and panels block cookies
@require_http_methods(["GET", "HEAD", "POST"])
@kind_refusals
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
        return message(
            request, study.title, _("This study takes nobody in at the moment."), study=study
        )
    if request.method != "POST":
        return page(request, "entry", study=study)
    person = enter(study, source="link", device_class=device_class(request))
    return _remember(SeeOther(reverse("participation", args=[person.code])), study, person)


def _cookie(study: Study) -> str:
    return f"discern-{study.slug}"


def _known(request: HttpRequest, study: Study) -> Participation | None:
    """Who came by the plain link before, in this browser."""
    code = request.COOKIES.get(_cookie(study), "")
    return Participation.objects.filter(study=study, code=code).first() if code else None


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


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    """The same page for what is not there and for what is nobody's business."""
    sentence = _("There is nothing at this address. Please open the link that you were given.")
    return message(request, _("Not found"), sentence, status=404)
