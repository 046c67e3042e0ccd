"""The desk's login: tries are limited by name, but not in browsers where that person has logged in.

So a stranger who tries a name until it is limited does not lock its owner out (the device cookies
of OWASP's guidance on slow brute force). No address is read or stored.
"""

import secrets
import unicodedata
import zlib
from datetime import timedelta

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from studyapp.models import LoginTries

MOST_TRIES = 10
SPAN = timedelta(minutes=15)
COOKIE, SALT = "discern-device", "studyapp.logins"
DEVICE_DAYS = timedelta(days=180)
COUNTS_OF_NOBODY = 64


@sensitive_post_parameters()
@never_cache
def login(request: HttpRequest) -> HttpResponse:
    """Django's own login page; a name that was tried too often waits, a known browser does not."""
    if request.method != "POST":
        return admin.site.login(request)
    name = request.POST.get("username", "")
    key = tries_key(request, name)
    if may_try(key):
        reply = admin.site.login(request)
        if reply.status_code == 302:
            _remember_device(key, reply, name)
        return reply
    # The page again, whatever the password was, and whether there is such an account or not
    sentence = _(
        "Too many attempts. Please wait 15 minutes, or use a browser in which you have logged in "
        "before."
    )
    messages.error(request, sentence)
    request.method = "GET"
    reply = admin.site.login(request)
    reply.status_code = 429
    return reply


def tries_key(request: HttpRequest, name: str) -> str:
    """What a try is counted under: the known device, else the account that the name finds.

    Names without an account share a fixed number of counts, so that made-up ones cost a bounded
    number of rows and of password hashes.
    """
    folded = _folded(name)
    try:
        known, device = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=DEVICE_DAYS
        )
    except (signing.BadSignature, ValueError, TypeError):
        known, device = "", ""
    account = None
    if "\x00" not in folded:
        accounts = get_user_model()._default_manager.filter(username__iexact=folded)
        account = accounts.order_by("pk").values_list("pk", flat=True).first()
    if device and known == folded:
        counted = f"device {device}"
    elif account is not None:
        counted = f"account {account}"
    else:
        counted = f"nobody {zlib.crc32(folded.encode()) % COUNTS_OF_NOBODY}"
    return salted_hmac(SALT, counted, algorithm="sha256").hexdigest()


@transaction.atomic
def may_try(key: str) -> bool:
    """Count a try before its password is looked at, so that simultaneous tries are all counted;
    False after too many within the span."""
    now = timezone.now()
    LoginTries.objects.get_or_create(key=key, defaults={"since": now})
    row = LoginTries.objects.select_for_update().get(key=key)
    if abs(now - row.since) > SPAN:
        row.tries, row.since = 0, now
    if row.tries >= MOST_TRIES:
        return False
    row.tries += 1
    row.save(update_fields=["tries", "since"])
    return True


def _remember_device(key: str, reply: HttpResponse, name: str) -> None:
    """Forget the tries, and recognise this browser from now on."""
    LoginTries.objects.filter(key=key).delete()
    LoginTries.objects.filter(since__lt=timezone.now() - SPAN).delete()
    reply.set_cookie(
        COOKIE,
        signing.dumps([_folded(name), secrets.token_urlsafe(16)], salt=SALT),
        max_age=DEVICE_DAYS,
        path="/admin/login/",
        httponly=True,
        secure=settings.HTTPS,
        samesite="Strict",
    )


def _folded(name: str) -> str:
    """The name as Django's form reads it (NFKC), and without case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:150]
