"""The overview of a study: is it ready, is it running, is it healthy, what have we got."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from studyapp.admin.verbs import offered
from studyapp.models import Study, StudyState
from studyapp.participations.doors import warnings
from studyapp.studies.definition.study import study_definition
from studyapp.studies.design.certificate import certificate_lines
from studyapp.studies.preparation.progress import live_workers, progress
from studyapp.studies.rights import Act, acts

from . import tallies
from .charts import bar_chart
from .failed import failed_rows
from .frame import show, study_page

HIGH_DROP_OUT = 0.2


@study_page(Act.LOOK)
def overview(request: HttpRequest, study: Study) -> HttpResponse:
    allowed = acts(request.user, study)
    context = {
        "states": _states(study),
        "verbs": [(verb, verb.act in allowed) for verb in offered(study)],
        "door": list(warnings(study)),
        "copies": study.copies.order_by("-created_at")[:5],
        **_preparation(study),
        **_people(study),
    }
    return show(request, study, "overview", context)


@study_page(Act.LOOK)
def progress_facts(request: HttpRequest, study: Study) -> JsonResponse:
    """How far the preparation is, for the bars that move by themselves."""
    rows = bars(study)
    prepared = study.prepared_at is not None
    return JsonResponse({"bars": rows, "prepared": prepared, "problem": study.problem})


def _states(study: Study) -> list[tuple[str, str]]:
    """(word, class) of each state: those behind, the present one, those to come."""
    order = [StudyState.DRAFT, StudyState.PREPARING, StudyState.OPEN, StudyState.PAUSED,
             StudyState.CLOSED]  # fmt: skip
    here = order.index(StudyState(study.state))
    return [
        (str(state.label), "here" if n == here else "behind" if n < here else "ahead")
        for n, state in enumerate(order)
    ]


def _preparation(study: Study) -> dict[str, Any]:
    waiting = study.state == StudyState.PREPARING and study.prepared_at is None
    return {
        "bars": bars(study),
        "live": waiting and not study.problem,
        "workers": len(live_workers()) if waiting else None,
        "failed": failed_rows(study),
        "certificate": certificate_lines(study.certificate) if study.certificate else [],
        "dropped": study.certificate.get("dropped", []),
    }


def _people(study: Study) -> dict[str, Any]:
    rows = tallies.people_by_arm(study)
    median = tallies.median_duration(study)
    last, hours = tallies.hourly(study)
    consented, dropped = tallies.total(rows, "consented"), tallies.total(rows, "dropped")
    checks, checks_by_arm = tallies.attention(study)
    share = tallies.dropped_share(consented, dropped)
    return {
        "columns": list(tallies.COLUMNS),
        "people": rows,
        "places": tallies.places(study),
        "median": round(median.total_seconds() / 60, 1) if median else None,
        "planned": _planned_minutes(study),
        "pay": tallies.pay(study, median),
        "checks": checks,
        "checks_by_arm": checks_by_arm,
        "chart": bar_chart(hours),
        "last": last,
        "drop_out": share,
        "high_drop_out": share > HIGH_DROP_OUT,
        "entry": reverse("entry", args=[study.slug]),
    }


def _planned_minutes(study: Study) -> int | None:
    ethics = study_definition(study).ethics
    return ethics.minutes if ethics is not None else None


def bars(study: Study) -> list[dict[str, Any]]:
    done = progress(study)
    named = {
        "predictions": done.predictions,
        "explanations": done.explanations,
        "pictures": done.pictures,
    }
    return [
        {"name": name, "ready": row.ready, "pending": row.pending, "failed": row.failed,
         "total": row.total}
        for name, row in named.items()
    ]  # fmt: skip
