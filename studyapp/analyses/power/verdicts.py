"""How likely each hypothesis of a study gets the verdict that is hoped for.

Each is simulated by itself at its own share of alpha, alpha ÷ n: Holm's step-down, which gives
shares away, can only find more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from studyapp.analyses.hypotheses import ROBUST, Tied, tied_hypotheses
from studyapp.paradigms import PARADIGMS
from studyapp.statistics.hypothesis_family import SIGNS
from studyapp.studies.definition.study import Definition
from studyapp.studies.design.draw import Design

from .answers import layout
from .grid import Claim, Point

SIMULATED = ("score", "correct")
FOLLOWED = "the plan allows looking, and its sequence has less power than one test at the end"


@dataclass(frozen=True)
class Hoped:
    """A hypothesis with what is simulated of it. point: None where `why` says why there is none."""

    tied: Tied
    effect: float = 0.0
    share: float = 0.0
    point: Point | None = None
    why: str = ""


def hoped_verdicts(
    definition: Definition, middling: Mapping[str, float], design: Callable[[], Design]
) -> Iterator[Hoped]:
    """Every tied hypothesis; its effect is the smallest one of interest, none for an equivalence,
    and a middling one by outcome where no smallest is stated.

    design: the study's own, drawn where it is needed. Raises ValueError for an impossible effect.
    """
    plan = definition.analysis
    tied = tied_hypotheses(definition.model_dump(mode="json"))
    for one in tied:
        outcome = PARADIGMS[one.paradigm].outcome
        if why := _why_not(definition, one):
            yield Hoped(one, why=why)
            continue
        assert outcome is not None
        size = one.margin or middling[outcome]
        effect = 0.0 if one.direction == "equivalent" else SIGNS.get(one.direction, 1) * size
        claim = Claim(one.direction, plan.sided, plan.alpha / len(tied))
        point = Point(
            f"hypothesis {one.number}",
            layout(design(), one.paradigm, (one.b, one.a)),
            outcome,
            effect,
            margin=one.margin,
            claim=claim,
        )
        yield Hoped(one, effect, claim.alpha, point)


def _why_not(definition: Definition, one: Tied) -> str:
    """Why a hypothesis is not simulated; empty where it is."""
    blocks = [block for block in definition.blocks if block.is_main]
    wordings = {block.wording for block in blocks if block.paradigm == one.paradigm}
    reasons = (
        (definition.analysis.looks, FOLLOWED),
        (one.model != ROBUST, "a mixed model decides it"),
        (not one.b, "it compares one condition with chance or 0"),
        (
            PARADIGMS[one.paradigm].outcome not in SIMULATED,
            f"answers of {one.paradigm} are not simulated",
        ),
        (len(wordings) > 1, "its answers are on several scales"),
    )
    return next((why for applies, why in reasons if applies), "")
