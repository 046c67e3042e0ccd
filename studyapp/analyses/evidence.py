"""How much the results rest on people whom the study's rule about automation flags.

Nobody is left out of the primary analysis: here the same numbers stand without the flagged people,
and, exploratory, without those at either end of what answers themselves tell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from . import comparisons
from .comparisons import Pair, estimated
from .hypotheses import ROBUST, hypotheses
from .tidy import Tidy

LABEL = "sensitivity analysis: the primary results keep everybody whom no exclusion rule leaves out"
EXPLORATORY = (
    "exploratory: these columns are outcomes, or come after what a person was shown; for "
    "sensitivity alone, never for exclusion"
)
NOT_FITTED = "the mixed model that the plan names is not fitted again"
# What answers themselves tell of a person, by the columns of the table `evidence`
OUTCOME_SIDE = (
    "repeats_same", "same_sides_equal", "artefacts_noticed", "rt_variation", "rt_skew", "rt_lag1",
    "seen_as_usual",
)  # fmt: skip
COLUMNS = ("participant_id", "flagged", "observed", *OUTCOME_SIDE)
TENTH = 0.1
# Where so many share the value at an end, they are no end
MOST = 0.25
TOO_ALIKE = "more than a quarter of the people share the value at this end"
TOO_FEW = "fewer than ten people have a value"
FEWEST = 10


def has_rule(definition: Mapping[str, Any]) -> bool:
    """Whether a stored definition has a rule about automation."""
    return bool((definition.get("evidence") or {}).get("rule"))


def evidence(tidy: Tidy, pairs: Sequence[Pair], found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The results of `found` beside those without flagged people; None without a rule.

    people: of whom the primary analysis is; observed: of how many of them the browser was observed;
    flagged: how many of them the rule flags.
    """
    table = tidy.evidence
    if table is None or not has_rule(tidy.definition):
        return None
    people = set(tidy.frame["participant"].astype(str))
    own = table[table["participant_id"].isin(people)]
    flagged = set(own.loc[own["flagged"].fillna(False).astype(bool), "participant_id"])
    kept = _without(tidy, flagged)
    rule = tidy.definition["evidence"]["rule"]
    return {
        "label": LABEL,
        "rule": {name: limit for name, limit in rule.items() if limit},
        "people": len(people),
        "observed": int(own["observed"].fillna(False).astype(bool).sum()),
        "flagged": len(flagged),
        "methods": {name: _method(tidy, kept, name, found) for name in found["methods"]},
        "contrasts": _contrasts(kept, pairs, found["contrasts"]),
        "hypotheses": list(_hypotheses(kept, pairs, found)),
        "exploratory": {"label": EXPLORATORY, "columns": list(_columns(tidy, own, pairs))},
    }


def _without(tidy: Tidy, people: set[str]) -> Tidy:
    frame = tidy.frame
    return replace(tidy, frame=frame[~frame["participant"].astype(str).isin(people)])


def _method(tidy: Tidy, kept: Tidy, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    one = found["methods"][name]
    value = one["accuracy"] if tidy.outcome == "correct" else one["mean"]
    without = estimated(kept, kept.frame, name)
    return {
        "with": {"n": one["n"], "estimate": value, "robust95": one["robust95"]},
        "without": {
            "n": int((kept.frame["method"] == name).sum()),
            "estimate": without.estimate,
            "robust95": without.interval,
            "note": without.note,
        },
    }


def _contrasts(
    kept: Tidy, pairs: Sequence[Pair], contrasts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each contrast as it is told, and without the people; p is adjusted for no other test."""
    return [
        {
            "a": pair.a, "b": pair.b, "planned": pair.is_planned,
            "with": {name: one[name] for name in ("estimate", "robust95", "p")},
            "without": _told(kept, pair),
        }
        for pair, one in zip(pairs, contrasts, strict=True)
    ]  # fmt: skip


def _told(kept: Tidy, pair: Pair) -> dict[str, Any]:
    one = comparisons.contrast(kept, pair)
    return {"estimate": one.estimate, "robust95": one.interval, "p": one.p, "note": one.note}


def _hypotheses(
    kept: Tidy, pairs: Sequence[Pair], found: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Each hypothesis that is tied to a robust estimate, its p before any adjustment."""
    told = found["hypotheses"]
    if not told:
        return
    own = {
        "outcome": kept.outcome, "images": found["images"],
        "methods": dict.fromkeys(kept.methods()),
        "contrasts": comparisons.contrasts(kept, pairs),
    }  # fmt: skip
    again = hypotheses(kept.definition, kept.paradigm, comparisons.tied_means(kept), own)
    by_number = {one["number"]: one for one in again}
    for one in told:
        without = by_number[one["number"]]
        is_fitted = one["model"] == ROBUST
        yield {
            "number": one["number"],
            "with": _hypothesis(one, one["note"]),
            "without": _hypothesis(without if is_fitted else {}, "" if is_fitted else NOT_FITTED),
        }


def _hypothesis(one: Mapping[str, Any], note: str) -> dict[str, Any]:
    return {name: one.get(name) for name in ("estimate", "interval95", "p")} | {
        "note": note or one.get("note", "")
    }


def _columns(tidy: Tidy, own: pd.DataFrame, pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    """The planned contrasts without the tenth of people at either end of each column."""
    planned = [pair for pair in pairs if pair.is_planned]
    for column in OUTCOME_SIDE:
        known = own[own[column].notna()]
        if known.empty:
            continue
        for end, people, note in _ends(known, column):
            kept = _without(tidy, people)
            yield {
                "column": column, "end": end, "known": len(known), "left_out": len(people),
                "note": note,
                "contrasts": [
                    {"a": pair.a, "b": pair.b, **_told(kept, pair)}
                    for pair in (planned if people else ())
                ],
            }  # fmt: skip


def _ends(known: pd.DataFrame, column: str) -> Iterator[tuple[str, set[str], str]]:
    values = known[column].astype(float)
    for end, share in (("lowest", TENTH), ("highest", 1 - TENTH)):
        edge = float(values.quantile(share))
        is_beyond = values <= edge if end == "lowest" else values >= edge
        if len(known) < FEWEST:
            yield end, set(), TOO_FEW
        elif is_beyond.mean() > MOST:
            yield end, set(), TOO_ALIKE
        else:
            yield end, set(known.loc[is_beyond, "participant_id"]), ""
