"""Small design plans for the tests."""

from typing import Any

from studyapp.studies.design.draw import BlockPlan, Item, Plan


def items(images: int, each: int = 1) -> tuple[Item, ...]:
    return tuple(Item(f"photo{n}/{k}", f"photo{n}") for n in range(images) for k in range(each))


def block(
    *,
    trials: int = 6,
    checks: int = 0,
    conditions: int = 3,
    of: tuple[Item, ...] | None = None,
    has_sides: bool = True,
    stage: str = "main",
    name: str = "main",
    **more: Any,
) -> BlockPlan:
    return BlockPlan(
        name=name,
        paradigm="trust",
        stage=stage,
        trials=trials,
        checks=checks,
        conditions=tuple(f"c{n}" for n in range(conditions)),
        items=items(12) if of is None else of,
        has_sides=has_sides,
        options=0 if has_sides else 2,
        check_values=(-2, 2),
        is_shared=stage != "main",
        **more,
    )


def plan(*blocks: BlockPlan, people: int = 12, seed: int = 1, arms: int = 1) -> Plan:
    return Plan(seed, people, {f"arm{n}": blocks or (block(),) for n in range(arms)})
