"""The options that a study file and the command line may give a network's builder, and their
kinds."""

from typing import Any

from explainer.errors import ExplainerError

from .preprocessing import FILTERS

NUMBERS, FILTER, WHOLE = "three numbers", "interpolation", "int"
KINDS = {"mean": NUMBERS, "std": NUMBERS, "interpolation": FILTER}


def kind_of(option: str) -> str:
    """What values an option takes."""
    return KINDS.get(option, WHOLE)


def refuse_value(option: str, value: Any) -> None:
    """ExplainerError for a value that the option can't have."""
    kind = kind_of(option)
    if kind == FILTER:
        if not isinstance(value, str) or value not in FILTERS:
            raise ExplainerError(f"{option}={value!r}", f"use {' or '.join(FILTERS)}")
    elif kind == NUMBERS:
        given = value if isinstance(value, (list, tuple)) else ()
        # What is not a number is in no interval either
        within = all(type(one) in (int, float) and 0 <= one <= 1 for one in given)
        if len(given) != 3 or not within or (option == "std" and min(given) <= 0):
            raise ExplainerError(
                f"{option}={value!r}",
                "give three numbers, of red, green and blue, from 0 to 1"
                + (", above 0" if option == "std" else "")
                + ": divide numbers for bytes by 255",
            )
    elif type(value) is not int or value < 1:
        raise ExplainerError(f"{option}={value!r}", "use a whole number above 0")
