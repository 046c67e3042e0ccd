"""Trials that stand in no database, and networks' answers written out by hand."""

from collections.abc import Sequence
from typing import Any

from studyapp.models import Side, Stage, Stimulus, Trial
from studyapp.paradigms import PARADIGMS, Asked, Candidate, Category, Classified, Refusal
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import DisplaySection

LABELS = ("tiger", "tabby", "lynx", "otter", "mink", "seal")
TIGER, TABBY, LYNX, OTTER, MINK, SEAL = range(6)


def truth(*classes: int) -> Category:
    return Category(LABELS[classes[0]], frozenset(classes))


def said(*classes: int) -> dict[str, Classified]:
    """The stronger network's answer, the most probable class first."""
    return {"stronger": Classified(classes, LABELS)}


def found(
    paradigm: str, categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | str:
    """What may be asked, or the rule that left the photo out."""
    candidates = PARADIGMS[paradigm].candidates
    outcome = candidates(categories, answers)
    return outcome.rule if isinstance(outcome, Refusal) else outcome


def trial(paradigm: str, facts: dict[str, Any] | None = None, **values: Any) -> Trial:
    """A trial about a stimulus with `facts` and four options named as LABELS begins."""
    stimulus = Stimulus(
        pk=1, paradigm=paradigm, category="tiger", options=list(LABELS[:4]), facts=facts or {}
    )
    return Trial(
        paradigm=paradigm,
        **{"stage": Stage.MAIN, "stronger_side": Side.NONE, "stimulus": stimulus, **values},
    )


def block_of(paradigm: str, **keys: Any) -> BlockSection:
    return PARADIGMS[paradigm].block.model_validate(
        {"name": "main", "paradigm": paradigm, "trials": 1, **keys}
    )


def asked(one: Trial, **block: Any) -> Asked:
    section = block_of(one.paradigm, **block)
    return Asked(one, section, DisplaySection.model_validate({}))


def score(one: Trial, value: int, question: str = "value", **block: Any) -> float | None:
    one.keys = PARADIGMS[one.paradigm].keys_of(one, block_of(one.paradigm, **block))
    return one.score(value, question)
