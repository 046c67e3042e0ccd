"""`/healthz`: database, broker and workers, told apart."""

from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from studyapp.models import Heartbeat


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the site can take answers, that is, while the database is there; else 503."""
    database = _database()
    facts = {
        "database": "ok" if database else "unreachable",
        "broker": "ok" if _broker() else "unreachable",
        "workers": _workers() if database else None,
    }
    return JsonResponse(facts, status=200 if database else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _workers() -> int:
    lately = timezone.now() - timedelta(minutes=1)
    return Heartbeat.objects.filter(seen_at__gt=lately).count()
