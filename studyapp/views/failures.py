"""Error pages: what does not exist and what the reader may not see get the same words."""

import sys

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from studyapp.shelf.faults import UnreadableRequest, is_passing, note_passing

from .pages import is_desk, refusal, saving


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_desk(request):
        words = "This page does not exist, or your account may not see it. Please go back."
        return refusal(request, words, 404)
    # Also for people who come after a study has closed: the same words as for a wrong link.
    sentence = _(
        "There is nothing at this address. Please open the link that you were given. If you "
        "already did, the study may have ended; please return your submission on the site that "
        "sent you here."
    )
    return refusal(request, sentence, 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """At the desk only: participants' pages have sentences of their own."""
    sentence = (
        "Your account may not do this. Ask an administrator for the right, or the study's owner "
        "for a role in it."
    )
    return refusal(request, sentence, 403)


def no_cookie(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of the desk without the token that Django keeps in a cookie."""
    sentence = (
        "This form has expired, or your browser blocks this site's cookies. Please allow cookies, "
        "go back, reload the page and send it again."
    )
    return refusal(request, sentence, 403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, UnreadableRequest):
        return refusal(request, exception, 400)
    sentence = _("This request could not be read. Please go back and send the page again.")
    return refusal(request, sentence, 400)


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of this site: every acknowledged answer is stored. A database that stores nothing
    right now is not a fault."""
    error = sys.exc_info()[1]
    if isinstance(error, Error) and is_passing(error):
        note_passing(error)
        return saving(request)
    sentence = _(
        "Something went wrong on our side. Your answers so far have been saved. Please reload the "
        "page."
    )
    return refusal(request, sentence, 500)
