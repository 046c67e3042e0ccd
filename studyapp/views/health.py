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
    facts: dict[str, str | int | None] = {
        "database": database,
        "broker": broker_state(),
        "workers": None,
        "preparation": "unknown",
        "files": free_space()[0],
        "clock": "unknown",
    }
    if database not in ("unreachable", "not migrated"):
        # Whether a study waits for a person: a worker has other weights, say, or no room
        stopped = Study.objects.preparing().exclude(problem="").exists()
        facts["workers"] = alive_workers().count()
        facts["preparation"] = "stopped" if stopped else "ok"
        facts["clock"] = clock_state()
    return JsonResponse(facts, status=200 if database == "ok" else 503)
