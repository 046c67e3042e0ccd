"""Answers on scales of 2 to 11 points, as what they are: steps in an order.

Beside the robust means, which are read first, each scale has a cumulative logit model with crossed
effects of people and photos (of people and items in a questionnaire; logistic with 2 points), and
the effect of each contrast at every cutpoint. Nobody tests the proportional odds here and then
switches models: such a test would decide by the data what is reported of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from studyapp.statistics.cutpoints import Cutpoint, cutpoint_effects

from . import comparisons
from .comparisons import Pair
from .mixed_effects import beside, right_models, score_models
from .ordinal_scales import OrdinalScale, counts, ordinal_scales, words
from .tidy import Tidy


def ordinal(tidy: Tidy, pairs: Sequence[Pair]) -> list[dict[str, Any]] | None:
    """Each scale: how it was used, its models, and every contrast at every cutpoint.

    models: None where they stand among the others, or where there is nothing to fit. None where
    the answers are on no such scale.
    """
    found = [_told(scale, tidy, pairs) for scale in ordinal_scales(tidy)]
    return found or None


def _told(scale: OrdinalScale, tidy: Tidy, pairs: Sequence[Pair]) -> dict[str, Any]:
    if scale.refused:
        return {"scale": scale.name, "levels": [], "note": scale.refused, "about": "",
                "counts": {}, "models": None, "beside": None, "contrasts": []}  # fmt: skip
    clusters = scale.frame
    if "item" in clusters.columns:
        clusters = clusters.assign(image=clusters["participant"])
    own = replace(tidy, frame=clusters, scales={})
    methods = own.methods()
    chosen = [pair for pair in pairs if {pair.a, pair.b} <= set(methods)]
    if not chosen and len(methods) > 1:
        chosen = comparisons.pairs(own)
    models = _models(scale, methods, chosen)
    return {
        "scale": scale.name,
        "levels": list(scale.levels),
        "note": "; ".join(_notes(scale, methods)),
        "about": scale.about,
        "counts": counts(scale),
        "models": models,
        "beside": beside(models) if models is not None else None,
        "contrasts": [_contrast(clusters, pair, scale.levels) for pair in chosen],
    }


def _notes(scale: OrdinalScale, methods: Sequence[str]) -> Iterator[str]:
    """Which answers nobody gave, and that there is nothing to compare."""
    given = set(scale.frame["value"])
    unused = [level for level in scale.levels if level not in given]
    if len(given) == 1:
        yield f"every answer is {words(given.pop())}: there is nothing to fit and nothing to read"
    elif unused:
        listed = ", ".join(words(level) for level in unused).replace("-", "−")
        yield (
            f"nobody answered {listed}: a model has thresholds only between answers that were given"
        )
    if len(methods) < 2:
        yield "there is one method, so nothing is compared and no model is fitted"


def _models(
    scale: OrdinalScale, methods: list[str], pairs: Sequence[Pair]
) -> dict[str, Any] | None:
    if not scale.is_fitted or len(methods) < 2 or scale.frame["value"].nunique() < 2:
        return None
    frame = scale.frame
    if "item" in frame.columns:
        frame = frame.assign(image=frame["item"])
    if len(scale.levels) == 2:
        correct = (frame["value"] == scale.levels[1]).astype(int)
        return right_models(frame.assign(correct=correct), methods, pairs, None)
    is_centred = "stronger_side" in frame.columns
    # Thresholds are named by the answers: 1|2 and not 1.0|2.0
    is_whole = all(level % 1 == 0 for level in scale.levels)
    scored = frame.assign(score=frame["value"].astype(int if is_whole else float))
    return score_models(scored, methods, pairs, 0.0 if is_centred else None)


def _contrast(frame: pd.DataFrame, pair: Pair, levels: Sequence[float]) -> dict[str, Any]:
    rows = frame[frame["method"].isin([pair.a, pair.b])]
    found = cutpoint_effects(
        rows["value"].to_list(),
        rows["participant"].to_list(),
        rows["image"].to_list(),
        (rows["method"] == pair.a).to_list(),
        levels[1:],
    )
    return {
        "a": pair.a, "b": pair.b, "planned": pair.is_planned, "note": pair.too_few,
        "cutpoints": [_cutpoint(one) for one in found],
    }  # fmt: skip


def _cutpoint(one: Cutpoint) -> dict[str, Any]:
    return {
        "at": one.at, "shares": list(one.shares), "difference": asdict(one.difference),
        "log_odds": asdict(one.log_odds), "note": one.note,
    }  # fmt: skip
