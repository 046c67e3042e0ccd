"""The names a definition may use; written by the explainer, which the site can't import."""

import difflib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("catalogue.json")


@cache
def catalogue() -> dict[str, Any]:
    """What `python -m explainer catalogue` wrote: methods, networks, metrics, colour maps."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown `name`: the nearest known ones, or all of them."""
    names = sorted(known)
    if not names:
        return "there is none to name here; remove it"
    near = difflib.get_close_matches(name, names, n=1)
    if not near:
        return f"known: {', '.join(names)}"
    closest = _likeness(name, near[0])
    *others, last = [f'"{one}"' for one in names if _likeness(name, one) == closest]
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"


def _likeness(given: str, known: str) -> float:
    return difflib.SequenceMatcher(None, known, given).ratio()
