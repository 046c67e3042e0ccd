"""Login tries are limited by name, except for browsers in which that person has logged in before.

So a stranger who tries a name until it is limited does not lock its owner out (the device cookies
of OWASP's guidance on slow brute force). Nobody's address is looked at or kept.
"""

import secrets
import unicodedata
import zlib
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from studyapp.models import LoginTries

MOST_TRIES = 10
SPAN = timedelta(minutes=15)
COOKIE, SALT = "discern-device", "studyapp.logins"
COOKIE_DAYS = 180
COUNTS_OF_NOBODY = 64


def tries_key(request: HttpRequest, name: str) -> str:
    """What a try is counted under: the known device, else the account that the name finds.

    Names of nobody share a fixed number of counts, so that made-up ones cost a bounded number of
    rows and of password hashes.
    """
    folded = _folded(name)
    device, account = _device(request, name), _account(folded)
    counted = f"device {device}" if device else f"account {account}"
    if not device and account is None:
        counted = f"nobody {zlib.crc32(folded.encode()) % COUNTS_OF_NOBODY}"
    return salted_hmac(SALT, counted, algorithm="sha256").hexdigest()


@transaction.atomic
def may_try(key: str) -> bool:
    """Count a try before its password is looked at, so that many at once are many; False when
    there were too many in the span."""
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


def succeeded(key: str, reply: HttpResponse, name: str) -> None:
    """Forget the tries, and know this browser again."""
    LoginTries.objects.filter(key=key).delete()
    LoginTries.objects.filter(since__lt=timezone.now() - SPAN).delete()
    value = signing.dumps([_folded(name), secrets.token_urlsafe(16)], salt=SALT)
    reply.set_cookie(
        COOKIE,
        value,
        max_age=timedelta(days=COOKIE_DAYS),
        path="/admin/login/",
        httponly=True,
        secure=settings.HTTPS,
        samesite="Strict",
    )


def _folded(name: str) -> str:
    """The name as Django's form reads it (NFKC), and without case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:150]


def _account(folded: str) -> int | None:
    """The key of the account whose name folds to this one."""
    if "\x00" in folded:
        return None
    accounts = get_user_model()._default_manager.filter(username__iexact=folded)
    return accounts.order_by("pk").values_list("pk", flat=True).first()


def _device(request: HttpRequest, name: str) -> str:
    """The device's own number, if `name` logged in with it before; "" otherwise."""
    try:
        known, device = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=timedelta(days=COOKIE_DAYS)
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(device) if known == _folded(name) else ""
