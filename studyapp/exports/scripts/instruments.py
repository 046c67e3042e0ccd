"""The published scores of questionnaires, for reanalyse.py beside this file."""

import json
from typing import Any

INSTRUMENTS = json.loads(r"""@INSTRUMENTS@""")


def scales_of(block: Any, given: dict[str, float]) -> dict[str, float]:
    """The published scales of a page's answers, else each item by itself."""
    instrument = instrument_of(block)
    return instrument_means(instrument, given) if instrument else given


def instrument_means(instrument: Any, given: dict[str, float]) -> dict[str, float]:
    """Each published scale; one of which an item was declined has no score."""
    first, steps = instrument["first"], instrument["points"] - 1

    def turned(number: int) -> float:
        value = given[f"item_{number}"]
        return 2 * first + steps - value if number in instrument["reversed_items"] else value

    return {
        name: 100 * (mean - first) / steps if instrument["is_percentage"] else mean
        for name, numbers in instrument["scales"].items()
        if all(f"item_{number}" in given for number in numbers)
        for mean in [sum(turned(number) for number in numbers) / len(numbers)]
    }


def instrument_of(block: Any) -> Any:
    """The instrument by which a block is scored; None where its items are neither as published
    nor those of a translation."""
    found = INSTRUMENTS.get(block.get("instrument"))
    if not found or not found["scales"]:
        return None
    is_published = not found["words"] or not block["items"] or block["items"] == found["words"]
    return found if is_published or block.get("translation") else None
