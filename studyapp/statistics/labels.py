"""Arrays of numbers, and labels of people, photos and methods as whole numbers."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.number[Any]]
DIGITS = 8


def codes(labels: Iterable[Any]) -> Integers:
    """0, 1, … for the distinct labels, in the order in which they come."""
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def rounded(value: float) -> float:
    """To as many digits as two searches for the same optimum share."""
    return float(f"{value:.{DIGITS}g}")
