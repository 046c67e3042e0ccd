"""Every planned contrast again under other choices: a check of the planned number, not a choice.

Exclusions × models × scales; each photo and each person left out; and a wild cluster bootstrap.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from studyapp.statistics.influence import LeftOut, leave_one_out
from studyapp.statistics.labels import Floats
from studyapp.statistics.robust import Estimate, two_way_contrast
from studyapp.statistics.specifications import log_odds_contrast, people_contrast
from studyapp.statistics.wild import DRAWS, wild_contrast

from .comparisons import Pair
from .tidy import Tidy

LABEL = "not for choosing: the plan’s number stays the one that is read"
DECLARED, NOBODY, EVERYBODY = (
    "as declared", "nobody left out", "nobody left out, unfinished people too"
)  # fmt: skip
TWO_WAY, PEOPLE = "two-way robust", "robust on people alone"
OUTCOME, LOGIT = "outcome", "logit"
MIXED = ("glmer", "glmer_full", "clmm", "clmm_full", "clmm_side", "clmm_side_full")
# So many of those whose leaving changes the verdict are named
NAMED = 5
NOTHING_DRAWN = "within each of the two all judgments agree, so there is nothing to draw from"


@dataclass(frozen=True)
class _Columns:
    """The judgments of one contrast."""

    values: Floats
    people: list[str]
    images: list[str]
    is_second: list[bool]


def robustness(
    tidy: Tidy,
    pairs: Sequence[Pair],
    contrasts: Sequence[Mapping[str, Any]],
    models: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Every planned contrast under every specification; None where none is planned.

    contrasts, models: the results of `pairs` and of the mixed models, which are not made again.
    `agree` counts the specifications with the plan's sign, and those whose interval gives the
    plan's verdict: whether it lies above 0, below 0 or around it.
    """
    frames = _frames(tidy)
    found = [
        _contrast(tidy, pair, planned, frames, models)
        for pair, planned in zip(pairs, contrasts, strict=True)
        if pair.is_planned and planned["estimate"] is not None
    ]
    return {"label": LABEL, "contrasts": found} if found else None


def _frames(tidy: Tidy) -> dict[str, pd.DataFrame]:
    """The judgments under each way of leaving people out, where they are not the declared ones."""
    if tidy.everybody is None:
        return {}
    everybody = tidy.everybody
    people = everybody["participant"].astype(str)
    finished = everybody[~people.isin(tidy.unfinished)]
    frames = {NOBODY: finished}
    for rule, left_out in tidy.left_out.items() if len(tidy.left_out) > 1 else ():
        named = finished["participant"].astype(str).isin(left_out)
        frames[f"by {rule} alone"] = finished[~named]
    frames[EVERYBODY] = everybody
    kept: dict[str, pd.DataFrame] = {}
    for name, frame in frames.items():
        same = (frame.index.equals(one.index) for one in (tidy.frame, *kept.values()))
        if not any(same):
            kept[name] = frame
    return kept


def _contrast(
    tidy: Tidy,
    pair: Pair,
    planned: Mapping[str, Any],
    frames: Mapping[str, pd.DataFrame],
    models: Mapping[str, Any],
) -> dict[str, Any]:
    own = _columns(tidy, tidy.frame, pair)
    first = _row(
        (DECLARED, TWO_WAY, OUTCOME), planned["estimate"], planned["robust95"], planned["note"]
    )
    others = [
        *_of_frame(tidy, DECLARED, own, with_two_way=False),
        *_of_models(pair, models),
        *(
            row
            for name, frame in frames.items()
            for row in _of_frame(tidy, name, _columns(tidy, frame, pair))
        ),
    ]
    people, photos = leave_one_out(own.values, own.people, own.images, own.is_second)
    verdict = _verdict(first)
    return {
        "a": pair.a,
        "b": pair.b,
        "specifications": [first, *others],
        "agree": _agreement(first, others),
        "without_each_photo": (
            _influence(photos, own.images, verdict) if tidy.about_photos else None
        ),
        "without_each_person": _influence(people, own.people, verdict),
        "wild_bootstrap": _wild(tidy, pair, own),
    }


def _columns(tidy: Tidy, frame: pd.DataFrame, pair: Pair) -> _Columns:
    rows = frame[frame["method"].isin([pair.a, pair.b])]
    return _Columns(
        rows[tidy.outcome].to_numpy(dtype=float),
        rows["participant"].astype(str).to_list(),
        rows["image"].astype(str).to_list(),
        (rows["method"] == pair.a).to_list(),
    )


