"""What may be said where the plan allows looking: of methods and contrasts, by their sequences.

Every verdict then comes from here, and no p value of a fixed sample is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from studyapp.statistics.holm import holm
from studyapp.statistics.narrow_sequence import Followed, followed_difference, followed_mean
from studyapp.statistics.sequential import Look, drifts

from .comparisons import Pair, adjusted
from .hypotheses import tied_hypotheses
from .tidy import Tidy

Facts = Mapping[str, Any]
NO_FIXED_TEST = (
    "the plan allows looking, so the verdict is that of the sequence: a p value of a fixed sample "
    "would be wrong too often"
)
NO_BOUNDS = (
    "the plan allows looking, but the outcome has no bounds, so it has no sequence and no verdict"
)
PAIRED, ARMS = "within people", "between people"
# What belongs to the sequences, or to no outcome
KEPT = ("sequence", "hypotheses", "verdicts", "looks", "flow", "sample", "hypothesis_family")


def sequences(tidy: Tidy, pairs: Sequence[Pair]) -> dict[str, Any] | None:
    """By method and by pair the estimate with the interval and p values that hold at every look.

    A pair is compared within the people who judged both, in the order in which they finished, and
    between people where nobody did. None where the plan allows no looking; nothing is followed
    where the outcome has no bounds.
    """
    if tidy.arrivals is None:
        return None
    if tidy.limits is None:
        return {"note": NO_BOUNDS, "methods": {}, "contrasts": []}
    names = tidy.methods()
    means = {name: _means(tidy, name) for name in names}
    methods = {name: followed_mean(_in_order(tidy, means[name])[0], *_limits(tidy, name))
               for name in names}  # fmt: skip
    by_holm = holm([_against(one, tidy.null_of(name)) for name, one in methods.items()])
    contrasts = [_contrast(tidy, pair, means) for pair in pairs]
    return {
        "note": NO_FIXED_TEST,
        "methods": {
            name: {**_told(one), "p": _against(one, tidy.null_of(name)), "p_holm": p_holm}
            for (name, one), p_holm in zip(methods.items(), by_holm, strict=True)
        },
        "contrasts": [
            {**one, "p_holm": None if pair.hypothesis else p_holm}
            for pair, one, p_holm in zip(
                pairs, contrasts, adjusted(pairs, [one["p"] for one in contrasts]), strict=True
            )
        ],
    }


def looks(tidy: Tidy) -> dict[str, list[dict[str, Any]]] | None:
    """By method, what can be said after each finished person: n, mean, low, high and `at`, the
    moment in UTC (None where it is not known).

    None where the plan allows no looking, or where the outcome has no bounds.
    """
    if tidy.arrivals is None or tidy.limits is None:
        return None
    found = {}
    for name in tidy.methods():
        values, moments = _in_order(tidy, _means(tidy, name))
        found[name] = _dated(followed_mean(values, *_limits(tidy, name)), moments)
    return found


def drift_notes(told: Mapping[str, list[dict[str, Any]]] | None) -> Iterator[str]:
    """A sentence for each method about which answers change with time."""
    for name, rows in (told or {}).items():
        if drifts([Look(row["n"], row["mean"], row["low"], row["high"]) for row in rows]):
            yield (
                f"answers about {name} drift: intervals at different times exclude each other, so "
                "each interval speaks only of the people who had answered by then"
            )


def followed_hypotheses(tidy: Tidy) -> dict[int, Followed] | None:
    """What each hypothesis of the paradigm is tested by, by its number; None where the plan allows
    no looking. One whose methods nobody judged, or whose outcome has no bounds, is not there."""
    if tidy.arrivals is None:
        return None
    names = tidy.methods() if tidy.limits is not None else []
    means = {name: _means(tidy, name) for name in names}
    own = [one for one in tied_hypotheses(tidy.definition) if one.paradigm == tidy.paradigm]
    found = {}
    for one in own:
        if one.b and {one.a, one.b} <= set(names):
            found[one.number] = _followed(tidy, one.a, one.b, means)[0]
        elif not one.b and one.a in names:
            values, _ = _in_order(tidy, means[one.a])
            found[one.number] = followed_mean(values, *_limits(tidy, one.a))
    return found


def without_fixed_tests(found: dict[str, Any]) -> dict[str, Any]:
    """The results without p values of a fixed sample, where there are sequences instead; each
    contrast says why."""
    if found["sequence"] is None:
        return found
    plain = {key: one if key in KEPT else _untested(one) for key, one in found.items()}
    why = found["sequence"]["note"]
    for one in plain["contrasts"]:
        one["note"] = "; ".join(filter(None, [one["note"], why]))
    plain["notes"] = [*plain["notes"], why]
    return plain


def _untested(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {key: None if _is_test(key) else _untested(one) for key, one in told.items()}
    return [_untested(one) for one in told] if isinstance(told, (list, tuple)) else told


def _is_test(key: str) -> bool:
    return key in ("p", "t", "z", "f", "apa") or key.startswith("p_")


def _contrast(tidy: Tidy, pair: Pair, means: Mapping[str, "pd.Series[float]"]) -> dict[str, Any]:
    found, kind, moments, left_out = _followed(tidy, pair.a, pair.b, means)
    margin = tidy.smallest_effect
    tests = found.nulls("different", "two", margin)
    return {
        "a": pair.a, "b": pair.b, "planned": pair.is_planned, "kind": kind,
        **({"hypothesis": pair.hypothesis} if pair.hypothesis else {}),
        **_told(found), "p": tests.none, "left_out": left_out,
        "equivalence": None if margin is None else {"margin": margin, "p": tests.large},
        "looks": _dated(found, moments),
    }  # fmt: skip


def _followed(
    tidy: Tidy, a: str, b: str, means: Mapping[str, "pd.Series[float]"]
) -> tuple[Followed, str, list[datetime | None], int]:
    """a − b with how it is compared, the moment of each look, and how many people take no part
    because they judged one of the two only, where others judged both."""
    low, high = _limits(tidy, a)
    both = (means[a] - means[b]).dropna()
    some = means[a].index.union(means[b].index)
    if len(both):
        values, moments = _in_order(tidy, both)
        found = followed_mean(values, low - high, high - low)
        return found, PAIRED, moments, len(some) - len(both)
    values, moments = _in_order(tidy, pd.concat([means[a], means[b]]))
    people = [person for person, _ in tidy.arrivals or () if person in some]
    found = followed_difference(values, [one in means[a].index for one in people], low, high)
    return found, ARMS, moments[len(moments) - len(found.looks) :], 0


def _means(tidy: Tidy, name: str) -> "pd.Series[float]":
    """Each person's mean under a method."""
    rows = tidy.frame[tidy.frame["method"] == name]
    found: pd.Series[float] = rows.groupby("participant")[tidy.outcome].mean().astype(float)
    return found


def _in_order(tidy: Tidy, means: "pd.Series[float]") -> tuple[list[float], list[datetime | None]]:
    """In the order in which people finished, and when."""
    there = [(person, moment) for person, moment in tidy.arrivals or () if person in means.index]
    return [float(means[person]) for person, _ in there], [moment for _, moment in there]


def _limits(tidy: Tidy, name: str) -> tuple[float, float]:
    found = tidy.limits_of(name) or tidy.limits
    assert found is not None
    return found


def _against(found: Followed, null: float | None) -> float | None:
    return None if null is None else found.p(null)


def _told(found: Followed) -> dict[str, Any]:
    last = found.looks[-1] if found.looks else None
    return {
        "n": found.n,
        "estimate": None if last is None else last.mean,
        "interval95": None if last is None else [last.low, last.high],
        "se": found.se if last is not None else None,
        "note": found.note if last is not None else "nobody has judged both yet",
    }


def _dated(found: Followed, moments: Sequence[datetime | None]) -> list[dict[str, Any]]:
    return [
        {"n": look.n, "mean": look.mean, "low": look.low, "high": look.high,
         "at": None if moment is None else moment.isoformat()}
        for look, moment in zip(found.looks, moments, strict=True)
    ]  # fmt: skip
