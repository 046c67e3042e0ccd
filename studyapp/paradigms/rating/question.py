"""Rating: statements about one explanation, each answered on a scale."""

from random import Random

from studyapp.models import Trial
from studyapp.paradigms.base import OR_WORDS, STEPS, VALUES_PLAN, Paradigm
from studyapp.paradigms.items import ItemsBlock, item_questions, missing_items, widest_of_scale
from studyapp.paradigms.predicted import first_class, first_class_right


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """1 to 5 on whatever scale: nearest to 3 + latent with unit noise."""
    return max(1, min(5, round(3 + latent + random.gauss(0, 1))))


PARADIGM = Paradigm(
    name="rating",
    scales="statements",
    title="How good is the explanation?",
    kinds=OR_WORDS,
    plan=VALUES_PLAN,
    analysis="studyapp.paradigms.rating.analysis",
    block=ItemsBlock,
    complaints=missing_items,
    widest=widest_of_scale,
    beside=True,
    questions=item_questions,
    candidates=first_class,
    network_right=first_class_right,
    simulate=simulate,
    able=0.8,
    answer_levels=STEPS,
)
