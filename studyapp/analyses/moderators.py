"""Whether the effect of methods depends on something: every moderator of the plan, for every pair.

An effect is a − b as among the contrasts. Of two levels the interaction is the later level's effect
minus the earlier one's; of more, a joint test comes before every two of them; of a number, it is
how much the effect rises with one standard deviation. Planned are planned moderators of planned
contrasts, adjusted together by Holm; all others are exploratory, and adjusted over all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from studyapp.statistics.cells import (
    Cells,
    Joint,
    cell_contrast,
    cells_of,
    contrast_worth,
    joint_test,
)
from studyapp.statistics.holm import holm
from studyapp.statistics.lines import two_lines
from studyapp.statistics.robust import FEWEST_EFFECTIVE, Estimate

from .comparisons import Pair
from .moderator import Moderator
from .tidy import Tidy

Facts = dict[str, Any]
# Of what the moderator is: whose clusters its levels belong to, and what one of them is called
WAYS: Mapping[str, int | None] = {"person": 0, "photo": 1, "trial": None}
UNITS: Mapping[str, str] = {"person": "participant", "photo": "image"}
# With more levels their pairs are too many to be read
MOST_LEVELS = 8
# A spread that is only what adding up in another order leaves
ROUNDING = 1e-12
NEVER = "it does not vary among these judgments, so nothing can depend on it"


@dataclass(frozen=True)
class _Rows:
    """The judgments of two methods that have the moderator. about: its levels, or its spread."""

    frame: pd.DataFrame
    outcome: str
    pair: Pair
    moderator: Moderator
    about: Facts

    @property
    def is_first(self) -> Any:
        """Those of `a`, whose effect is what it has more than `b`."""
        return (self.frame["method"] == self.pair.a).to_numpy()

    @property
    def values(self) -> Any:
        return self.frame[self.outcome].to_numpy(dtype=float)


def moderators(tidy: Tidy, pairs: Sequence[Pair]) -> list[Facts]:
    """Each moderator of the plan with its levels or its spread, and its contrasts."""
    found = [_moderator(tidy, one, pairs) for one in tidy.moderators]
    told = [contrast for one in found for contrast in one["contrasts"]]
    everything = holm([one["interaction"]["p"] for one in told])
    planned = [one for one in told if one["planned"]]
    for one, p in zip(told, everything, strict=True):
        one["interaction"]["p_holm"] = p
    for one, p in zip(planned, holm([one["interaction"]["p"] for one in planned]), strict=True):
        one["interaction"]["p_holm"] = p
    return found


def _moderator(tidy: Tidy, one: Moderator, pairs: Sequence[Pair]) -> Facts:
    known = tidy.frame[tidy.frame[one.column].notna()]
    analyse: Callable[[_Rows], Facts] = _by_level if one.kind == "levels" else _by_number
    about = _levels(known, one) if one.kind == "levels" else _spread(known, one)
    # A number may differ by method alone, and be the same of every person or photo
    varies = known[one.column].nunique() > 1 and about.get("sd", 1) is not None
    contrasts = []
    for pair in pairs if varies else ():
        rows = known[known["method"].isin([pair.a, pair.b])]
        contrasts.append(
            {
                "a": pair.a, "b": pair.b, "planned": one.is_planned and pair.is_planned,
                **analyse(_Rows(rows, tidy.outcome, pair, one, about)),
            }
        )  # fmt: skip
    return {
        "of": one.of, "field": one.field, "column": one.column, "kind": one.kind,
        "planned": one.is_planned, "n": len(known), "missing": len(tidy.frame) - len(known),
        "note": "" if varies else NEVER,
        **about,
        "contrasts": contrasts,
    }  # fmt: skip


def _levels(known: pd.DataFrame, one: Moderator) -> Facts:
    """Who and what has each level."""
    told = []
    for level in one.levels:
        rows = known[known[one.column] == level]
        people, images = (int(rows[name].nunique()) for name in ("participant", "image"))
        told.append({"level": level, "n": len(rows), "people": people, "images": images})
    return {"levels": told}


def _spread(known: pd.DataFrame, one: Moderator) -> Facts:
    """Mean and standard deviation over the people, photos or trials that have the number."""
    name = UNITS.get(one.of)
    numbers = known[one.column] if name is None else known.groupby(name)[one.column].mean()
    mean = float(numbers.mean()) if len(numbers) else None
    sd = float(numbers.std()) if len(numbers) > 1 else 0.0
    return {
        "mean": mean,
        "sd": sd if mean is not None and sd > ROUNDING * (1 + abs(mean)) else None,
    }


def _by_level(rows: _Rows) -> Facts:
    levels, one = rows.moderator.levels, rows.moderator
    place = rows.frame[one.column].map({level: number for number, level in enumerate(levels)})
    cell = rows.is_first * len(levels) + place.to_numpy(dtype=np.int64)
    people, images = rows.frame["participant"], rows.frame["image"]
    cells = cells_of(rows.values, people, images, cell, of=WAYS[one.of])
    effects = [np.zeros((2, len(levels))) for _ in levels]
    for number, effect in enumerate(effects):
        effect[:, number] = -1, 1
    weights = [effect.ravel() for effect in effects]
    # A method's effect at one level is a contrast of two methods, whatever the level belongs to
    alone = cells_of(rows.values, people, images, cell)
    simple = [cell_contrast(alone, own) for own in weights]
    return {
        "effects": [
            {"level": level, **_estimate(found)}
            for level, found in zip(levels, simple, strict=True)
        ],
        **_interaction(cells, weights, levels),
    }


def _interaction(cells: Cells, weights: Sequence[Any], levels: Sequence[str]) -> Facts:
    """The difference of two effects; of more levels the joint test, and every two of them."""
    if len(levels) == 2:
        return {"interaction": _tested(cell_contrast(cells, weights[1] - weights[0]))}
    judged = [place for place, own in enumerate(weights) if _is_judged(cells, own)]
    kept = [
        place for place in judged
        if min(contrast_worth(cells, weights[place])) >= FEWEST_EFFECTIVE
    ]  # fmt: skip
    left_out = [level for place, level in enumerate(levels) if place not in kept]
    joint = Joint(None, None, None, "fewer than two levels have enough people and photos")
    if len(kept) > 1:
        joint = joint_test(cells, np.array([weights[one] - weights[kept[0]] for one in kept[1:]]))
    note = joint.note
    if left_out and len(kept) > 1:
        few = f"fewer than {FEWEST_EFFECTIVE} effective people or photos"
        note = "; ".join(filter(None, [f"without {', '.join(left_out)}, with {few}", note]))
    told: Facts = {
        "interaction": {
            "estimate": None, "se": None, "df": None, "clusters": None, "robust95": None,
            "F": joint.F, "df_joint": joint.df and list(joint.df), "p": joint.p, "note": note,
        }
    }  # fmt: skip
    pairs = list(combinations(judged, 2)) if len(judged) <= MOST_LEVELS else []
    found = [cell_contrast(cells, weights[later] - weights[first]) for first, later in pairs]
    told["pairs"] = [
        {"level": levels[later], "against": levels[first], **_tested(one), "p_holm": p}
        for (first, later), one, p in zip(pairs, found, holm([one.p for one in found]), strict=True)
    ]
    return told


def _is_judged(cells: Cells, weights: Any) -> bool:
    return bool(cells.sizes(len(weights))[weights != 0].all())


def _by_number(rows: _Rows) -> Facts:
    """The rise of the effect with one SD, and the effect one SD below the mean, at it, above."""
    mean, sd = rows.about["mean"], rows.about["sd"]
    people, images = rows.frame["participant"], rows.frame["image"]
    x = rows.frame[rows.moderator.column].to_numpy(dtype=float)
    lines = two_lines(rows.values, people, images, rows.is_first, (x - mean) / sd)
    places = {"mean − SD": -1.0, "mean": 0.0, "mean + SD": 1.0}
    return {
        "effects": [
            {"level": name, "at": mean + place * sd, **_estimate(lines.difference_at(place))}
            for name, place in places.items()
        ],
        "interaction": _tested(lines.slope_difference()),
    }  # fmt: skip


def _estimate(found: Estimate) -> Facts:
    return {
        "estimate": found.estimate, "se": found.se, "df": found.df, "clusters": found.clusters,
        "robust95": found.interval, "note": found.note,
    }  # fmt: skip


def _tested(found: Estimate) -> Facts:
    return {**_estimate(found), "p": found.p}
