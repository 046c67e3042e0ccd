"""Numbers as people read them: a true minus, a thin choice of digits, a dash for the missing."""

from collections.abc import Callable, Sequence

MISSING = "–"


def percent(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:.1f} %".replace("-", "−")


def points(value: float | None) -> str:
    """A difference of two shares in percentage points, with its sign."""
    return MISSING if value is None else f"{_plus(100 * value, 1)} pp"


def whole_percent(value: float) -> str:
    return f"{100 * value:.0f} %".replace("-", "−")


def number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def signed(value: float | None) -> str:
    return MISSING if value is None else _plus(value, 2)


def short(value: float) -> str:
    """A number for an axis."""
    return f"{value:g}".replace("-", "−")


def p_value(value: float | None) -> str:
    if value is None:
        return MISSING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def interval(pair: Sequence[float] | None, show: Callable[[float], str] = number) -> str:
    return MISSING if pair is None else f"{show(pair[0])} to {show(pair[1])}"


def counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _plus(value: float, digits: int) -> str:
    """With its sign, but for a zero."""
    words = f"{value:+.{digits}f}".replace("-", "−")
    return words if float(words[1:]) else words[1:]
