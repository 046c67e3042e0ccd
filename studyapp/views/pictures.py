"""The pictures that people see, by opaque codes. One never changes, so it is kept for ever."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified

from studyapp.models import Crop, Overlay, Picture, WorkState

from .pages import participant_view

FOREVER = "public, max-age=31536000, immutable"


@participant_view("GET", "HEAD")
def picture(request: HttpRequest, code: str) -> HttpResponse | FileResponse:
    """The picture file of `code`; its digest is its entity tag."""
    found = _find(code)
    tag = f'"{found.digest[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        reply: HttpResponse | FileResponse = HttpResponseNotModified()
    else:
        reply = FileResponse(default_storage.open(found.file), content_type="image/png")
    reply["Cache-Control"] = FOREVER
    reply["ETag"] = tag
    return reply


def _find(code: str) -> Picture:
    for model in (Overlay, Crop):
        found = model.objects.filter(code=code, state=WorkState.READY).first()
        if found is not None:
            return found
    raise Http404
