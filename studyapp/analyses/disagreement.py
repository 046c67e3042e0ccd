"""Where people and an automatic metric rank the stimuli of a study most differently."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Avg
from scipy.stats import rankdata

from studyapp.analyses.tables.judgments import SCORE
from studyapp.models import Judgment, MetricValue, Stage, Status, Stimulus, Study
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.catalogue import catalogue

# (stimulus, condition)
Key = tuple[int, int]
FEWEST = 2


@dataclass(frozen=True)
class Disagreement:
    """The places of one stimulus among `of` under `condition`, the best first; 1 is the best.

    Stimuli with the same number share the mean of their places.
    """

    condition: str
    people: float
    metric: float
    of: int

    @property
    def size(self) -> float:
        """0 where both give the same place, 1 where the best of one is the worst of the other."""
        return abs(self.people - self.metric) / (self.of - 1)


def measured(study: Study) -> list[str]:
    """The metrics of which the study has numbers and which say what is better."""
    values = MetricValue.objects.filter(use__stimulus__study=study)
    return sorted({*values.values_list("metric", flat=True).distinct()} & {*catalogue()["metrics"]})


def disagreements(study: Study, metric: str, only: str = "") -> dict[int, Disagreement]:
    """Each judged stimulus' greatest disagreement over its conditions, by the stimulus' key.

    `only`: under the condition of this name, if it is given.

    Ranked is within a paradigm and a condition. Where people compare two networks, the metric's
    number is that of the stronger network's map minus that of the weaker's, as in the report.
    """
    stimuli = {row.pk: row for row in study.stimuli.all()}
    people, numbers = _people(study), _numbers(study, metric, stimuli)
    names = {row.pk: row.name for row in study.conditions.all() if only in ("", row.name)}
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for stimulus, condition in sorted(people.keys() & numbers.keys()):
        groups[stimuli[stimulus].paradigm, condition].append(stimulus)
    greatest: dict[int, Disagreement] = {}
    for (_, condition), members in groups.items():
        if condition not in names or len(members) < FEWEST:
            continue
        by_people = rankdata([-people[one, condition] for one in members])
        by_metric = rankdata([-numbers[one, condition] for one in members])
        for one, first, second in zip(members, by_people, by_metric, strict=True):
            found = Disagreement(names[condition], float(first), float(second), len(members))
            if one not in greatest or found.size > greatest[one].size:
                greatest[one] = found
    return greatest


def _people(study: Study) -> dict[Key, float]:
    """People's mean score."""
    rows = Judgment.objects.filter(
        participation__study=study,
        participation__status__in=(Status.ACTIVE, Status.FINISHED),
        trial__stage__in=(Stage.MAIN, Stage.FINAL),
        trial__stimulus__isnull=False,
        trial__condition__isnull=False,
        value__isnull=False,
    )
    means = rows.annotate(score=SCORE).filter(score__isnull=False)
    return {
        (stimulus, condition): float(mean)
        for stimulus, condition, mean in means.values_list(
            "trial__stimulus", "trial__condition"
        ).annotate(mean=Avg("score"))
    }


def _numbers(study: Study, metric: str, stimuli: dict[int, Stimulus]) -> dict[Key, float]:
    """The metric's number, turned so that more is better."""
    sign = 1 if catalogue()["metrics"][metric]["better"] == "higher" else -1
    rows = MetricValue.objects.filter(use__stimulus__study=study, metric=metric)
    values: dict[Key, dict[str, float]] = defaultdict(dict)
    for stimulus, condition, role, value in rows.values_list(
        "use__stimulus", "use__condition", "use__role", "value"
    ):
        values[stimulus, condition][role] = sign * value
    found = {}
    for key, by_role in values.items():
        both = PARADIGMS[stimuli[key[0]].paradigm].outcome == "score"
        if "stronger" in by_role and (not both or "weaker" in by_role):
            found[key] = by_role["stronger"] - (by_role["weaker"] if both else 0.0)
    return found
