"""`/healthz`: database, broker, workers, preparation, files and clock, told apart."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from studyapp.models import Study
from studyapp.serving.health import (
    alive_workers,
    broker_state,
    clock_state,
    database_state,
    free_space,
)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the site can take answers, that is, while the database takes rows; else 503."""
    database = database_state()
    is_readable = database not in ("unreachable", "not migrated")
    facts = {
        "database": database,
        "broker": broker_state(),
        "workers": alive_workers().count() if is_readable else None,
        "preparation": _preparation() if is_readable else "unknown",
        "files": free_space()[0],
        "clock": clock_state() if is_readable else "unknown",
    }
    return JsonResponse(facts, status=200 if database == "ok" else 503)


def _preparation() -> str:
    """Whether a study waits for a person: a worker has other weights, say, or no room."""
    stopped = Study.objects.preparing().exclude(problem="")
    return "stopped" if stopped.exists() else "ok"
