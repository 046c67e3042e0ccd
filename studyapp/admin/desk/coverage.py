"""How often each stimulus was judged under each condition, against what the design asks for."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from studyapp.models import Judgment, Stage, Status, StimulusRole, Study, Trial
from studyapp.studies.rights import Act

from .frame import show, study_page

ROWS = 60


@study_page(Act.LOOK)
def coverage(request: HttpRequest, study: Study) -> HttpResponse:
    """The heat map, 60 stimuli a page. People who dropped out or withdrew are not counted."""
    stimuli = study.stimuli.filter(role=StimulusRole.MAIN).select_related("photo__case")
    page = Paginator(stimuli.order_by("paradigm", "position"), ROWS).get_page(
        request.GET.get("page")
    )
    conditions = list(study.conditions.all())
    keys = [stimulus.pk for stimulus in page.object_list]
    trials = Trial.objects.filter(stimulus__in=keys, stage__in=(Stage.MAIN, Stage.FINAL))
    judged = Judgment.objects.filter(
        trial__in=trials, participation__status__in=(Status.FINISHED, Status.ACTIVE)
    )
    targets, counts = _by_cell(trials), _by_cell(judged, "trial__")

    def cell(*key: int) -> dict[str, int]:
        """`step` is the colour: 0 for nothing, 10 for the target or more."""
        count, target = counts.get(key, 0), targets.get(key, 0)
        step = min(10, int(10 * count / target)) if target else 0
        return {"count": count, "target": target, "step": step}

    rows = [(row, [cell(row.pk, one.pk) for one in conditions]) for row in page.object_list]
    closed = study.arms.filter(closed_at__isnull=False).order_by("closed_at")
    context = {"page": page, "conditions": conditions, "rows": rows, "closed": closed}
    return show(request, study, "coverage", context)


def _by_cell(rows: QuerySet[Any, Any], path: str = "") -> dict[tuple[int, ...], int]:
    """(stimulus, condition) → how many of `rows` there are."""
    keys = (f"{path}stimulus", f"{path}condition")
    counted = rows.order_by().values_list(*keys).annotate(Count("pk"))
    return {(stimulus, condition): count for stimulus, condition, count in counted}
