"""What each judgment has of the plan's moderators, as columns of its table."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.measures import StudyTables, loaded
from studyapp.sections.moderators import ModeratorSection
from studyapp.studies.definition.moderators import (
    METRIC,
    moderating_question,
    moderator_kind,
    moderator_paradigms,
)
from studyapp.studies.definition.strata import by_question, stratifying
from studyapp.studies.definition.study import Definition, stored_definition

from .automatic import metric_numbers
from .moderator import Moderator, column_of
from .tidy import Tidy

WRONG, RIGHT = "network wrong", "network right"
SIDES = ("A", "B")
LANGUAGE = ("person", "language")
Values = Mapping[str, Any]


def with_moderators(tidy: Tidy, tables: StudyTables) -> Tidy:
    """The same with the columns of the moderators that the plan names for its paradigm."""
    if not tables.definition["analysis"].get("moderators") and not tables.definition.get(
        "translations"
    ):
        return tidy
    definition = stored_definition(tables.definition)
    found, frame = [], tidy.frame
    for one in analysed_moderators(definition):
        if tidy.paradigm not in moderator_paradigms(definition, one):
            continue
        kind = moderator_kind(definition, one)
        column = _column(tidy, tables, definition, one)
        if kind == "number":
            column = pd.to_numeric(column, errors="coerce").astype(float)
        frame = frame.assign(**{column_of(*one.key): column.to_numpy()})
        levels = _levels(definition, one, column) if kind == "levels" else ()
        found.append(Moderator(one.of, one.field, kind, one.planned, levels))
    return replace(tidy, frame=frame, moderators=tuple(found))


def analysed_moderators(definition: Definition) -> list[ModeratorSection]:
    """Those of the plan, and as an exploratory one the language that people read, where there are
    several: whether the words mean the same in each is never taken for granted."""
    planned = list(definition.analysis.moderators)
    if definition.translations and all(one.key != LANGUAGE for one in planned):
        of, field = LANGUAGE
        planned.append(ModeratorSection.model_validate({"of": of, "field": field}))
    return planned


def _column(
    tidy: Tidy, tables: StudyTables, definition: Definition, one: ModeratorSection
) -> "pd.Series[Any]":
    """A value, or a missing one, of each judgment."""
    if one.of == "person":
        return tidy.frame["participant"].map(_of_people(tables, definition, one))
    if one.of == "photo":
        return tidy.frame["unit"].map(_of_photos(tidy, tables, one))
    of_trial = {"order": "trial_position", "side": "stronger_side"}[one.field]
    return tables.frames["judgments"][of_trial].reindex(tidy.frame.index)


def _of_people(tables: StudyTables, definition: Definition, one: ModeratorSection) -> Values:
    question = moderating_question(definition, one)
    if question is None:
        people = tables.frames["participations"]
        if one.field in [question.name for question in stratifying(definition)]:
            told = people["stratum"].fillna("").map(by_question)
            return {
                person: own[one.field]
                for person, own in zip(people["participant_id"], told, strict=True)
                if own
            }
        return dict(zip(people["participant_id"], people[one.field], strict=True))
    block, name = one.asked
    judged = tables.frames["judgments"]
    words = dict(question.answers) if moderator_kind(definition, one) == "levels" else {}
    given = _answers(judged[judged["block"] == block].itertuples(index=False), name)
    return {person: words.get(int(answer), answer) if words else answer for person, answer in given}


def _answers(rows: Iterable[Any], name: str) -> Iterator[tuple[str, float]]:
    """Each person's number; nobody who preferred not to say, or was not asked."""
    for row in rows:
        further = json.loads(row.further_answers) if isinstance(row.further_answers, str) else {}
        answer = row.value if name == "value" and pd.notna(row.value) else further.get(name)
        if isinstance(answer, (int, float)):
            yield row.participant_id, float(answer)


def _of_photos(tidy: Tidy, tables: StudyTables, one: ModeratorSection) -> Values:
    stimuli = tables.frames["stimuli"]
    if one.field == "class":
        return dict(zip(stimuli["stimulus_id"], stimuli["category"], strict=True))
    if one.field == "network":
        is_right = PARADIGMS[tidy.paradigm].network_right
        assert is_right is not None
        own = stimuli[stimuli["stimulus_id"].isin(tidy.frame["unit"])]
        return {
            str(row.stimulus_id): RIGHT if is_right(loaded(row.facts)) else WRONG
            for row in own.itertuples(index=False)
        }
    return _metric(tidy, one.field.removeprefix(METRIC))


def _metric(tidy: Tidy, name: str) -> Values:
    """The mean over a photo's explanations, where every method that was measured has a number."""
    known = metric_numbers(tidy, name)
    numbers: dict[str, list[float]] = {}
    for (unit, _), number in sorted(known.items()):
        numbers.setdefault(unit, []).append(number)
    most = max(map(len, numbers.values()), default=0)
    return {unit: sum(own) / most for unit, own in numbers.items() if len(own) == most}


def _levels(
    definition: Definition, one: ModeratorSection, column: "pd.Series[Any]"
) -> tuple[str, ...]:
    """Those that somebody has, in the order of the answers, arms or sides, else of the alphabet."""
    question = moderating_question(definition, one)
    known = [words for _, words in question.answers] if question is not None else []
    orders = {
        "arm": [*definition.arm_conditions()],
        "language": definition.languages,
        "network": [WRONG, RIGHT],
        "side": [*SIDES],
    }
    there = set(column.dropna())
    strata = {str(own.name): [part.name for part in own.strata] for own in stratifying(definition)}
    orders |= strata
    listed = known or orders.get(one.field) or sorted(there)
    return tuple(dict.fromkeys(level for level in listed if level in there))
