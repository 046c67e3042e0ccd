"""`/healthz`: database, broker and workers, told apart."""

from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, ProgrammingError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from studyapp.models import Heartbeat


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the site can take answers, that is, while the database is there; else 503."""
    database, workers = _database()
    facts = {
        "database": database,
        "broker": "ok" if _broker() else "unreachable",
        "workers": workers,
    }
    return JsonResponse(facts, status=200 if database == "ok" else 503)


def _database() -> tuple[str, int | None]:
    """What is the matter with the database, and how many workers were heard of in a minute."""
    lately = timezone.now() - timedelta(minutes=1)
    try:
        return "ok", Heartbeat.objects.filter(seen_at__gt=lately).count()
    except ProgrammingError:
        return "not migrated", None
    except (DatabaseError, InterfaceError):
        return "unreachable", None


def _broker() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
