"""Where people and an automatic metric rank the stimuli of a study most differently."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Sum
from scipy.stats import rankdata

from studyapp.analyses.tables.judgments import SCORE
from studyapp.analyses.wordings import labels
from studyapp.models import Judgment, MetricValue, Stage, Status, Stimulus, Study
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.base import member_role
from studyapp.studies.definition.catalogue import catalogue

# (stimulus, condition)
Key = tuple[int, int]
# The same and the label of the words that were asked
Asked = tuple[int, int, str]
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

    Ranked is within a paradigm, a condition and what was asked in the same words. Where people
    compare two networks, the metric's number is that of the stronger network's map minus that of
    the weaker's, as in the report.
    """
    stimuli = {row.pk: row for row in study.stimuli.all()}
    people, numbers = _people(study), _numbers(study, metric, stimuli)
    names = {row.pk: row.name for row in study.conditions.all() if only in ("", row.name)}
    groups: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for stimulus, condition, words in sorted(people):
        if (stimulus, condition) in numbers:
            groups[stimuli[stimulus].paradigm, condition, words].append(stimulus)
    greatest: dict[int, Disagreement] = {}
    for (_, condition, words), members in groups.items():
        if condition not in names or len(members) < FEWEST:
            continue
        by_people = rankdata([-people[one, condition, words] for one in members])
        by_metric = rankdata([-numbers[one, condition] for one in members])
        for one, first, second in zip(members, by_people, by_metric, strict=True):
            found = Disagreement(names[condition], float(first), float(second), len(members))
            if one not in greatest or found.size > greatest[one].size:
                greatest[one] = found
    return greatest


def _people(study: Study) -> dict[Asked, float]:
    """People's mean score, of each wording by itself."""
    rows = Judgment.objects.filter(
        participation__study=study,
        participation__status__in=(Status.ACTIVE, Status.FINISHED),
        trial__stage__in=(Stage.MAIN, Stage.FINAL),
        trial__stimulus__isnull=False,
        trial__condition__isnull=False,
        value__isnull=False,
    )
    scored = rows.annotate(score=SCORE).filter(score__isnull=False)
    of = "trial__stimulus", "trial__condition", "trial__paradigm", "trial__block"
    known: dict[str, Mapping[str, str]] = {}
    sums: dict[Asked, list[float]] = defaultdict(lambda: [0.0, 0])
    told = scored.values_list(*of).annotate(total=Sum("score"), count=Count("pk"))
    for stimulus, condition, paradigm, block, total, count in told:
        if paradigm not in known:
            known[paradigm] = labels(study.definition, paradigm)
        cell = sums[stimulus, condition, known[paradigm].get(block, "")]
        cell[0] += total
        cell[1] += count
    return {key: total / count for key, (total, count) in sums.items()}


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
        # Of two conditions that met each has a role of its own
        meets = both and member_role(0) in by_role
        first, second = (member_role(0), member_role(1)) if meets else ("stronger", "weaker")
        if first in by_role and (not both or second in by_role):
            found[key] = by_role[first] - (by_role[second] if both else 0.0)
    return found
