"""What the differences of two conditions depend on, worked out again; see reanalyse.py.

Only of answers that are scored by themselves, under conditions as the study file names them.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Pair = tuple[str, Any, Any]


def compared(
    found: Any, analysed: pd.DataFrame, judgments: pd.DataFrame, definition: Any, table: Any
) -> Iterator[Pair]:
    """Every effect at a level, and how much effects differ."""
    if found["outcome"] == "value":
        return
    rows = analysed[analysed[found["outcome"]].notna()]
    rows = rows.assign(y=rows[found["outcome"]].astype(float))
    for one in found.get("moderators", []):
        rows = rows.assign(x=_values(one, rows, judgments, definition, table))
        known = rows[rows.x.notna()]
        yield f"{one['column']}, judgments", one["n"], len(known)
        for told in one["contrasts"]:
            both = known[known.condition.isin([told["a"], told["b"]])]
            if both.condition.nunique() < 2:
                continue
            again = _by_number if one["kind"] == "number" else _by_level
            for label, value, here in again(one, told, both, known):
                yield f"{told['a']} - {told['b']} by {one['column']}{label}", value, here


def _by_level(one: Any, told: Any, rows: pd.DataFrame, known: pd.DataFrame) -> Iterator[Pair]:
    means = rows.groupby(["x", "condition"]).y.mean().unstack()
    effects = means[told["a"]] - means[told["b"]]
    for effect in told["effects"]:
        here = effects.get(effect["level"], float("nan"))
        yield f", {effect['level']}", effect["estimate"], here
    if told["interaction"]["estimate"] is not None:
        first, second = (level["level"] for level in one["levels"])
        yield ", interaction", told["interaction"]["estimate"], effects[second] - effects[first]
    for two in told.get("pairs", []):
        here = effects[two["level"]] - effects[two["against"]]
        yield f", {two['level']} less {two['against']}", two["estimate"], here


def _by_number(one: Any, told: Any, rows: pd.DataFrame, known: pd.DataFrame) -> Iterator[Pair]:
    """A line for each of the two conditions, in units of one SD around the mean."""
    unit = {"person": "participant_id", "photo": "image_group"}.get(one["of"])
    numbers = known.x if unit is None else known.groupby(unit).x.mean()
    mean, sd = float(numbers.astype(float).mean()), float(numbers.astype(float).std())
    yield ", mean", one["mean"], mean
    yield ", SD", one["sd"], sd
    if not sd:
        return
    lines = []
    for name in (told["a"], told["b"]):
        own = rows[rows.condition == name]
        lines.append(np.polyfit((own.x.astype(float) - mean) / sd, own.y, 1))
    slope, height = lines[0] - lines[1]
    yield ", interaction", told["interaction"]["estimate"], slope
    for effect, place in zip(told["effects"], (-1, 0, 1), strict=True):
        yield f", {effect['level']}", effect["estimate"], height + place * slope


def _values(
    one: Any, rows: pd.DataFrame, judgments: pd.DataFrame, definition: Any, table: Any
) -> Any:
    """What each judgment has of the moderator."""
    if one["of"] == "person":
        return rows.participant_id.map(_of_people(one, judgments, definition, table))
    if one["of"] == "photo":
        return rows.stimulus_id.map(_of_photos(one, rows, table))
    if one["field"] == "order":
        return rows.trial_position.astype(float)
    return rows.stronger_side


def _of_people(one: Any, judgments: pd.DataFrame, definition: Any, table: Any) -> dict[Any, Any]:
    if "." not in one["field"]:
        people = table("participations")
        return dict(zip(people.participant_id, people[one["field"]], strict=True))
    block, _, name = one["field"].partition(".")
    own = next(each for each in definition["blocks"] if each["name"] == block)
    words = (
        _words_of_pages(f"{block}/{name}") if name in own.get("facts", []) else _words(own, name)
    )
    found = {}
    for row in judgments[judgments.block == block].itertuples(index=False):
        further = (
            json.loads(str(row.further_answers))
            if row.further_answers == row.further_answers
            else {}
        )
        answer = row.value if name == "value" else further.get(name)
        if isinstance(answer, (int, float, str)) and answer == answer:
            is_number = one["kind"] == "number"
            found[row.participant_id] = float(answer) if is_number else words(int(answer))
    return found


def _words_of_pages(question: str) -> Callable[[int], str]:
    """Of a ready question, whose words are not in the study file but in the codebook."""
    path = Path(__file__).parents[1] / "codebook.csv"
    told = pd.read_csv(path, dtype=str).set_index("column").levels[question]
    found = dict(level.split(" = ", 1) for level in told.split("; "))
    return lambda number: found[str(number)]


def _words(block: Any, name: str) -> Callable[[int], str]:
    """What an answer's number stood for; steps of a scale are called by their numbers."""
    field: Any = next((one for one in block.get("fields", []) if one["name"] == name), {})
    choices = field.get("choices") or []
    return lambda number: choices[number] if choices else str(number)


def _of_photos(one: Any, rows: pd.DataFrame, table: Any) -> dict[Any, Any]:
    stimuli = table("stimuli")
    if one["field"] == "class":
        return dict(zip(stimuli.stimulus_id, stimuli.category, strict=True))
    if one["field"] == "network":
        facts = {row.stimulus_id: json.loads(str(row.facts)) for row in stimuli.itertuples()}
        names = {True: "network right", False: "network wrong"}
        return {name: names[_is_right(told)] for name, told in facts.items() if "right" in told}
    return _metric(one, rows, table("metrics"))


def _is_right(facts: Any) -> bool:
    """Advice says whether it is to be accepted; of two maps, whether both are of one class."""
    if "accept" in facts:
        return bool(facts["accept"])
    return bool(facts["correct"] == facts["right"]) if "correct" in facts else bool(facts["right"])


def _metric(one: Any, rows: pd.DataFrame, metrics: pd.DataFrame) -> dict[Any, Any]:
    """The mean over a photo's explanations; where people score two networks, of differences."""
    own = metrics[metrics.metric == one["field"].partition(".")[2]]
    numbers = own.assign(value=own.value.astype(float)).pivot_table(
        index=["stimulus_id", "condition"], columns="role", values="value"
    )
    told = numbers["stronger"]
    if rows.score.notna().any():
        told = told - numbers["weaker"]
    judged = set(zip(rows.stimulus_id, rows.condition, strict=True))
    told = told[[key in judged for key in told.index]].dropna()
    by_photo = told.groupby("stimulus_id").agg(["mean", "count"])
    complete = by_photo[by_photo["count"] == by_photo["count"].max()]
    return dict(complete["mean"])
