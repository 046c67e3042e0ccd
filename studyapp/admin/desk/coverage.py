"""How often each stimulus was judged under each condition, against what the design asks for."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from studyapp.models import Judgment, Stage, Status, Stimulus, StimulusRole, Study, Trial
from studyapp.studies.rights import Act

from .frame import show, study_page

ROWS = 60
STEPS = 10


@dataclass(frozen=True)
class Cell:
    """`step` is the colour: 0 for nothing, 10 for the target or more."""

    count: int
    target: int

    @property
    def step(self) -> int:
        if not self.target:
            return 0
        return min(STEPS, int(STEPS * self.count / self.target))


@study_page(Act.LOOK)
def coverage(request: HttpRequest, study: Study) -> HttpResponse:
    """The heat map, 60 stimuli a page. People who dropped out or withdrew are not counted."""
    stimuli = study.stimuli.filter(role=StimulusRole.MAIN).select_related("photo")
    page = Paginator(stimuli.order_by("paradigm", "position"), ROWS).get_page(
        request.GET.get("page")
    )
    conditions = list(study.conditions.all())
    rows = _rows(page.object_list, conditions)
    context = {"page": page, "conditions": conditions, "rows": rows}
    return show(request, study, "coverage", context)


def _rows(stimuli: Any, conditions: list[Any]) -> list[tuple[Stimulus, list[Cell]]]:
    keys = [stimulus.pk for stimulus in stimuli]
    trials = Trial.objects.filter(stimulus__in=keys, stage__in=(Stage.MAIN, Stage.FINAL))
    targets = _by_cell(trials.values("stimulus", "condition").annotate(n=Count("pk")))
    judged = Judgment.objects.filter(
        Q(participation__status=Status.FINISHED) | Q(participation__status=Status.ACTIVE),
        trial__in=trials,
    )
    counts = _by_cell(
        judged.values("trial__stimulus", "trial__condition").annotate(n=Count("pk")), "trial__"
    )
    return [
        (
            stimulus,
            [Cell(counts[stimulus.pk, one.pk], targets[stimulus.pk, one.pk]) for one in conditions],
        )
        for stimulus in stimuli
    ]


def _by_cell(rows: QuerySet[Any, Any], path: str = "") -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows.order_by():
        found[row[f"{path}stimulus"], row[f"{path}condition"]] = row["n"]
    return found
