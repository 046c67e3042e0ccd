"""Rating: statements about one explanation, each answered on a scale."""

from collections.abc import Sequence
from random import Random

from studyapp.models import Trial
from studyapp.paradigms.base import (
    STEPS,
    VALUES_PLAN,
    Candidate,
    Category,
    Classified,
    Paradigm,
    Refusal,
)
from studyapp.paradigms.items import ItemsBlock, item_questions, missing_items, widest_of_scale
from studyapp.paradigms.predicted import is_right


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """Any photo, with the network's first class explained."""
    answer = answers["stronger"]
    first = answer.classes[0]
    return [
        Candidate(answer.name(first), first, facts={"right": int(is_right(categories, answer))})
    ]


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """1 to 5 on whatever scale: nearest to 3 + latent with unit noise."""
    return max(1, min(5, round(3 + latent + random.gauss(0, 1))))


PARADIGM = Paradigm(
    name="rating",
    title="How good is the explanation?",
    plan=VALUES_PLAN,
    analysis="studyapp.paradigms.rating.analysis",
    block=ItemsBlock,
    complaints=missing_items,
    widest=widest_of_scale,
    beside=True,
    questions=item_questions,
    candidates=candidates,
    simulate=simulate,
    able=0.8,
    answer_levels=STEPS,
)
