"""What a study's own rows give each paradigm's analysis: the columns that `kinds` names.

The same tables come from the database and from a bundle, so both give the same frame.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from studyapp.paradigms.base import NO_ADVICE, NO_EXPLANATION
from studyapp.paradigms.pointing.question import Values, point_scores
from studyapp.paradigms.questionnaire.question import INSTRUMENTS, instrument_scores

Frame = pd.DataFrame
Outcome = Literal["score", "correct", "value"]
NAMES = {
    "participant_id": "participant", "image_group": "image", "condition": "method",
    "stimulus_id": "unit", "trial_position": "order",
}  # fmt: skip


@dataclass(frozen=True)
class StudyTables:
    """A study as its analysis reads it.

    frames: its tables by name, the columns of `sources.COLUMNS`. stored_map: the float map of a
    digest; None where it is not kept. has_clock: whether times are moments, as no public bundle's.
    """

    frames: Mapping[str, Frame]
    definition: Mapping[str, Any]
    stored_map: Callable[[str], Values | None]
    has_clock: bool = True

    def blocks(self, paradigm: str) -> dict[str, Mapping[str, Any]]:
        return {
            str(one["name"]): one
            for one in self.definition["blocks"]
            if one["paradigm"] == paradigm
        }

    def conditions_with(self, method: str) -> list[str]:
        """The names of the conditions whose method is `method`."""
        return [one["name"] for one in self.definition["conditions"] if one["method"] == method]

    def facts(self, judgments: Frame, name: str) -> "pd.Series[Any]":
        """What the paradigm noted of each judgment's stimulus under `name`."""
        known = {
            row.stimulus_id: _loaded(row.facts).get(name)
            for row in self.frames["stimuli"].itertuples(index=False)
        }
        return judgments["stimulus_id"].map(known)


@dataclass(frozen=True)
class Scale:
    """What some methods of a paradigm are answered on, where others are answered on another.

    bounds: the least and greatest value. null: what a mean is tested against; None for no test.
    """

    bounds: tuple[float, float]
    null: float | None = None


@dataclass(frozen=True)
class Measured:
    """A frame as in Tidy, its rows under the index of the judgments that they come from.

    outcome: its outcome column. chance, null, bounds, about_photos: as in Tidy.
    reference: the method to compare with where the plan names none. scales: by the names in the
    frame's column "scale".
    """

    frame: Frame
    outcome: Outcome
    chance: float = 0.5
    null: float | None = 0.0
    bounds: tuple[float, float] | None = None
    reference: str | None = None
    about_photos: bool = True
    notes: tuple[str, ...] = ()
    scales: Mapping[str, Scale] = field(default_factory=dict)


Measure = Callable[[StudyTables, str, Frame], Measured]
# Two ways of asking for reliance, whose answers are never compared
ONE_STEP, TWO_STEPS = "one step", "two steps"


