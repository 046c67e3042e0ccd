"""The desk's login, with a limit on tries."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from studyapp.logins import may_try, succeeded, tries_key


@sensitive_post_parameters()
@never_cache
def login(request: HttpRequest) -> HttpResponse:
    """Django's own login page; a name that was tried too often waits, a known browser does not."""
    if request.method != "POST":
        return admin.site.login(request)
    name = request.POST.get("username", "")
    key = tries_key(request, name)
    if not may_try(key):
        return _wait(request)
    reply = admin.site.login(request)
    if reply.status_code == 302:
        succeeded(key, reply, name)
    return reply


def _wait(request: HttpRequest) -> HttpResponse:
    """The page again, whatever the password was; the same for names that there are and are not."""
    sentence = _(
        "Too many attempts. Please wait 15 minutes, or use a browser in which you have logged in "
        "before."
    )
    messages.error(request, sentence)
    request.method = "GET"
    reply = admin.site.login(request)
    reply.status_code = 429
    return reply
