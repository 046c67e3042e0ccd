"""The pictures that people see, each only for those who are at a trial that shows it.

A picture's address, size and headers are the same whatever network, method or class it explains.
"""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from studyapp.models import HOLDS_A_SLOT, Crop, Image, Overlay, StimulusOverlay, StudyImage
from studyapp.participations.answering import planned, sight_of
from studyapp.storage import DamagedFileError, UnusableStorageError
from studyapp.studies.definition.study import study_definition
from studyapp.studies.rights import visible_studies
from studyapp.studies.shown import (
    PictureNotReadyError,
    Shown,
    as_it_is,
    forgotten,
    shown_overlay,
    shown_photo,
)

from .pages import participant_view
from .people import find_standing
from .ranges import part_of
from .sight import in_sight, named_on, remember

logger = logging.getLogger("studyapp.pictures")


@participant_view("GET", "HEAD")
def picture(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The picture called `name`, for the person with `code`; 404 if no trial of theirs shows it."""
    try:
        return _picture(request, code, name)
    except (UnusableStorageError, PictureNotReadyError) as error:
        # The page asks for a lost picture again.
        logger.warning("A picture can't be sent now: %s", error)
        return HttpResponse(status=503, headers={"Retry-After": "2", "Cache-Control": "no-store"})


def _picture(request: HttpRequest, code: str, name: str) -> HttpResponse:
    study, photo = in_sight(code, name) or _looked_up(code, name)
    shown = _shown(name, study, photo)
    try:
        return _send(request, shown)
    except (FileNotFoundError, DamagedFileError):
        # Another study's preparation may have had it drawn again, with other bytes.
        if not forgotten(shown):
            raise
    return _send(request, _shown(name, study, photo))


def _shown(name: str, study: int, photo: int | None) -> Shown:
    return shown_photo(name) if photo is None else shown_overlay(name, study, photo)


def _looked_up(code: str, name: str) -> tuple[int, int | None]:
    """The same as `in_sight`, of all that this person has reached; Http404 for anything else."""
    stands = find_standing(code)
    person = stands.person
    if person.status not in HOLDS_A_SLOT:
        raise Http404
    definition = study_definition(person.study)
    due = sight_of(stands)
    named = named_on(due, definition)
    remember(person, named)
    # The trials that were asked, the latest first
    asked = [one for one in planned(person) if not due or one.position < due[0].position]
    while name not in named:
        if not asked:
            raise Http404
        named = named_on([asked.pop()], definition)
    return person.study_id, named[name]


@participant_view("GET", "HEAD")
def desk_picture(request: HttpRequest, code: str) -> HttpResponse:
    """A picture for those who work on a study that has it."""
    studies = visible_studies(request.user)
    mine = StimulusOverlay.objects.filter(stimulus__study__in=studies)
    photos = StudyImage.objects.filter(study__in=studies)
    for rows in (
        Overlay.objects.filter(pk__in=mine.filter(overlay__code=code).values("overlay")),
        Crop.objects.filter(code=code, image__in=Image.objects.of(photos)),
    ):
        found = rows.ready().first()
        if found is not None:
            return _send(request, as_it_is(found))
    raise Http404


def headers_of(shown: Shown) -> dict[str, str]:
    """A picture's own headers, without those that every page gets."""
    headers = {
        "Content-Type": shown.content_type,
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{shown.code}"',
    }
    if settings.SHOWN_URL:
        headers["X-Accel-Redirect"] = f"{settings.SHOWN_URL}{shown.name}"
    return headers


def _send(request: HttpRequest, shown: Shown) -> HttpResponse:
    headers = headers_of(shown)
    try:
        path = shown.path()
        if settings.SHOWN_URL:
            return HttpResponse(headers=headers)
        content = path.read_bytes()
    except (FileNotFoundError, DamagedFileError, UnusableStorageError):
        raise
    except OSError as error:
        # Without room for a copy people still see the picture; only slower.
        logger.warning("No copy of a picture can be made in %s: %s", settings.SHOWN_ROOT, error)
        headers.pop("X-Accel-Redirect", None)
        content = shown.content()
    if shown.is_film:
        return part_of(request, content, headers)
    reply = HttpResponse(content, headers=headers)
    return get_conditional_response(request, etag=headers["ETag"], response=reply) or reply
