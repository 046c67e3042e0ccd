"""The one exception that bad input gets: what is wrong, and how to fix it."""

import difflib
from collections.abc import Iterable


class ExplainerError(ValueError):
    """Input that can't be explained. `str(error)` is one line: the reason, then the fix."""

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(f"{reason}: {fix}" if fix else reason)
        self.reason = reason
        self.fix = fix


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The fix for an unknown name: the three nearest known ones, or the first few of all."""
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4)
    if near:
        return f"did you mean {', '.join(near)}?"
    return f"known are {', '.join(names[:12])}{', …' if len(names) > 12 else ''}"
