"""Agreement: is this prediction right, going by its explanation?

HIVE (Kim et al., ECCV 2022): a photo, one prediction, one map normalised alone; half of the
predictions are right. Right and wrong predictions are always reported apart.
"""

from collections.abc import Sequence
from random import Random

from django.utils.translation import gettext as _

from studyapp.models import Trial
from studyapp.paradigms.base import (
    NO_EXPLANATION,
    PHOTO,
    WITHOUT_MAP,
    Candidate,
    Category,
    Classified,
    Keys,
    Paradigm,
    Places,
    Refusal,
)
from studyapp.paradigms.predicted import RIGHT, STRATA, chance, single_truth, stratum_of
from studyapp.paradigms.questions import Asked, Question, value_question

ANSWERS = (1, 2, 3, 4)
LEAST_BELIEF = 3
LEVELS = {
    ("", "1"): "fairly confident that the prediction is incorrect",
    ("", "2"): "somewhat confident that it is incorrect",
    ("", "3"): "somewhat confident that it is correct",
    ("", "4"): "fairly confident that it is correct",
}


def questions(asked: Asked) -> list[Question]:
    """1 confident that it is incorrect … 4 confident that it is correct."""
    words = [
        _("Fairly confident that it is incorrect"),
        _("Somewhat confident that it is incorrect"),
        _("Somewhat confident that it is correct"),
        _("Fairly confident that it is correct"),
    ]
    return [value_question(_("Is the robot's answer correct?"), zip(ANSWERS, words, strict=True))]


def places(asked: Asked) -> Places:
    return {PHOTO: PHOTO, "one": "stronger"}


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """One stimulus a photo, about the network's first class, be it right or wrong."""
    truth = single_truth(categories)
    if isinstance(truth, Refusal):
        return truth
    answer = answers["stronger"]
    stratum = stratum_of(truth, answer)
    first = answer.classes[0]
    facts = {"right": int(stratum == RIGHT), "truth": truth.name}
    return [Candidate(answer.name(first), first, facts=facts, stratum=stratum)]


def keys(trial: Trial) -> Keys:
    """1 where belief in the prediction (3 or more) is what the prediction deserves, else 0."""
    assert trial.stimulus is not None
    is_right = bool(trial.stimulus.facts["right"])
    return {"value": {str(value): int((value >= LEAST_BELIEF) == is_right) for value in ANSWERS}}


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """Right with probability logistic(latent); `bias` logits pull to belief."""
    assert trial.stimulus is not None
    is_correct = bool(trial.stimulus.facts["right"])
    judged_well = chance(latent + (bias if is_correct else -bias), random)
    return random.choice((3, 4) if judged_well == is_correct else (1, 2))


PARADIGM = Paradigm(
    name="agreement",
    title="Is the prediction right?",
    analysis="studyapp.paradigms.agreement.analysis",
    beside=True,
    questions=questions,
    places=places,
    candidates=candidates,
    outcome="correct",
    keys=keys,
    simulate=simulate,
    able=1.2,
    answer_levels=LEVELS,
    strata=STRATA,
    check_values=ANSWERS,
    without_map={NO_EXPLANATION: WITHOUT_MAP[NO_EXPLANATION]},
)
