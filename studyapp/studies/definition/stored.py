"""Definitions as earlier versions stored them, read as they were meant.

Neither a stored row nor a bundle is rewritten: its digest is of what it holds.
"""

from collections.abc import Mapping
from typing import Any

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.wording import OwnQuestion

# Until each kind of question had keys of its own, every block held these with their defaults.
ONCE_OF_EVERY_BLOCK = frozenset({
    "session", "steps", "with_photos", "question", "required", "longest", "items", "points",
    "lowest", "highest", "instrument", "text", "fields",
})  # fmt: skip
# What other kinds of questions read of these later: then it was there, and meant nothing.
READ_LATER = frozenset({"question", "points"})


def as_read_today(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a stored definition says, as today's sections take it."""
    # Studies from before pages had a legend go on without one.
    return with_own_keys({**stored, "display": {"legend": False, **stored.get("display", {})}})


def with_own_keys(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Each block with the keys that its own paradigm reads; it never read the others."""
    blocks = []
    for block in stored.get("blocks", []):
        paradigm = PARADIGMS.get(block.get("paradigm", ""))
        strange = ONCE_OF_EVERY_BLOCK - set(paradigm.block.model_fields if paradigm else ())
        if paradigm and issubclass(paradigm.block, OwnQuestion) and strange <= block.keys():
            strange |= READ_LATER
        blocks.append({key: value for key, value in block.items() if key not in strange})
    return {**stored, "blocks": blocks}
