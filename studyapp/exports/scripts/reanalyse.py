"""Recomputes the results of this bundle from its tables, with pandas alone.

    python analysis/reanalyse.py

It lists what differs from results*.json, and ends with status 1 if anything does. It compares the
numbers of judgments, means, counts, differences and their two-way robust standard errors, the
worths of conditions that met on a page, what differences depend on, the same without flagged
people, medians of times, alphas, every other answer, and the verdicts on hypotheses with their
adjusted p values; not the mixed models (see
reanalyse.R), agreement, or what a paradigm tells beside its means. Pointing and marking also need
Pillow, with which maps.py, beside this file, draws the maps at the size at which people saw them.
"""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE / "analysis"))
# A bundle holds what its manifest lists, and nothing that Python would keep beside it.
sys.dont_write_bytecode = True
contrasts: Any = import_module("contrasts")
evidence: Any = import_module("evidence")
maps: Any = import_module("maps")
instruments: Any = import_module("instruments")
meetings: Any = import_module("meetings")
hypotheses: Any = import_module("hypotheses")
moderators: Any = import_module("moderators")
scales: Any = import_module("scales")
ANALYSED = ("main", "final", "questionnaire")
CLOSE = 1e-9
DECLINED = {"declined": True}
# What is compared: (what it is, its value in the results, its value here)
Pair = tuple[str, Any, Any]


def main() -> int:
    definition = json.loads((BUNDLE / "materials" / "definition.json").read_text("utf-8"))
    judgments = table("judgments")
    people = judgments[(judgments.status == "finished") & (judgments.excluded == "false")]
    differences, rows_of = [], dict[str, Any]()
    for file in sorted((BUNDLE / "analysis").glob("results*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        asked = people[people.paradigm == found["paradigm"]]
        analysed = asked[asked.stage.isin(ANALYSED)]
        rows = valued(analysed, found, definition)
        rows_of[found["paradigm"]] = rows
        own = file.with_name(file.name.replace("results", "table")).with_suffix(".csv")
        pairs = [
            *compared(found, rows),
            *worths(found, analysed),
            *evidence.compared(found, rows, table, contrasts.contrast),
            *moderators.compared(found, analysed, judgments, definition, table),
            *answered(found, asked),
            *scales.recomputed(found, analysed, definition),
            *written(own, rows),
            *keyed(judgments[judgments.paradigm == found["paradigm"]]),
        ]
        for label, told, again in pairs:
            sys.stdout.write(f"{found['paradigm']}  {label}: {told} / {again}\n")
        differences += [
            f"{file.name}: {label}: {told} in the results, {again} here"
            for label, told, again in pairs
            if not same(told, again)
        ]
    for label, told, again in decided(definition, rows_of):
        sys.stdout.write(f"{label}: {told} / {again}\n")
        if not same(told, again):
            differences.append(f"hypotheses.json: {label}: {told} there, {again} here")
    for line in differences or ["everything is as in the results"]:
        sys.stdout.write(line + "\n")
    return 1 if differences else 0


def decided(definition: Any, rows_of: dict[str, Any]) -> Iterator[Pair]:
    """The verdicts, where hypotheses are tied to contrasts."""
    file = BUNDLE / "analysis" / "hypotheses.json"
    if file.exists():
        told, sided = (
            json.loads(file.read_text("utf-8")),
            definition["analysis"].get("sided", "two"),
        )
        yield from hypotheses.verdicts(told, sided, rows_of)


def same(told: Any, again: Any) -> bool:
    """A value that the results do not give can't differ."""
    return told is None or (again is not None and abs(told - again) <= CLOSE * max(1, abs(told)))


def table(name: str) -> pd.DataFrame:
    """A table of the bundle as text: empty cells are missing, and a leading ' is removed."""
    path = next((BUNDLE / "data").glob(f"*_description-{name}_data.csv"))
    cells = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], index_col=False)
    for column in cells.columns:
        cells[column] = cells[column].str.replace("^'", "", regex=True)
    return cells


