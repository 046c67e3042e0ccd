"""`/healthz`: database, broker, workers, files and clock, told apart."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from studyapp.health import (
    alive_workers,
    clock_state,
    database_state,
    free_space,
    queue_lengths,
)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the site can take answers, that is, while the database takes rows; else 503."""
    database = database_state()
    is_readable = database not in ("unreachable", "not migrated")
    facts = {
        "database": database,
        "broker": "unreachable" if queue_lengths() is None else "ok",
        "workers": alive_workers().count() if is_readable else None,
        "files": free_space()[0],
        "clock": clock_state() if is_readable else "unknown",
    }
    return JsonResponse(facts, status=200 if database == "ok" else 503)
