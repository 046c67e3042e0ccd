"""What further paradigms need in a table, which outcome it gives, and what is said of it besides.

A new kind of question is one entry in KINDS. Columns beyond participant, image and method are
documented in docs/statistics.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from . import specials

Frame = pd.DataFrame
BINARY = (0, 1)
LIKERT = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Kind:
    """One paradigm's table.

    needed, optional: columns, with the whole numbers that may stand there; empty: any label, None:
    any number. outcome: the frame's outcome column, made of the others. special: what else is said,
    of (frame, methods, seed). null: what a mean is tested against; None for no test. bounds: of a
    value, where they are known.
    """

    needed: Mapping[str, tuple[int, ...] | None]
    outcome: Callable[[Frame], "pd.Series[Any]"]
    is_share: bool = True
    special: Callable[[Frame, list[str], int], dict[str, Any]] | None = None
    optional: Mapping[str, tuple[int, ...] | None] = field(default_factory=dict)
    chance: float = 0.5
    null: float | None = None
    bounds: tuple[float, float] | None = None


def _believed_well(frame: Frame) -> "pd.Series[Any]":
    return (frame["answer"] >= 3).eq(frame["prediction_right"] == 1).astype(int)


def _final_is_right(frame: Frame) -> "pd.Series[Any]":
    return frame["final"].eq(frame["truth"]).astype(int)


def _decided_well(frame: Frame) -> "pd.Series[Any]":
    return frame["accepted"].eq(frame["ai_right"]).astype(int)


KINDS: Mapping[str, Kind] = {
    "agreement": Kind(
        needed={"answer": (1, 2, 3, 4), "prediction_right": BINARY},
        outcome=_believed_well,
        special=specials.agreement,
    ),
    "distinction": Kind(
        needed={"predicted_right": BINARY, "truth_right": BINARY},
        optional={
            "prediction_right": BINARY,
            "predicted_confidence": LIKERT,
            "truth_confidence": LIKERT,
        },
        outcome=lambda frame: frame["predicted_right"].astype(int),
        special=specials.distinction,
        chance=0.25,
    ),
    "meta_prediction": Kind(
        needed={"session": (), "correct": BINARY},
        outcome=lambda frame: frame["correct"].astype(int),
        special=specials.meta_prediction,
    ),
    "reliance": Kind(
        needed={"first": (), "advice": (), "final": (), "truth": ()},
        outcome=_final_is_right,
        special=specials.reliance,
    ),
    "one_step_reliance": Kind(
        needed={"accepted": BINARY, "ai_right": BINARY},
        outcome=_decided_well,
        special=specials.one_step_reliance,
    ),
    "pointing": Kind(
        needed={"percentile": None},
        optional={"nss": None},
        outcome=lambda frame: frame["percentile"],
        is_share=False,
        special=specials.pointing,
        null=50.0,
        bounds=(0, 100),
    ),
    "rating": Kind(
        needed={"value": None},
        optional={"item": ()},
        outcome=lambda frame: frame["value"],
        is_share=False,
        special=specials.items,
    ),
    "questionnaire": Kind(
        needed={"value": None},
        optional={"item": ()},
        outcome=lambda frame: frame["value"],
        is_share=False,
        special=specials.items,
    ),
    "open_text": Kind(
        needed={"text": ()},
        outcome=lambda frame: frame["text"].map(lambda text: len(str(text).split())),
        is_share=False,
    ),
    "custom": Kind(needed={"value": None}, outcome=lambda frame: frame["value"], is_share=False),
}