def _of_frame(
    tidy: Tidy, name: str, own: _Columns, *, with_two_way: bool = True
) -> Iterator[dict[str, Any]]:
    """What each way without a fit says of these judgments."""
    if with_two_way:
        found = two_way_contrast(own.values, own.people, own.images, own.is_second)
        yield _estimated(name, TWO_WAY, OUTCOME, found)
    if tidy.about_photos:
        found = people_contrast(own.values, own.people, own.is_second)
        yield _estimated(name, PEOPLE, OUTCOME, found)
    if tidy.outcome == "correct":
        found = log_odds_contrast(own.values, own.people, own.images, own.is_second)
        yield _estimated(name, TWO_WAY, LOGIT, found)


def _of_models(pair: Pair, models: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The mixed models that were fitted to the declared judgments."""
    for name in MIXED:
        if name not in models:
            continue
        told = next(
            (one for one in models[name]["contrasts"] if (one["a"], one["b"]) == (pair.a, pair.b)),
            None,
        )
        if told is None or told["estimate"] is None or told["se"] is None:
            yield _row((DECLARED, name, LOGIT), None, None, models[name]["note"])
            continue
        half = float(stats.t.ppf(0.975, pair.df)) * told["se"] if pair.df > 0 else None
        reach = None if half is None else [told["estimate"] - half, told["estimate"] + half]
        yield _row((DECLARED, name, LOGIT), told["estimate"], reach, told["note"])


def _estimated(name: str, model: str, scale: str, found: Estimate) -> dict[str, Any]:
    return _row((name, model, scale), found.estimate, found.interval, found.note)


def _row(
    choices: tuple[str, str, str],
    estimate: float | None,
    interval: list[float] | None,
    note: str,
) -> dict[str, Any]:
    exclusions, model, scale = choices
    return {
        "exclusions": exclusions, "model": model, "scale": scale, "estimate": estimate,
        "interval95": interval, "note": note,
    }  # fmt: skip


def _verdict(row: Mapping[str, Any]) -> int | None:
    """1 or −1 where the interval lies above or below 0, 0 around it, None without one."""
    reach = row["interval95"]
    return None if reach is None else int(reach[0] > 0) - int(reach[1] < 0)


def _agreement(
    first: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> dict[str, int | None]:
    """How many of the other specifications say the same."""
    told = [one for one in others if one["estimate"] is not None]
    judged = [one for one in others if one["interval95"] is not None]
    sign, verdict = np.sign(first["estimate"]), _verdict(first)
    return {
        "estimates": len(told),
        "same_sign": sum(bool(np.sign(one["estimate"]) == sign) for one in told),
        "intervals": len(judged),
        "same_verdict": (
            None if verdict is None else sum(_verdict(one) == verdict for one in judged)
        ),
    }


def _influence(found: LeftOut, labels: Sequence[str], verdict: int | None) -> dict[str, Any]:
    """The smallest and the largest estimate without one of `labels`, and who decides the verdict.

    A tie goes to the first name in alphabetical order.
    """
    names = list(dict.fromkeys(labels))
    low, high = found.interval()
    known = np.flatnonzero(np.isfinite(found.estimate))
    order = sorted(known.tolist(), key=lambda place: names[place])
    if not order:
        note = "without any one of them a method is not judged"
        return {"of": len(names), "smallest": None, "largest": None, "changes": None, "named": [],
                "note": note}  # fmt: skip

    def told(place: int) -> dict[str, Any]:
        reach = [float(low[place]), float(high[place])] if np.isfinite(low[place]) else None
        return {"left_out": names[place], "estimate": float(found.estimate[place]),
                "interval95": reach}  # fmt: skip

    rounded = {place: float(f"{found.estimate[place]:.10g}") for place in order}
    changed = [
        names[place]
        for place in order
        if np.isfinite(low[place])
        and verdict is not None
        and int(low[place] > 0) - int(high[place] < 0) != verdict
    ]
    return {
        "of": len(names),
        "smallest": told(min(order, key=rounded.__getitem__)),
        "largest": told(max(order, key=rounded.__getitem__)),
        "changes": len(changed) if verdict is not None else None,
        "named": changed[:NAMED],
        "note": "" if verdict is not None else "the contrast has no interval, so no verdict",
    }


def _wild(tidy: Tidy, pair: Pair, own: _Columns) -> dict[str, Any]:
    """The bootstrap's p; None where the contrast is not tested either."""
    told = {"p": None, "p_people": None, "p_photos": None, "draws": DRAWS, "seed": tidy.seed}
    if pair.too_few:
        return {**told, "note": pair.too_few}
    found = wild_contrast(own.values, own.people, own.images, own.is_second, seed=tidy.seed)
    if found is None:
        return {**told, "note": NOTHING_DRAWN}
    if not tidy.about_photos:
        return {**told, "p": found.people, "p_people": found.people, "note": ""}
    return {**told, "p": found.p, "p_people": found.people, "p_photos": found.photos, "note": ""}
