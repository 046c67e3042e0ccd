"""What a mixed model says of single people and photos, and how much of the variance is whose."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from studyapp.statistics.glmm import SIDES, MethodModel
from studyapp.statistics.labels import Floats, rounded
from studyapp.statistics.variance_shares import variance_shares

Facts = Mapping[str, Any]
# Normal, since the effects are conditional on the parameters
QUANTILE = 1.959963984540054
NO_VARIANCE = "this variance is estimated as 0, so that nobody's and nothing's effect differs"
KEYS = {"participant": "people_effects", "image": "photo_effects"}


def shares(model: MethodModel) -> list[dict[str, Any]]:
    """Every term's variance and its share with an interval, then the residual's."""
    return [
        {
            "term": one.term,
            "variance": rounded(one.variance),
            "share": rounded(one.share),
            "interval95": None if one.low is None or one.high is None
            else [rounded(one.low), rounded(one.high)],
            "note": one.note,
        }
        for one in variance_shares(model)
    ]  # fmt: skip


def single_effects(model: MethodModel, frame: pd.DataFrame, outcome: str) -> dict[str, Any]:
    """People's and photos' effects on the model's scale, by the labels of `frame`.

    In a side model they are those of discernment.
    """
    suffix = ":s" if model.has_sides else ""
    return {KEYS[side]: _of_one_side(model, frame, outcome, side, suffix) for side in SIDES}


def lifted(models: Facts, beside: str | None, *, about_photos: bool) -> dict[str, Any]:
    """The models without their single effects and, under keys of their own, the variance shares
    and the single effects of the model `beside`, if there is one."""
    plain = {
        name: {key: value for key, value in one.items() if key not in KEYS.values()}
        for name, one in models.items()
    }
    if beside is None:
        return {**plain, "variance": None, **dict.fromkeys(KEYS.values())}
    read = models[beside]
    sides = KEYS.values() if about_photos else [KEYS["participant"]]
    effects = {
        **dict.fromkeys(KEYS.values()),
        **{key: {"model": beside, **read[key]} for key in sides},
    }
    return {**plain, "variance": {"model": beside, "shares": read["variance"]}, **effects}


def _of_one_side(
    model: MethodModel, frame: pd.DataFrame, outcome: str, side: str, suffix: str
) -> dict[str, Any]:
    term = f"{side}{suffix}"
    sd, effects = model.fit.sd[term], model.fit.effects[term]
    seen = frame.groupby(side, sort=False)[outcome].agg(["size", "mean"])
    rows = [
        {
            side: str(label), "n": int(n), "mean": rounded(float(mean)),
            **_effect(effects.modes, effects.deviations, place),
        }
        for place, (label, n, mean) in enumerate(seen.itertuples())
    ]  # fmt: skip
    return {
        "term": term,
        "sd": rounded(sd),
        "reliability": rounded(1 - float((effects.deviations**2).mean()) / sd**2) if sd else None,
        "rows": sorted(rows, key=lambda row: str(row[side])),
        "note": "" if sd else NO_VARIANCE,
    }


def _effect(modes: Floats, deviations: Floats, place: int) -> dict[str, Any]:
    mode, deviation = float(modes[place]), float(deviations[place])
    if not deviation:
        return {"effect": 0.0, "se": None, "interval95": None}
    ends = [rounded(mode - QUANTILE * deviation), rounded(mode + QUANTILE * deviation)]
    return {"effect": rounded(mode), "se": rounded(deviation), "interval95": ends}
