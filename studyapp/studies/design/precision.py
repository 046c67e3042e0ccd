"""How precise a design will be, in closed form and before anybody answers (pure).

People and photos are both random: an answer's variance is made of people, photos, how each of them
differs by condition, and the rest (Westfall, Kenny and Judd, J. Exp. Psychol.: General 143, 2014).
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .draw import Plan

Z95 = 1.959964
Z80 = 0.841621
# Variance of one answer where nothing is known: of a coin, and of scores −2…+2
VARIANCE = {"correct": 0.25, "score": 1.5}


@dataclass(frozen=True)
class Shares:
    """Shares of an answer's variance; they add up to 1. The defaults are a middling guess."""

    people: float = 0.05
    photos: float = 0.10
    people_by_condition: float = 0.03
    photos_by_condition: float = 0.07
    rest: float = 0.75


def precision(
    variance: float,
    *,
    people: int,
    photos: int,
    ratings: int,
    shares: Shares | None = None,
    is_between: bool = False,
) -> dict[str, float]:
    """Expected half-widths of 95 % intervals, in the outcome's unit.

    people: who answer; photos: that are asked about; ratings: answers per condition in all.
    `mean`: of one condition. `contrast`: of the difference of two, within people; with
    `is_between` of two arms of so many people each, asked about the same photos, so that the
    differences between people do not cancel. `detectable`: the difference that is found with a
    power of 80 %.
    """
    s = shares or Shares()
    own = s.people_by_condition / people + s.photos_by_condition / photos + s.rest / ratings
    mean = math.sqrt(variance * (s.people / people + s.photos / photos + own))
    contrast = math.sqrt(2 * variance * (own + s.people / people * is_between))
    return {"mean": Z95 * mean, "contrast": Z95 * contrast, "detectable": (Z95 + Z80) * contrast}


def photos_by_block(plan: Plan) -> dict[tuple[str, str], int]:
    """How many different photos each block of an arm asks about, which may be fewer than its
    stimuli, by the names of arm and block."""
    return {
        (arm, block.name): len({item.image for item in block.items})
        for arm, blocks in plan.arms.items()
        for block in blocks
    }


def precision_table(
    certificate: dict[str, Any], outcomes: dict[str, str], photos: Mapping[tuple[str, str], int]
) -> list[dict[str, Any]]:
    """For every block of a certificate whose paradigm has an outcome: its expected precision.

    outcomes: "score" or "correct" by the block's name; photos: as of `photos_by_block`.
    """
    blocks = [one for one in certificate["blocks"] if one["block"] in outcomes and one["ratings"]]
    arms = Counter(block["block"] for block in blocks)
    return [
        _row(
            {**block, "photos": photos[block["arm"], block["block"]]},
            outcomes[block["block"]],
            arms[block["block"]],
        )
        for block in blocks
    ]


def _row(block: dict[str, Any], outcome: str, arms: int) -> dict[str, Any]:
    """A block of one arm. Where that shows one condition, it is compared with the other arms; with
    no other arm there is nothing to compare, and no half-width of a difference."""
    numbers = {
        "people": block["people"],
        "photos": block["photos"],
        "ratings": block["ratings"] // block["conditions"],
    }
    is_between = block["conditions"] == 1
    widths: dict[str, float | None] = {
        **precision(VARIANCE[outcome], **numbers, is_between=is_between)
    }
    difference = "between arms" if is_between else "within people"
    if is_between and arms == 1:
        difference = "none"
        widths["contrast"] = widths["detectable"] = None
    names = {"arm": block["arm"], "block": block["block"], "outcome": outcome}
    return {**names, **numbers, "difference": difference, **widths}


def precision_lines(table: list[dict[str, Any]], smallest_effect: float | None) -> list[str]:
    """The table as sentences; with the smallest effect of interest, whether it can be seen."""
    lines = []
    for row in table:
        lines.append(
            f"arm {row['arm']}, block {row['block']}: {row['people']} people × {row['photos']} "
            f"photos, {row['ratings']} ratings per condition → mean ± {row['mean']:.3f}, "
            f"{_difference(row)}"
        )
        detectable = row["detectable"]
        if None not in (smallest_effect, detectable) and detectable > smallest_effect:
            lines.append(
                f"  the smallest effect of interest, {smallest_effect:g}, is below that: "
                "ask more people or about more photos"
            )
    return lines


def _difference(row: dict[str, Any]) -> str:
    if row["difference"] == "none":
        return "one condition: nothing to compare it with"
    return (
        f"difference {row['difference']} ± {row['contrast']:.3f}, found with 80 % power from "
        f"{row['detectable']:.3f}"
    )
