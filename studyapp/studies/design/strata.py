"""What a drawn design keeps within each stratum of people that has a quota (pure)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .draw import Design, Plan, SlotPlan


def strata_facts(plan: Plan, design: Design) -> dict[str, dict[str, Any]]:
    """Of each stratum: its places by arm, and how evenly its people see what a block asks about."""
    return {stratum: _facts(plan, design, stratum) for stratum in plan.strata}


def strata_lines(certificate: Mapping[str, Any]) -> list[str]:
    """The same as sentences; none of a design without strata."""
    lines = []
    for name, facts in certificate.get("strata", {}).items():
        arms = facts["arms"]
        places = ", ".join(f"{count} in arm {arm}" for arm, count in arms.items())
        lines.append(f"stratum {name}: {sum(arms.values())} places, {places}")
        for block in facts["blocks"]:
            low, high = block["ratings_per_cell"]
            lines.append(
                f"  arm {block['arm']}, block {block['block']}: "
                f"{low if low == high else f'{low} to {high}'} ratings per stimulus × condition; "
                f"the two sides differ by at most {block['side_by_cell']} per stimulus × condition"
            )
    if questions := certificate.get("in_turn"):
        lines.append(
            f"strata by {', '.join(questions)}: arms are taken in turn within each, without quotas"
        )
    return lines


def _facts(plan: Plan, design: Design, stratum: str) -> dict[str, Any]:
    slots = [slot for slot in design.slots if slot.stratum == stratum]
    counts = Counter(slot.arm for slot in slots)
    return {
        "arms": {arm: counts[arm] for arm in plan.arms},
        "blocks": [
            {"arm": arm, "block": block.name, **_evenness(
                [slot for slot in slots if slot.arm == arm], block.name,
                [(item.key, name) for item in block.items for name in block.conditions],
            )}
            for arm, planned in plan.arms.items()
            for block in planned
            if block.stage == "main" and block.asks_about_photos
        ],
    }  # fmt: skip


def _evenness(
    slots: Sequence[SlotPlan], block: str, cells: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Ratings of each stimulus × condition, and the greatest difference of sides in one."""
    ratings, sides = Counter(dict.fromkeys(cells, 0)), Counter(dict.fromkeys(cells, 0))
    for slot in slots:
        for trial in slot.trials:
            is_rating = trial.block == block and trial.stage in ("main", "final")
            if not is_rating or trial.item is None or trial.step == 1:
                continue
            cell = (trial.item.key, str(trial.condition))
            ratings[cell] += 1
            sides[cell] += 0 if trial.bit is None else 1 if trial.bit else -1
    return {
        "ratings_per_cell": [min(ratings.values()), max(ratings.values())],
        "side_by_cell": max(map(abs, sides.values())),
    }
