"""Where panels report what became of a person: signed, and stored once."""

import time
from datetime import UTC, datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from studyapp.participations.panels import prolific
from studyapp.participations.panels.base import LONGEST_ID
from studyapp.payments.access import message_secrets

from .pages import participant_view

OLDEST_SECONDS = 3600


@participant_view("POST")
def prolific_event(request: HttpRequest) -> HttpResponse:
    """A webhook of Prolific. 404 where no secret is known, 401 unless it was signed with one of
    them lately: that of the site, or those of studies that subscribed with their own token.

    A message about anything but a submission is acknowledged and ignored; so is one that was
    delivered before, since Prolific delivers at least once.
    """
    secrets: dict[str, set[int] | None] = {**message_secrets("prolific")}
    if settings.PROLIFIC_WEBHOOK_SECRET:
        # The operator's own is of every study
        secrets[settings.PROLIFIC_WEBHOOK_SECRET] = None
    if not secrets:
        raise Http404
    stamp = request.headers.get("X-Prolific-Request-Timestamp", "")
    signature = request.headers.get("X-Prolific-Request-Signature", "")
    is_number = stamp.isascii() and stamp.isdecimal()
    is_recent = is_number and abs(time.time() - int(stamp)) < OLDEST_SECONDS
    fits = [one for one in secrets if prolific.is_signed(one, stamp, request.body, signature)]
    if not is_recent or not fits:
        return JsonResponse({"ok": False, "sentence": "The signature does not fit."}, status=401)
    event_id = request.headers.get("X-Event-ID", "")
    try:
        news = prolific.submission_news(request.body)
    except ValueError as error:
        return JsonResponse({"ok": False, "sentence": str(error)}, status=400)
    if not event_id or len(event_id) > LONGEST_ID:
        return JsonResponse({"ok": False, "sentence": "X-Event-ID is missing."}, status=400)
    digest = prolific.message_digest(stamp, request.body)
    at = datetime.fromtimestamp(int(stamp), UTC)
    studies = secrets[fits[0]]
    is_new = news is not None and prolific.receive(
        event_id, *news, digest=digest, at=at, studies=studies
    )
    return JsonResponse({"ok": True, "new": is_new})
