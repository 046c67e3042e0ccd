"""A test or a contrast as a line for a paper, in the seventh edition of APA's style.

What can't be greater than 1 (p, a share) has no zero before its point; everything else has one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Facts = Mapping[str, Any]


def contrast_line(contrast: Facts) -> str | None:
    """“t(23.4) = 2.31, p = .030, d = 0.21, 95% CI [0.02, 0.40]”; None if all of it is unknown."""
    size = contrast["effect"]["standardised"]
    return _line(contrast, _size("d", size["estimate"], size["interval95"], two_decimals))


def test_line(
    test: Facts, estimate: float | None, pair: Sequence[float] | None, *, is_share: bool
) -> str | None:
    """The same of one method against chance or another fixed value, with its share or mean."""
    name, show = ("proportion", without_zero) if is_share else ("M", two_decimals)
    return _line(test, _size(name, estimate, pair, show))


def two_decimals(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def without_zero(value: float) -> str:
    return two_decimals(value).replace("0.", ".", 1) if abs(value) < 1 else two_decimals(value)


def p_words(p: float) -> str:
    if p < 0.001:
        return "p < .001"
    return "p > .999" if p > 0.999 else f"p = {p:.3f}".replace("0.", ".", 1)


def degrees(df: float) -> str:
    """A whole number, or one decimal."""
    return f"{df:.1f}".removesuffix(".0")


def _line(tested: Facts, size: str) -> str | None:
    parts = []
    if tested["t"] is not None:
        parts.append(f"t({degrees(tested['df'])}) = {two_decimals(tested['t'])}")
    if tested["p"] is not None:
        raw, holm = p_words(tested["p"]), tested["p_holm"]
        # A hypothesis' adjusted p belongs to its verdict
        is_same = holm is None or p_words(holm) == raw
        parts.append(raw if is_same else f"{raw} ({p_words(holm)} by Holm)")
    return ", ".join(filter(None, [*parts, size])) or None


def _size(
    name: str, value: float | None, pair: Sequence[float] | None, show: Callable[[float], str]
) -> str:
    if value is None:
        return ""
    ends = "" if pair is None else f", 95% CI [{show(pair[0])}, {show(pair[1])}]"
    return f"{name} = {show(value)}{ends}"
