"""Agreement: is this prediction right, going by its explanation?

HIVE (Kim et al., ECCV 2022): a photo, one prediction, one map normalised alone; half of the
predictions are right. Right and wrong predictions are always reported apart.
"""

from collections.abc import Collection, Iterator, Sequence
from random import Random

from django.utils.translation import gettext as _

from studyapp.models import Trial
from studyapp.paradigms.base import (
    NO_EXPLANATION,
    OR_WORDS,
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
from studyapp.paradigms.predicted import (
    RIGHT,
    STRATA,
    chance,
    first_class_right,
    single_truth,
    stratum_of,
)
from studyapp.paradigms.questions import Asked, Question, value_question
from studyapp.paradigms.wording import MOST_POINTS, OwnScale, in_own_words, scale_complaints

ANSWERS = (1, 2, 3, 4)
LEVELS = {
    ("", "1"): "fairly confident that the prediction is incorrect",
    ("", "2"): "somewhat confident that it is incorrect",
    ("", "3"): "somewhat confident that it is correct",
    ("", "4"): "fairly confident that it is correct",
}


class AgreementBlock(OwnScale):
    BUILT_IN = len(ANSWERS)


def complaints(block: AgreementBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from scale_complaints(block, ("name",))
    if block.count % 2:
        even = [count for count in (block.count - 1, block.count + 1) if count <= MOST_POINTS]
        yield (
            "points" if block.points is not None else "answers",
            f"agreement on {block.count} points has a middle that neither believes nor doubts, so "
            f"it is neither right nor wrong; use {' or '.join(map(str, even))}",
        )


def values(block: AgreementBlock) -> range:
    """The lower half says that the answer is incorrect, the upper half that it is correct."""
    return range(1, block.count + 1)


def questions(asked: Asked) -> list[Question]:
    """1 most confident that it is incorrect … most confident that it is correct."""
    block = asked.block_as(AgreementBlock)
    words = [
        _("Fairly confident that it is incorrect"),
        _("Somewhat confident that it is incorrect"),
        _("Somewhat confident that it is correct"),
        _("Fairly confident that it is correct"),
    ]
    asking = in_own_words(asked, block.question or _("Is the robot's answer correct?"))
    if block.answers is not None:
        words = [in_own_words(asked, own) for own in block.words()]
    return [value_question(asking, zip(values(block), words, strict=True))]


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


def keys(trial: Trial, block: AgreementBlock) -> Keys:
    """1 where belief in the prediction (the upper half) is what the prediction deserves, else 0."""
    assert trial.stimulus is not None
    is_right = bool(trial.stimulus.facts["right"])
    half = block.count // 2
    return {"value": {str(value): int((value > half) == is_right) for value in values(block)}}


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """Right with probability logistic(latent); `bias` logits pull to belief."""
    assert trial.stimulus is not None
    is_correct = bool(trial.stimulus.facts["right"])
    judged_well = chance(latent + (bias if is_correct else -bias), random)
    half = (len(trial.keys.get("value", ())) or len(ANSWERS)) // 2
    believed = range(half + 1, 2 * half + 1)
    return random.choice(believed if judged_well == is_correct else range(1, half + 1))


PARADIGM = Paradigm(
    name="agreement",
    scales="belief",
    title="Is the prediction right?",
    kinds=OR_WORDS,
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
    network_right=first_class_right,
    block=AgreementBlock,
    complaints=complaints,
    check_values=ANSWERS,
    own_check_values=lambda block: tuple(values(block)),
    without_map={NO_EXPLANATION: WITHOUT_MAP[NO_EXPLANATION]},
)
