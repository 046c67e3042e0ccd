"""The pictures that people see, each only for those who are at a trial that shows it.

A picture's address, size and headers are the same whatever network, method or class it explains.
"""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from studyapp.models import (
    HOLDS_A_SLOT,
    Crop,
    Image,
    Overlay,
    Picture,
    StimulusOverlay,
    StudyImage,
)
from studyapp.paradigms.base import PHOTO
from studyapp.participations.answering import planned, sight_of
from studyapp.storage import DamagedFileError, UnusableStorageError
from studyapp.studies.definition.study import study_definition
from studyapp.studies.rights import visible_studies
from studyapp.studies.shown import (
    common_size,
    content_type,
    is_film,
    shown_bytes,
    shown_name,
    shown_path,
)

from .pages import participant_view
from .people import find_standing
from .ranges import part_of
from .trials import further_of, pictures_of

logger = logging.getLogger("studyapp.pictures")


@participant_view("GET", "HEAD")
def picture(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The picture called `name`, for the person with `code`; 404 if no trial of theirs shows it."""
    try:
        return _picture(request, code, name)
    except UnusableStorageError as error:
        # The page asks for a lost picture again.
        logger.warning("A picture can't be fetched: %s", error)
        return HttpResponse(status=503, headers={"Retry-After": "2", "Cache-Control": "no-store"})


def _picture(request: HttpRequest, code: str, name: str) -> HttpResponse:
    stands = find_standing(code)
    person = stands.person
    if person.status not in HOLDS_A_SLOT:
        raise Http404
    definition = study_definition(person.study)
    # The trials that are fetched ahead, the one that is due, and those that were asked
    due = sight_of(stands)
    asked = [one for one in planned(person) if not due or one.position <= due[-1].position]
    for trial in reversed(asked):
        places = {shown: place for place, shown in pictures_of(trial, definition).items()}
        places |= dict.fromkeys(further_of(trial, definition), PHOTO)
        if name in places:
            break
    else:
        raise Http404
    if places[name] == PHOTO:
        return _send(request, Crop.objects.get(code=name), size=0)
    assert trial.stimulus is not None
    overlay = Overlay.objects.get(code=name)
    size = common_size(person.study_id, trial.stimulus.photo_id, films=is_film(overlay))
    return _send(request, overlay, size=size)


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
            return _send(request, found, size=0)
    raise Http404


def _send(request: HttpRequest, found: Picture, *, size: int) -> HttpResponse:
    headers = {
        "Content-Type": content_type(found),
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{found.code}"',
    }
    try:
        path = shown_path(found, size)
        if settings.SHOWN_URL:
            headers["X-Accel-Redirect"] = f"{settings.SHOWN_URL}{shown_name(found, size)}"
            return HttpResponse(headers=headers)
        content = path.read_bytes()
    except (FileNotFoundError, DamagedFileError, UnusableStorageError):
        raise
    except OSError as error:
        # Without room for a copy people still see the picture; only slower.
        logger.warning("No copy of a picture can be made in %s: %s", settings.SHOWN_ROOT, error)
        content = shown_bytes(found, size)
    if is_film(found):
        return part_of(request, content, headers)
    reply = HttpResponse(content, headers=headers)
    return get_conditional_response(request, etag=headers["ETag"], response=reply) or reply