def keyed(rows: pd.DataFrame) -> Iterator[Pair]:
    """How many scores differ from the key that was drawn with the trial."""
    trials = table("trials").set_index("trial_id")
    if "keys" not in trials.columns or trials["keys"].isna().any():
        return
    wrong = 0
    for row in rows.itertuples(index=False):
        key = json.loads(str(trials.loc[str(row.trial_id), "keys"]))
        second = all_answers(row).get("correct")
        for question, answer, told in (
            ("value", row.value, row.score if isinstance(row.score, str) else row.correct),
            ("correct", second, row.second_correct),
        ):
            if question in key and isinstance(told, str):
                wrong += key[question].get(str(answer)) != float(told)
    yield "scores that differ from the answer key", 0, wrong


def frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["participant", "image", "method", "scale", "y"])


# How judgments become values: participant, image, method, scale, y


def valued(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """By the outcome of the results; where that is a plain value, by what was answered."""
    if found["outcome"] != "value":
        return by_outcome(rows, found, definition)
    if not found["methods"]:
        return frame([])
    if rows.condition.str.contains(meetings.BETWEEN, regex=False).any():
        return by_meeting(rows, found, definition)
    answers = {name for row in rows.itertuples(index=False) for name in further(row)}
    if "point" in answers or "region" in answers:
        return (by_click if "point" in answers else by_region)(rows, found, definition)
    asked = own_blocks(definition, found["paradigm"])
    if not any(block.get("items") or block.get("instrument") for block in asked):
        return by_value(rows, found, definition)
    is_about_the_whole = rows.stage.eq("questionnaire").all()
    return (by_scale if is_about_the_whole else by_statement)(rows, found, definition)


def by_outcome(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """The column of the outcome; questions asked in one step and in two are two scales."""
    rows = rows[rows[found["outcome"]].notna()]
    several = rows.stage.nunique() > 1
    steps = {"main": "one step", "final": "two steps"}
    words = wordings(definition, found["paradigm"])
    values = []
    for row in rows.itertuples(index=False):
        parts = [steps[str(row.stage)] if several else "", words.get(str(row.block), "")]
        scale = ", ".join(part for part in parts if part)
        method = f"{row.condition}, {scale}" if scale else row.condition
        value = float(getattr(row, found["outcome"]))
        values.append((row.participant_id, row.image_group, method, scale, value))
    return frame(values)


def wordings(definition: Any, paradigm: str) -> dict[str, str]:
    """What each block's own words are called; none where all blocks ask in the same words."""
    asked: dict[str, list[str]] = {}
    for block in own_blocks(definition, paradigm):
        if block["stage"] == "main":
            asked.setdefault(block.get("wording", ""), []).append(block["name"])
    if len(asked) < 2:
        return {}
    return {
        name: " and ".join(names) if told else "built-in words"
        for told, names in asked.items()
        for name in names
    }


def met_on_pages(rows: pd.DataFrame) -> Iterator[tuple[Any, dict[str, int]]]:
    """Each answered page with the places of the conditions on it."""
    orders = table("trials").set_index("trial_id")["option_order"]
    for row in rows[rows.value.notna()].itertuples(index=False):
        yield row, meetings.placed(row, str(orders[str(row.trial_id)]), further(row))


def by_meeting(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """Each condition on a page has a row: the share of the others that it was placed before."""
    pages = list(met_on_pages(rows))
    values = [
        (row.participant_id, row.image_group, name, "", meetings.share_before(name, places))
        for row, places in pages
        for name in places
    ]
    told = frame(values)
    told.attrs["judgments"] = len(pages)
    return told


def worths(found: Any, rows: pd.DataFrame) -> Iterator[Pair]:
    """Those of conditions that met on pages, where there are any."""
    own = found.get(found["paradigm"]) or {}
    if "worths" in own:
        met = rows[rows.condition.str.contains(meetings.BETWEEN, regex=False)]
        yield from meetings.worths(own, [places for _, places in met_on_pages(met)])


def by_statement(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """Each statement about an explanation by itself."""
    names = block_names(definition, found["paradigm"])
    values = []
    for row in rows.itertuples(index=False):
        for item, value in items(row).items():
            scale = ": ".join(part for part in (names[str(row.block)], item) if part)
            method = f"{row.condition}, {scale}" if scale else row.condition
            values.append((row.participant_id, row.image_group, method, scale, value))
    return frame(values)


def by_scale(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """Each published scale of an instrument, else each item; people are the only clusters."""
    names = block_names(definition, found["paradigm"])
    blocks = {block["name"]: block for block in definition["blocks"]}
    several = len(definition["arms"]) > 1
    values = []
    for row in rows.itertuples(index=False):
        for name, value in instruments.scales_of(blocks[str(row.block)], items(row)).items():
            scale = ": ".join(part for part in (names[str(row.block)], name or "the item") if part)
            method = f"{scale}, {row.arm}" if several else scale
            values.append((row.participant_id, row.participant_id, method, scale, value))
    return frame(values)


def map_digests() -> dict[tuple[Any, Any], Any]:
    """The map of the stronger network, by stimulus and condition."""
    explanations = table("explanations")
    shown = explanations[(explanations.role == "stronger") & explanations.map_sha256.notna()]
    return {(row.stimulus_id, row.condition): row.map_sha256 for row in shown.itertuples()}


def by_click(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """The percentile of the shown condition's map at the click, where the map was kept."""
    digests, values = map_digests(), []
    words = wordings(definition, found["paradigm"])
    for row in rows.itertuples(index=False):
        point = further(row).get("point")
        drawn = maps.drawn_map(digests.get((row.stimulus_id, row.condition)))
        if point is not None and drawn is not None:
            scale = words.get(str(row.block), "")
            method = f"{row.condition}, {scale}" if scale else row.condition
            percentile = maps.percentile(point, drawn)
            values.append((row.participant_id, row.image_group, method, scale, percentile))
    return frame(values)


def by_region(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """The overlap with the map that was shown; on the plain photo with those on the same crop."""
    blocks = own_blocks(definition, found["paradigm"])
    beside = {one["name"] for one in blocks if one.get("with_explanation")}
    pairs, only = definition["pairs"], next(iter(definition["pairs"]))
    pair = {one["name"]: one.get("pair") or only for one in definition["conditions"]}
    crop = {name: pairs[one].get("stronger") or ("pair", one) for name, one in pair.items()}
    digests, words = map_digests(), wordings(definition, found["paradigm"])
    values = []
    for row in rows.itertuples(index=False):
        region, scale = further(row).get("region"), words.get(str(row.block), "")
        for (stimulus, name), digest in digests.items():
            is_same = (
                name == row.condition if row.block in beside else crop[name] == crop[row.condition]
            )
            drawn = maps.drawn_map(digest) if stimulus == row.stimulus_id and is_same else None
            if region is not None and drawn is not None:
                method = f"{name}, {scale}" if scale else name
                overlap = maps.overlap(region, drawn)
                values.append((row.participant_id, row.image_group, method, scale, overlap))
    return frame(values)


def by_value(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """The numbers as they were answered."""
    rows = rows[rows.value.notna()]
    columns = (rows.participant_id, rows.image_group, rows.condition, rows.value.astype(float))
    return frame([(*who, "", value) for *who, value in zip(*columns, strict=True)])


def further(row: Any) -> dict[str, Any]:
    """The page's other answers, without those that were declined."""
    return {name: answer for name, answer in all_further(row).items() if answer != DECLINED}


def all_further(row: Any) -> dict[str, Any]:
    text = row.further_answers
    answers: dict[str, Any] = json.loads(text) if isinstance(text, str) else {}
    return answers


def items(row: Any) -> dict[str, float]:
    """The numbered answers of a page; a single answer has no number."""
    if isinstance(row.value, str):
        return {"": float(row.value)}
    answers = further(row)
    return {
        name: float(value)
        for name, value in answers.items()
        if name.startswith("item_") and not isinstance(value, dict)
    }


def own_blocks(definition: Any, paradigm: str) -> list[Any]:
    return [block for block in definition["blocks"] if block["paradigm"] == paradigm]


def block_names(definition: Any, paradigm: str) -> dict[str, str]:
    """The prefix of a scale's name: its block, where several blocks ask the paradigm."""
    names = [block["name"] for block in own_blocks(definition, paradigm)]
    return {name: name if len(names) > 1 else "" for name in names}


def compared(found: dict[str, Any], rows: pd.DataFrame) -> Iterator[Pair]:
    """Every method and every contrast."""
    yield "judgments", found["n"], rows.attrs.get("judgments", len(rows))
    for name, method in found["methods"].items():
        values = rows.y[rows.method == name]
        yield f"{name}, n", method["n"], len(values)
        yield name, method["accuracy"] if "accuracy" in method else method["mean"], values.mean()
        if "right" in method:
            yield f"{name}, right", method["right"], values.sum()
        for level, count in method.get("counts", {}).items():
            yield f"{name}, answers {level}", count, (values == float(level)).sum()
    for one in found["contrasts"]:
        label = f"{one['a']} - {one['b']}"
        estimate, se = contrasts.contrast(rows, one["b"], one["a"])
        yield label, one["estimate"], estimate
        yield f"{label}, standard error", one["se"], se


def answered(found: dict[str, Any], rows: pd.DataFrame) -> Iterator[Pair]:
    """How often each question was answered, and the mean where there is one."""
    given = [
        (row.block, row.stage, row.condition if isinstance(row.condition, str) else "everything",
         name, answer)
        for row in rows[rows.stage.isin((*ANALYSED, "first", "repeat"))].itertuples(index=False)
        for name, answer in all_answers(row).items()
    ]  # fmt: skip
    for one in found.get("answers", []):
        for method, told in one["methods"].items():
            key = (one["block"], one["stage"], method, one["question"])
            label = f"{one['block']} {one['stage']} {one['question']}, {method}"
            said = [answer for *where, answer in given if tuple(where) == key]
            if "not_asked" in told:
                yield f"{label}, not asked", told["not_asked"], said.count({"asked": False})
            said = [answer for answer in said if answer != {"asked": False}]
            own = [number(answer) for answer in said]
            chosen = [float(one) for answer in said if isinstance(answer, list) for one in answer]
            known = [answer for answer in own if not np.isnan(answer)]
            yield f"{label}, n", told["n"], len(own)
            if told.get("mean") is not None:
                yield f"{label}, mean", told["mean"], float(np.mean(known))
            if "declined" in told:
                yield f"{label}, declined", told["declined"], said.count(DECLINED)
            for level, count in told.get("counts", {}).items():
                times = (own + chosen).count(float(level))
                yield f"{label}, answers {level}", count, times


def all_answers(row: Any) -> dict[str, Any]:
    value = {"value": row.value} if isinstance(row.value, str) else {}
    return {**value, **all_further(row)}


def number(answer: Any) -> float:
    """Of a text its number of words; NaN for a point, several choices, “prefer not to say”."""
    if isinstance(answer, list):
        return float("nan")
    return float(answer.get("words", "nan") if isinstance(answer, dict) else answer)


def written(path: Path, rows: pd.DataFrame) -> Iterator[Pair]:
    """The table that R reads holds the same judgments, beside answers that have no number."""
    own = pd.read_csv(path, dtype={"method": str}, index_col=False)
    outcome = next(name for name in ("score", "correct", "value") if name in own.columns)
    own = own[own[outcome].notna()]
    yield f"{path.name}, judgments", len(own), len(rows)
    for name, values in own.groupby("method")[outcome]:
        yield f"{path.name}, {name}", values.sum(), rows.y[rows.method == name].sum()


if __name__ == "__main__":
    sys.exit(main())
