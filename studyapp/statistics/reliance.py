"""Reliance on advice, by whether it should have been relied on.

RAIR = first wrong, advice right, final is the advice ÷ first wrong, advice right.
RSR = first right, advice wrong, final is the first ÷ first right, advice wrong.
Source: Schemmer et al., Appropriate reliance on AI advice, IUI 2023.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Share:
    """`count` of `n`; an empty denominator has no value, not 0."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        return self.count / self.n if self.n else None


@dataclass(frozen=True)
class Choice:
    """One case: the first answer, the advice, the final answer and the truth."""

    first: Any
    advice: Any
    final: Any
    truth: Any


def relative_ai_reliance(choices: Sequence[Choice]) -> Share:
    """RAIR."""
    asked = [one for one in choices if one.first != one.truth and one.advice == one.truth]
    return Share(sum(one.final == one.advice for one in asked), len(asked))


def relative_self_reliance(choices: Sequence[Choice]) -> Share:
    """RSR."""
    asked = [one for one in choices if one.first == one.truth and one.advice != one.truth]
    return Share(sum(one.final == one.first for one in asked), len(asked))


def switch_fraction(choices: Sequence[Choice]) -> Share:
    """How often the final answer is the advice, only where the first was not."""
    asked = [one for one in choices if one.first != one.advice]
    return Share(sum(one.final == one.advice for one in asked), len(asked))
