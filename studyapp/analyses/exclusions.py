"""The declared rules that exclude people: blind to the outcome, applied at analysis time.

A rule looks at attention checks, times and the pattern of answers, never at scores.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
from django.db import transaction

from studyapp.models import Exclusion, Participation, Study
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.questions import DECLINED
from studyapp.studies.definition.study import study_definition

from .frames import people_frames, study_frame
from .tables import JUDGMENTS, PARTICIPATIONS
from .tables.columns import participant_id
from .tidy import ANSWERED

JUDGMENT_COLUMNS = (
    "participant_id", "status", "stage", "paradigm", "value", "further_answers", "check_passed",
    "rt_ms", "focus_losses",
)  # fmt: skip
PERSON_COLUMNS = ("participant_id", "status", "started_at", "finished_at")

# A person's judgments and their row of participations → the measure that a rule has a limit for
Measure = Callable[[pd.DataFrame, "pd.Series[Any]"], float]


def _failed_checks(judgments: pd.DataFrame, _: "pd.Series[Any]") -> float:
    return float((judgments["check_passed"] == False).sum())  # noqa: E712 (missing is neither)


def _median_ms(judgments: pd.DataFrame, _: "pd.Series[Any]") -> float:
    return float(_analysed(judgments)["rt_ms"].dropna().astype(float).median())


def _straight_lining(judgments: pd.DataFrame, _: "pd.Series[Any]") -> float:
    """The share of the most frequent answer; a page of several items gives an answer an item.
    “Prefer not to say” is one of the answers, and never the same answer again."""
    columns = ["paradigm", "value", "further_answers"]
    pages = _analysed(judgments)[columns].itertuples(index=False, name=None)
    answers = [answer for page in pages for answer in _answers_of(*page)]
    counts = Counter(answer for answer in answers if answer is not None)
    return max(counts.values()) / len(answers) if counts else float("nan")


def _answers_of(paradigm: str, value: Any, further_answers: Any) -> list[int | None]:
    """None for an answer that was declined."""
    if pd.notna(value):
        return [int(value)]
    further = json.loads(further_answers) if isinstance(further_answers, str) else {}
    return [
        None if answer == DECLINED else answer for name, answer in further.items()
        if PARADIGMS[paradigm].can_be_alike(name)
        and (isinstance(answer, int) or answer == DECLINED)
    ]  # fmt: skip


def _minutes(_: pd.DataFrame, person: "pd.Series[Any]") -> float:
    taken = pd.Timestamp(str(person["finished_at"])) - pd.Timestamp(str(person["started_at"]))
    return taken.total_seconds() / 60


def _focus_losses(judgments: pd.DataFrame, _: "pd.Series[Any]") -> float:
    return float(judgments["focus_losses"].fillna(0).sum())


def _analysed(judgments: pd.DataFrame) -> pd.DataFrame:
    """Every answer that an analysis reads, both of two: a rule looks at no fewer."""
    return judgments[judgments["stage"].isin(ANSWERED)]


# Rule → what it measures, and whether falling below the limit (or reaching it) excludes.
RULES: Mapping[str, tuple[Measure, bool]] = {
    "failed_checks": (_failed_checks, False),
    "fastest_median_ms": (_median_ms, True),
    "straight_lining": (_straight_lining, False),
    "shortest_minutes": (_minutes, True),
    "focus_losses": (_focus_losses, False),
}


def broken_rules(
    people: pd.DataFrame, judgments: pd.DataFrame, limits: Mapping[str, float | None]
) -> Iterator[tuple[str, str, str]]:
    """(participant_id, rule, note) for every finished person and every rule that they break.

    Pure. A measure that is missing, such as a reaction time without JavaScript, breaks nothing.
    """
    groups = dict(iter(judgments.groupby("participant_id")))
    for _, person in people[people["status"] == "finished"].iterrows():
        name = str(person["participant_id"])
        for rule, (measure, excludes_below) in RULES.items():
            limit = limits.get(rule)
            if limit is None or name not in groups:
                continue
            found = measure(groups[name], person)
            if found < limit if excludes_below else found >= limit:
                yield name, rule, f"{found:g} against a limit of {limit:g}"


def find_broken_rules(study: Study) -> list[tuple[str, str, str]]:
    """Who breaks the study's own rules now; nothing is written."""
    return people_breaking(study, study_definition(study).exclusions.model_dump())


def people_breaking(study: Study, limits: Mapping[str, float | None]) -> list[tuple[str, str, str]]:
    """(participant_id, rule, note) of the finished people who break a rule at these `limits`."""
    if not any(limits.values()):
        return []
    people = study_frame(PARTICIPATIONS, study, PERSON_COLUMNS)
    found: list[tuple[str, str, str]] = []
    for judgments in people_frames(JUDGMENTS, study, JUDGMENT_COLUMNS):
        answering = people[people["participant_id"].isin(judgments["participant_id"])]
        found += broken_rules(answering, judgments, limits)
    return found


@transaction.atomic
def apply_exclusions(study: Study) -> int:
    """Add a row for every broken rule that has none yet; how many were added.

    An exclusion that a researcher has undone is not made again.
    """
    people = participation_keys(study)
    standing = set(Exclusion.objects.of(study).made().values_list("participation_id", "rule"))
    new = [
        Exclusion(participation_id=people[name], rule=rule, note=note)
        for name, rule, note in find_broken_rules(study)
        if (people[name], rule) not in standing
    ]
    Exclusion.objects.bulk_create(new)
    return len(new)


def participation_keys(study: Study) -> dict[str, int]:
    """The participations' keys by the `participant_id` of the tables."""
    return dict(Participation.objects.filter(study=study).values_list(participant_id(), "pk"))
