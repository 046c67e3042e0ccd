"""Recomputes the results of this bundle from its tables, with pandas alone.

    python analysis/reanalyse.py

It lists what differs from results*.json, and ends with status 1 if anything does. It compares the
numbers of judgments, means, counts, differences and their two-way robust standard errors, and every
other answer. Pointing also needs Pillow, which draws the maps at the size at which people clicked.
"""

import io
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BUNDLE = Path(__file__).resolve().parent.parent
INSTRUMENTS = json.loads("""@INSTRUMENTS@""")
ANALYSED = ("main", "final", "questionnaire")
SIDE = 224
CLOSE = 1e-9
# The least two-way variance, in cell-clustered ones; which side of a contrast is sparse
FLOOR = 0.45
SPARSE_SIDE, SPARSE_SHARE = 15, 0.75
# What is compared: (what it is, its value in the results, its value here)
Pair = tuple[str, Any, Any]


def main() -> int:
    definition = json.loads((BUNDLE / "materials" / "definition.json").read_text("utf-8"))
    judgments = table("judgments")
    people = judgments[(judgments.status == "finished") & (judgments.excluded == "false")]
    differences = []
    for file in sorted((BUNDLE / "analysis").glob("results*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        asked = people[people.paradigm == found["paradigm"]]
        analysed = asked[asked.stage.isin(ANALYSED)]
        rows = valued(analysed, found, definition)
        own = file.with_name(file.name.replace("results", "table")).with_suffix(".csv")
        pairs = [
            *compared(found, rows),
            *answered(found, asked),
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
    for line in differences or ["everything is as in the results"]:
        sys.stdout.write(line + "\n")
    return 1 if differences else 0


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
                wrong += key[question].get(str(answer)) != int(told)
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
    answers = {name for row in rows.itertuples(index=False) for name in further(row)}
    if "point" in answers:
        return by_click(rows, found, definition)
    if not any(block.get("items") for block in own_blocks(definition, found["paradigm"])):
        return by_value(rows, found, definition)
    is_about_the_whole = rows.stage.eq("questionnaire").all()
    return (by_scale if is_about_the_whole else by_statement)(rows, found, definition)


def by_outcome(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """The column of the outcome; questions asked in one step and in two are two scales."""
    rows = rows[rows[found["outcome"]].notna()]
    several = rows.stage.nunique() > 1
    steps = {"main": "one step", "final": "two steps"}
    values = []
    for row in rows.itertuples(index=False):
        scale = steps[str(row.stage)] if several else ""
        method = f"{row.condition}, {scale}" if scale else row.condition
        value = float(getattr(row, found["outcome"]))
        values.append((row.participant_id, row.image_group, method, scale, value))
    return frame(values)


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
        instrument = INSTRUMENTS.get(blocks[str(row.block)].get("instrument"))
        given = items(row)
        scales = instrument_means(instrument, given) if instrument else given
        for name, value in scales.items():
            scale = ": ".join(part for part in (names[str(row.block)], name or "the item") if part)
            method = f"{scale}, {row.arm}" if several else scale
            values.append((row.participant_id, row.participant_id, method, scale, value))
    return frame(values)


def instrument_means(instrument: Any, given: dict[str, float]) -> dict[str, float]:
    def turned(number: int) -> float:
        value = given[f"item_{number}"]
        is_reversed = number in instrument["reversed_items"]
        return instrument["points"] + 1 - value if is_reversed else value

    return {
        name: sum(turned(number) for number in numbers) / len(numbers)
        for name, numbers in instrument["scales"].items()
    }


def by_click(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """The percentile of the shown condition's map at the click, where the map was kept."""
    explanations = table("explanations")
    shown = explanations[(explanations.role == "stronger") & explanations.map_sha256.notna()]
    digests = {(row.stimulus_id, row.condition): row.map_sha256 for row in shown.itertuples()}
    values = []
    for row in rows.itertuples(index=False):
        point = further(row).get("point")
        drawn = drawn_map(digests.get((row.stimulus_id, row.condition)))
        if point is not None and drawn is not None:
            at = min(int(point["y"] * SIDE), SIDE - 1), min(int(point["x"] * SIDE), SIDE - 1)
            there = drawn[at]
            percentile = 100 * ((drawn < there).mean() + (drawn == there).mean() / 2)
            values.append((row.participant_id, row.image_group, row.condition, "", percentile))
    return frame(values)


@cache
def drawn_map(digest: str | None) -> Any:
    """The map at the size at which people clicked; None where it was not kept."""
    files = sorted((BUNDLE / "materials" / "maps").glob(f"{digest}.*"))
    if not files:
        return None
    try:
        from PIL import Image
    except ImportError:
        sys.exit("pointing is scored on drawn maps; install Pillow and run this again")
    with np.load(io.BytesIO(files[0].read_bytes()), allow_pickle=False) as archive:
        values = archive["map"]
    flat = np.abs(values).max(axis=0) if values.ndim == 3 else values
    picture = Image.fromarray(np.ascontiguousarray(flat, dtype=np.float32))
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=np.float64)


def by_value(rows: pd.DataFrame, found: Any, definition: Any) -> pd.DataFrame:
    """The numbers as they were answered."""
    rows = rows[rows.value.notna()]
    columns = (rows.participant_id, rows.image_group, rows.condition, rows.value.astype(float))
    return frame([(*who, "", value) for *who, value in zip(*columns, strict=True)])


def further(row: Any) -> dict[str, Any]:
    text = row.further_answers
    answers: dict[str, Any] = json.loads(text) if isinstance(text, str) else {}
    return answers


def items(row: Any) -> dict[str, float]:
    """The numbered answers of a page; a single answer has no number."""
    if isinstance(row.value, str):
        return {"": float(row.value)}
    answers = further(row)
    return {name: float(value) for name, value in answers.items() if name.startswith("item_")}


def own_blocks(definition: Any, paradigm: str) -> list[Any]:
    return [block for block in definition["blocks"] if block["paradigm"] == paradigm]


def block_names(definition: Any, paradigm: str) -> dict[str, str]:
    """The prefix of a scale's name: its block, where several blocks ask the paradigm."""
    names = [block["name"] for block in own_blocks(definition, paradigm)]
    return {name: name if len(names) > 1 else "" for name in names}


def compared(found: dict[str, Any], rows: pd.DataFrame) -> Iterator[Pair]:
    """Every method and every contrast."""
    yield "judgments", found["n"], len(rows)
    for name, method in found["methods"].items():
        values = rows.y[rows.method == name]
        yield f"{name}, n", method["n"], len(values)
        yield name, method["accuracy"] if "accuracy" in method else method["mean"], values.mean()
        if "right" in method:
            yield f"{name}, right", method["right"], values.sum()
        for level, count in method.get("counts", {}).items():
            yield f"{name}, answers {level}", count, (values == int(level)).sum()
    for one in found["contrasts"]:
        label = f"{one['a']} - {one['b']}"
        estimate, se = contrast(rows, one["b"], one["a"])
        yield label, one["estimate"], estimate
        yield f"{label}, standard error", one["se"], se


def answered(found: dict[str, Any], rows: pd.DataFrame) -> Iterator[Pair]:
    """How often each question was answered, and the mean where there is one."""
    given = [
        (row.block, row.stage, row.condition if isinstance(row.condition, str) else "everything",
         name, answer)
        for row in rows[rows.stage.isin((*ANALYSED, "first"))].itertuples(index=False)
        for name, answer in all_answers(row).items()
    ]  # fmt: skip
    for one in found.get("answers", []):
        for method, told in one["methods"].items():
            key = (one["block"], one["stage"], method, one["question"])
            own = [number(answer) for *where, answer in given if tuple(where) == key]
            known = [answer for answer in own if not np.isnan(answer)]
            label = f"{one['block']} {one['stage']} {one['question']}, {method}"
            yield f"{label}, n", told["n"], len(own)
            if told.get("mean") is not None:
                yield f"{label}, mean", told["mean"], float(np.mean(known))
            if "declined" in told:
                yield f"{label}, declined", told["declined"], len(own) - len(known)
            for level, count in told.get("counts", {}).items():
                yield f"{label}, answers {level}", count, own.count(float(level))


def all_answers(row: Any) -> dict[str, Any]:
    value = {"value": row.value} if isinstance(row.value, str) else {}
    return {**value, **further(row)}


def number(answer: Any) -> float:
    """Of a text its number of words; NaN for a point and for “prefer not to say”."""
    return float(answer.get("words", "nan") if isinstance(answer, dict) else answer)


def written(path: Path, rows: pd.DataFrame) -> Iterator[Pair]:
    """The table that R reads holds the same judgments."""
    own = pd.read_csv(path, dtype={"method": str}, index_col=False)
    outcome = next(name for name in ("score", "correct", "value") if name in own.columns)
    yield f"{path.name}, judgments", len(own), len(rows)
    for name, values in own.groupby("method")[outcome]:
        yield f"{path.name}, {name}", values.sum(), rows.y[rows.method == name].sum()


def contrast(rows: pd.DataFrame, a: str, b: str) -> tuple[float, float]:
    """The mean under `b` minus that under `a`, and its two-way cluster-robust standard error.

    Cameron, Gelbach and Miller, Journal of Business and Economic Statistics 29 (2011), with the
    floor and the correction of sparse sides that Discern's docs/statistics.md describes.
    """
    both = rows[rows.method.isin([a, b])]
    means = both.groupby("method").y.mean()
    sizes = both.groupby("method").y.count()
    if len(means) < 2:
        return float("nan"), float("nan")
    sign = both.method.map({a: -1.0, b: 1.0})
    share = sign * (both.y - both.method.map(means)) / both.method.map(sizes)
    ways = [both.participant, both.image]
    by_cell = one_way(share, ways, share.groupby(ways).ngroups)
    one_ways = [one_way(share, [way], correcting_count(way, both.method)) for way in ways]
    variance = max(sum(one_ways) - by_cell, FLOOR * by_cell) * (len(both) - 1) / (len(both) - 2)
    return float(means[b] - means[a]), float(variance**0.5)


def one_way(share: Any, groups: list[Any], count: int) -> float:
    """The variance of the contrast with one kind of cluster, corrected for their number."""
    if count < 2:
        return float("nan")
    return count / (count - 1) * float((share.groupby(groups).sum() ** 2).sum())


def correcting_count(groups: Any, methods: Any) -> int:
    """All clusters, or those of the sparser method if they are few."""
    count = int(groups.nunique())
    fewest = int(groups.groupby(methods).nunique().min())
    return fewest if fewest < min(SPARSE_SIDE, SPARSE_SHARE * count) else count


if __name__ == "__main__":
    sys.exit(main())
