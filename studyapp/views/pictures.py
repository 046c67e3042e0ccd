"""The pictures that people see, each only for those who are at a trial that shows it.

A picture's address, size and headers are the same whatever network, method or class it explains.
"""

import hashlib
import zlib
from functools import lru_cache

from django.core.files.storage import default_storage
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified

from studyapp import storage
from studyapp.models import (
    HOLDS_A_SLOT,
    Crop,
    Overlay,
    Participation,
    Picture,
    StimulusOverlay,
    StudyImage,
    Trial,
    WorkState,
)
from studyapp.participations.answering import within_sight
from studyapp.studies.rights import visible_studies

from .pages import participant_view

FOREVER = "private, max-age=31536000, immutable"
# A chunk that readers of PNG skip: ancillary, private, safe to copy.
FILLER = b"fiLl"
CHUNK_BYTES = 12
END_BYTES = 12


@participant_view("GET", "HEAD")
def picture(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The picture called `name`, for the person with `code`; 404 if no trial of theirs shows it."""
    trials = _trials_so_far(code)
    overlay = Overlay.objects.filter(code=name, state=WorkState.READY).first()
    if overlay is not None:
        # The first of two steps asks about the photo alone: what it explains is the advice.
        shown = (
            trials.exclude(step=1)
            .filter(
                stimulus__overlays__overlay=overlay,
                stimulus__overlays__condition=F("condition"),
            )
            .values_list("slot__study", "stimulus__photo")
        )
        if (place := shown.first()) is None:
            raise Http404
        return _send(request, overlay, size=_largest(*place) + CHUNK_BYTES)
    crop = Crop.objects.filter(code=name, state=WorkState.READY).first()
    if crop is None or not trials.filter(image=crop.image_id).exists():
        raise Http404
    return _send(request, crop, size=0)


def _trials_so_far(code: str) -> QuerySet[Trial]:
    """The trials that were asked, the one that is due, and the next, which is fetched ahead."""
    person = Participation.objects.filter(code=code, status__in=HOLDS_A_SLOT).first()
    if person is None:
        raise Http404
    trials = Trial.objects.filter(slot=person.slot_id).order_by("position")
    due = within_sight(person)
    return trials.filter(position__lte=due[-1].position) if due else trials


@lru_cache(maxsize=10_000)
def _largest(study: int, photo: int) -> int:
    """Bytes of the largest overlay of a photo. What a study shows never changes once it is open."""
    uses = StimulusOverlay.objects.filter(stimulus__study=study, stimulus__photo=photo)
    files = uses.values_list("overlay__file", flat=True).distinct()
    return max(default_storage.size(file) for file in files)


@participant_view("GET", "HEAD")
def desk_picture(request: HttpRequest, code: str) -> HttpResponse:
    """A picture for those who work on a study that has it."""
    studies = visible_studies(request.user)
    mine = StimulusOverlay.objects.filter(stimulus__study__in=studies)
    photos = StudyImage.objects.filter(study__in=studies)
    for rows in (
        Overlay.objects.filter(pk__in=mine.filter(overlay__code=code).values("overlay")),
        Crop.objects.filter(code=code, image__in=photos.values("image")),
    ):
        found = rows.filter(state=WorkState.READY).first()
        if found is not None:
            return _send(request, found, size=0)
    raise Http404


def _send(request: HttpRequest, found: Picture, *, size: int) -> HttpResponse:
    tag = f'"{found.code}"'
    if request.headers.get("If-None-Match") == tag:
        reply: HttpResponse = HttpResponseNotModified()
    else:
        content = padded(storage.read(found.file), size)
        reply = HttpResponse(content, content_type="image/png")
    reply["Cache-Control"] = FOREVER
    reply["ETag"] = tag
    return reply


def padded(png: bytes, size: int) -> bytes:
    """The same picture in a file of `size` bytes; as it is if `size` has no room for a chunk.

    How well a map compresses tells of the method and the network, so all overlays of a photo
    are sent in files of one size. The filler does not compress, so that no gateway undoes it.
    """
    room = size - len(png) - CHUNK_BYTES
    if room < 0:
        return png
    body = FILLER + hashlib.shake_256(png[-64:]).digest(room)
    chunk = room.to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:-END_BYTES] + chunk + png[-END_BYTES:]
