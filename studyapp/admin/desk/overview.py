"""The overview of a study: is it ready, is it running, is it healthy, what have we got."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from studyapp.admin.verbs import offered
from studyapp.models import Study, StudyState, WorkQuerySet
from studyapp.participations.doors import warnings
from studyapp.participations.evidence import traces_of
from studyapp.shelf.languages import unchecked
from studyapp.studies.definition.study import study_definition
from studyapp.studies.design.certificate import certificate_lines
from studyapp.studies.preparation import advance
from studyapp.studies.preparation.progress import live_workers, progress
from studyapp.studies.rights import Act, acts

from . import tallies
from .frame import show, study_page

HIGH_DROP_OUT = 0.2
# Failed rows of each kind that are listed
MOST_FAILED = 20
# Of the drawing of bars, in its own units
WIDTH, HEIGHT = 480, 96
ORDER = (StudyState.DRAFT, StudyState.PREPARING, StudyState.OPEN, StudyState.PAUSED,
         StudyState.CLOSED)  # fmt: skip


@study_page(Act.LOOK)
def overview(request: HttpRequest, study: Study) -> HttpResponse:
    allowed = acts(request.user, study)
    here = ORDER.index(StudyState(study.state))
    context = {
        "states": [
            (str(state.label), "here" if n == here else "behind" if n < here else "ahead")
            for n, state in enumerate(ORDER)
        ],
        "verbs": [(verb, verb.act in allowed) for verb in offered(study)],
        "door": list(warnings(study)),
        "unchecked": unchecked(study_definition(study).languages),
        "copies": study.copies.order_by("-created_at")[:5],
        **_preparation(study),
        **_people(study),
        "traces": _traces(study),
    }
    return show(request, study, "overview", context)


@study_page(Act.LOOK)
def progress_facts(request: HttpRequest, study: Study) -> JsonResponse:
    """How far the preparation is, for the bars that move by themselves."""
    rows = bars(study)
    prepared = study.prepared_at is not None
    return JsonResponse({"bars": rows, "prepared": prepared, "problem": study.problem})


def bars(study: Study) -> list[dict[str, Any]]:
    done = progress(study)
    return [
        {"name": name, "ready": row.ready, "pending": row.pending, "failed": row.failed,
         "total": row.total}
        for name in ("predictions", "explanations", "pictures")
        for row in [getattr(done, name)]
    ]  # fmt: skip


def _preparation(study: Study) -> dict[str, Any]:
    waiting = study.state == StudyState.PREPARING and study.prepared_at is None
    return {
        "bars": bars(study),
        "live": waiting and not study.problem,
        "workers": len(live_workers()) if waiting else None,
        "failed": _failed(study),
        "certificate": certificate_lines(study.certificate) if study.certificate else [],
        "dropped": study.certificate.get("dropped", []),
    }


def _traces(study: Study) -> dict[str, Any] | None:
    """How many are kept of how many people, and when the first and the last are deleted; None
    where none are asked for."""
    evidence = study_definition(study).evidence
    if evidence is None or not evidence.traces:
        return None
    found = traces_of(study).aggregate(
        count=Count("pk"),
        people=Count("judgment__participation", distinct=True),
        first=Min("recorded_at"),
        last=Max("recorded_at"),
    )
    kept = timedelta(days=evidence.keep_days)
    goes = {name: found[name] + kept for name in ("first", "last") if found[name] is not None}
    return {**found, **goes, "days": evidence.keep_days}


def _failed(study: Study) -> list[dict[str, Any]]:
    """What workers could not make, why, and the stimulus, if the photo is already chosen."""
    explanation = ("explanation__case__image", "explanation__network")
    kinds: dict[str, WorkQuerySet[Any]] = {
        "prediction": advance.study_predictions(study).select_related("case__image", "network"),
        "explanation": advance.study_explanations(study).select_related("case__image", "network"),
        "picture": advance.study_overlays(study).select_related(*explanation),
    }
    # (kind, the row, the case's key): a picture is of its explanation's case
    failed = [
        (kind, row, getattr(row, "explanation", row).case_id)
        for kind, rows in kinds.items()
        for row in rows.failed().order_by("pk")[:MOST_FAILED]
    ]
    if not failed:
        return []
    chosen = study.stimuli.shown().filter(photo__case__in=[case for *_, case in failed])
    stimuli = {row.photo.case_id: row for row in chosen.select_related("photo")}
    return [
        {"what": f"{kind}: {row}", "reason": row.error, "attempts": row.attempts,
         "stimulus": stimuli.get(case)}
        for kind, row, case in failed
    ]  # fmt: skip


def _people(study: Study) -> dict[str, Any]:
    rows = tallies.people_by_arm(study)
    median = tallies.median_duration(study)
    last, hours = tallies.hourly(study)
    consented, dropped = tallies.total(rows, "consented"), tallies.total(rows, "dropped")
    checks, checks_by_arm = tallies.attention(study)
    share = dropped / consented if consented else 0.0
    ethics = study_definition(study).ethics
    return {
        "columns": list(tallies.COLUMNS),
        "people": rows,
        "places": tallies.places(study),
        "arms": tallies.arms(study),
        "median": round(median.total_seconds() / 60, 1) if median else None,
        "planned": ethics.minutes if ethics is not None else None,
        "pay": tallies.pay(study, median),
        "checks": checks,
        "checks_by_arm": checks_by_arm,
        "chart": _chart(hours),
        "last": last,
        "drop_out": share,
        "high_drop_out": share > HIGH_DROP_OUT,
        "entry": reverse("entry", args=[study.slug]),
    }


def _chart(hours: Sequence[tuple[datetime, int]]) -> dict[str, Any]:
    """Bars for the template to draw: no script, no inline style."""
    most = max((count for _, count in hours), default=0)
    step = WIDTH // max(1, len(hours))
    drawn = []
    for number, (hour, count) in enumerate(hours):
        # A bar that is not empty is seen, however small.
        height = max(2, round(HEIGHT * count / most)) if count else 0
        drawn.append({"x": number * step, "y": HEIGHT - height, "width": step - 3,
                      "height": height, "hour": hour, "count": count})  # fmt: skip
    total = sum(count for _, count in hours)
    return {"bars": drawn, "most": most, "total": total, "width": WIDTH, "height": HEIGHT}
