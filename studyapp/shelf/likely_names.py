"""What a misspelt name may have meant."""

import difflib
from collections.abc import Iterable


def unknown(key: str, given: str, known: Iterable[str]) -> str:
    """The sentence about a key whose value `given` is none of the `known` names."""
    return f'`{key} = "{given}"`: unknown; {did_you_mean(given, known)}'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown `name`: the nearest known ones, or all of them."""
    names = sorted(known)
    if not names:
        return "no name is known here; remove it"
    near = difflib.get_close_matches(name, names, n=1)
    if not near:
        return f"known: {', '.join(names)}"
    closest = _likeness(name, near[0])
    *others, last = [f'"{one}"' for one in names if _likeness(name, one) == closest]
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"


def _likeness(given: str, known: str) -> float:
    return difflib.SequenceMatcher(None, known, given).ratio()