def measured(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """The analysed judgments `main` of `paradigm` as its analysis wants them."""
    return MEASURES[paradigm](tables, paradigm, main)


def _scored(main: Frame, outcome: Outcome) -> Frame:
    extra = ["stronger_side"] if outcome == "score" else []
    frame = main[main[outcome].notna()][[*NAMES, *extra, outcome]].rename(columns=NAMES)
    return frame.astype({outcome: int})


def _trust(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    return Measured(_scored(main, "score"), "score")


def _right(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    return Measured(_scored(main, "correct"), "correct")


def _agreement(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    frame = _scored(main, "correct")
    frame["answer"] = main["value"]
    frame["prediction_right"] = tables.facts(main, "right").astype("Int64")
    return Measured(frame, "correct")


def _distinction(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Two questions; the network's own answer is the first class, so it is right where that is
    the correct one."""
    frame = _scored(main, "correct")
    frame["predicted_right"] = frame["correct"]
    frame["truth_right"] = main["second_correct"].astype("Int64")
    frame["prediction_right"] = (
        tables.facts(main, "correct").eq(tables.facts(main, "right")).astype("Int64")
    )
    further = main["further_answers"].map(_loaded)
    for name, key in (("predicted", "confidence"), ("truth", "correct_confidence")):
        frame[f"{name}_confidence"] = further.map(lambda one, key=key: one.get(key)).astype("Int64")
    return Measured(frame, "correct", chance=0.25)


def _meta_prediction(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """The baseline is the condition without explanation, where there is one."""
    frame = _scored(main, "correct")
    sessions = {
        name: block.get("session") or 1 for name, block in tables.blocks("meta_prediction").items()
    }
    frame["session"] = main["block"].map(sessions).astype(str)
    baseline = next(iter(tables.conditions_with(NO_EXPLANATION)), None)
    return Measured(frame, "correct", reference=baseline)


def _reliance(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Of two answers the final one, beside the first and the advice; of one, whether accepted.

    Where a study asks in both ways, each is a scale by itself.
    """
    is_final = main["stage"] == "final"
    if not is_final.any():
        return Measured(_one_step(tables, main), "correct")
    two = _two_steps(tables, main[is_final])
    if is_final.all():
        return Measured(two, "correct", chance=0.25)
    parts = {ONE_STEP: _one_step(tables, main[~is_final]), TWO_STEPS: two}
    for name, part in parts.items():
        part["scale"] = name
        part["method"] += f", {name}"
    note = (
        "reliance is asked in one step and in two: they are analysed separately, "
        "without a mixed model"
    )
    return Measured(
        pd.concat(parts.values()).sort_index(),
        "correct",
        notes=(note,),
        scales={ONE_STEP: Scale((0, 1), 0.5), TWO_STEPS: Scale((0, 1), 0.25)},
    )


def _one_step(tables: StudyTables, main: Frame) -> Frame:
    frame = _scored(main, "correct")
    frame["accepted"] = main["value"]
    frame["ai_right"] = tables.facts(main, "accept").astype("Int64")
    return frame


def _two_steps(tables: StudyTables, final: Frame) -> Frame:
    frame = _scored(final, "correct")
    key = ["participant_id", "stimulus_id"]
    first = tables.frames["judgments"][
        tables.frames["judgments"]["stage"] == "first"
    ].drop_duplicates(key)
    before = {
        (row.participant_id, row.stimulus_id): row.answer_name
        for row in first.itertuples(index=False)
    }
    pairs = zip(final["participant_id"], final["stimulus_id"], strict=True)
    frame["first"] = pd.Series([before.get(pair) for pair in pairs], final.index, dtype="object")
    frame["final"] = final["answer_name"]
    for name, fact in (("advice", "advice"), ("truth", "right")):
        frame[name] = _option_names(tables, final, fact)
    unadvised = frame["method"].isin(tables.conditions_with(NO_ADVICE))
    frame["advice"] = frame["advice"].where(~unadvised)
    return frame


def _option_names(tables: StudyTables, judgments: Frame, fact: str) -> "pd.Series[Any]":
    """The name of the option whose number the stimulus notes under `fact`.

    Other paradigms' stimuli have facts of the same names that number no options.
    """
    stimuli = tables.frames["stimuli"]
    asked = stimuli[stimuli["stimulus_id"].isin(judgments["stimulus_id"])]
    names = {
        row.stimulus_id: _loaded(row.options)[_loaded(row.facts)[fact]]
        for row in asked.itertuples(index=False)
    }
    return judgments["stimulus_id"].map(names)


def _pointing(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Percentile and NSS of the shown condition's map at each click."""
    digests = {
        (row.stimulus_id, row.condition): row.map_sha256
        for row in tables.frames["explanations"].itertuples(index=False)
        if row.role == "stronger" and isinstance(row.map_sha256, str)
    }
    maps: dict[str, Values | None] = {}
    scores: list[tuple[float | None, float | None]] = []
    for row in main.itertuples(index=False):
        digest = digests.get((row.stimulus_id, row.condition), "")
        if digest not in maps:
            maps[digest] = tables.stored_map(digest) if digest else None
        values, point = maps[digest], _loaded(row.further_answers).get("point")
        if values is None or point is None:
            scores.append((None, None))
        else:
            scores.append(point_scores(values, point))
    frame = main[list(NAMES)].rename(columns=NAMES)
    frame[["percentile", "nss"]] = pd.DataFrame(
        scores, index=frame.index, columns=["percentile", "nss"], dtype=float
    )
    frame["value"] = frame["percentile"]
    lost = int(frame["value"].isna().sum())
    notes = (f"{lost} clicks are left out: their maps are not kept",) if lost else ()
    return Measured(frame[frame["value"].notna()], "value", null=50.0, bounds=(0, 100), notes=notes)


def _rating(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Each statement of each block apart: what people agree to in one is not in another."""
    blocks = tables.blocks(paradigm)
    rows = [
        {
            **{NAMES[key]: getattr(row, key) for key in NAMES},
            "at": index, "scale": scale, "value": float(value),
            "method": f"{row.condition}, {scale}" if scale else row.condition,
            "condition": row.condition, "points": int(blocks[str(row.block)]["points"]),
        }
        for index, row in zip(main.index, main.itertuples(index=False), strict=True)
        for scale, value in _statements(blocks, row).items()
    ]  # fmt: skip
    return _rated(rows, blocks)


def _statements(blocks: Mapping[str, Any], row: Any) -> dict[str, int]:
    """The answers of a page by statement, its block in front where there are several."""
    block = str(row.block) if len(blocks) > 1 else ""
    return {": ".join(filter(None, [block, item])): value for item, value in _items(row).items()}


def _rated(rows: list[dict[str, Any]], blocks: Mapping[str, Mapping[str, Any]]) -> Measured:
    """Rows of answers from 1 to their own number of `points`, a scale each."""
    names = ["at", *NAMES.values(), "scale", "value", "condition", "points"]
    frame = Frame(rows, columns=names).set_index("at")
    most = max((int(one["points"]) for one in blocks.values()), default=7)
    points = dict(zip(frame["scale"], frame["points"], strict=True))
    return Measured(
        frame.drop(columns="points"),
        "value",
        null=None,
        bounds=(1, most),
        notes=_wordings(blocks),
        scales={scale: Scale((1, count)) for scale, count in points.items()},
    )


def _questionnaire(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """A value a person and scale. People answer about the whole: they are the only clusters."""
    blocks = tables.blocks(paradigm)
    arms = tables.definition["arms"]
    rows = [
        {
            "at": index, "participant": row.participant_id, "image": row.participant_id,
            "method": f"{scale}, {row.arm}" if len(arms) > 1 else scale,
            "unit": row.participant_id, "order": row.trial_position,
            "scale": scale, "value": value,
            "condition": row.arm, "points": int(blocks[str(row.block)]["points"]),
        }
        for index, row in zip(main.index, main.itertuples(index=False), strict=True)
        for scale, value in _scales(blocks, row).items()
    ]  # fmt: skip
    return replace(_rated(rows, blocks), about_photos=False)


def _scales(blocks: Mapping[str, Mapping[str, Any]], row: Any) -> dict[str, float]:
    """The published scales of the block's instrument, else each item by itself."""
    block = blocks[str(row.block)]
    prefix = f"{row.block}: " if len(blocks) > 1 else ""
    answers: Mapping[str, float] = _items(row)
    if block.get("instrument") in INSTRUMENTS:
        answers = instrument_scores(block["instrument"], _items(row))
    return {f"{prefix}{scale or 'the item'}": float(value) for scale, value in answers.items()}


def _items(row: Any) -> dict[str, int]:
    """The numbered answers of a page; the only one of a page has no number."""
    if pd.notna(row.value):
        return {"": int(row.value)}
    further = _loaded(row.further_answers)
    return {key: int(value) for key, value in further.items() if key.startswith("item_")}


def _wordings(blocks: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What stood on the pages of items without a published instrument."""
    return tuple(
        f"{_item_name(number, block)} of {name}: “{words}”, 1 to {block['points']}"
        for name, block in blocks.items()
        if not block.get("instrument") and len(block["items"]) + len(blocks) > 2
        for number, words in enumerate(block["items"], 1)
    )


def _item_name(number: int, block: Mapping[str, Any]) -> str:
    return f"item_{number}" if len(block["items"]) > 1 else "the item"


def _unscored(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Words are read, and a researcher's own fields mean what only the researcher knows."""
    people = main["participant_id"].nunique()
    note = (
        f"{paradigm} has no score of its own: {len(main)} answers of {people} people stand in the "
        "column “data” of the private table of judgments; `analyse FILE` takes what is coded "
        "from them"
    )
    frame = Frame(columns=[*NAMES.values(), "value"])
    return Measured(frame, "value", null=None, notes=(note,))


def _loaded(cell: Any) -> Any:
    """A JSON cell; an empty object where it is missing."""
    return json.loads(cell) if isinstance(cell, str) else {}


MEASURES: Mapping[str, Measure] = {
    "trust": _trust,
    "discrimination": _right,
    "agreement": _agreement,
    "distinction": _distinction,
    "meta_prediction": _meta_prediction,
    "reliance": _reliance,
    "pointing": _pointing,
    "rating": _rating,
    "questionnaire": _questionnaire,
    "open_text": _unscored,
    "custom": _unscored,
}
