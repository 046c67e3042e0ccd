"""Distinction: which of four maps belongs to the network's answer, and which to the right one?

HIVE (Kim et al., ECCV 2022): four maps of four classes of one network, their names hidden, in
drawn order, normalised jointly; two questions, each with confidence, whose scores are never merged.
Chance is 25 %.
"""

from collections.abc import Collection, Iterator, Sequence
from random import Random

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.models import Stimulus, Trial
from studyapp.paradigms.base import (
    OR_WORDS,
    PHOTO,
    Candidate,
    Category,
    Classified,
    Keys,
    Paradigm,
    Places,
    Refusal,
    button_of,
    only,
)
from studyapp.paradigms.predicted import (
    OPTIONS,
    STRATA,
    chance,
    choose,
    first_classes_with_truth,
    single_truth,
    stratum_of,
)
from studyapp.paradigms.questions import Asked, Question, confidence, value_question
from studyapp.paradigms.wording import OwnQuestion, question_complaints
from studyapp.sections.base import ShownText

ROLES = tuple(f"option_{number}" for number in range(OPTIONS))


class DistinctionBlock(OwnQuestion):
    OWN = ("question", "second_question")

    second_question: ShownText | None = Field(
        None, description="The second question, about the correct answer's map, in your own words."
    )


def questions(asked: Asked) -> list[Question]:
    """Which class does the network predict (`value`), which is correct; confidence in each."""
    block = asked.block_as(DistinctionBlock)
    maps = tuple((place, str(place + 1)) for place in range(OPTIONS))
    first = block.question or _("Which explanation goes with the robot's answer?")
    second = block.second_question or _("Which explanation goes with the correct answer?")
    return [
        value_question(first, maps),
        confidence("confidence", _("How confident are you of that?")),
        Question("correct", second, answers=maps),
        confidence("correct_confidence", _("And how confident are you of that?")),
    ]


def places(asked: Asked) -> Places:
    """The photo and the four maps in the order of this page."""
    order = asked.trial.option_order
    shown = {f"option_{place}": ROLES[option] for place, option in enumerate(order)}
    return {PHOTO: PHOTO, **shown}


def explained(role: str, stimulus: Stimulus) -> tuple[str, int]:
    """All four maps are of the stronger network, each of its own class."""
    return "stronger", int(stimulus.facts["classes"][ROLES.index(role)])


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """The first four classes, or the first three and the truth."""
    truth = single_truth(categories)
    if isinstance(truth, Refusal):
        return truth
    answer = answers["stronger"]
    classes = first_classes_with_truth(truth, answer)
    if isinstance(classes, Refusal):
        return classes
    correct = next(place for place, index in enumerate(classes) if index in truth.accepted)
    facts = {"classes": classes, "right": 0, "correct": correct}
    options = tuple(str(place) for place in range(OPTIONS))
    stratum = stratum_of(truth, answer)
    return [Candidate(truth.name, classes[0], options, facts, stratum)]


def keys(trial: Trial, block: DistinctionBlock) -> Keys:
    """Two questions: the map of the network's answer, and that of the correct class."""
    maps = range(OPTIONS)
    return {
        "value": only(button_of(trial, "right"), maps),
        "correct": only(button_of(trial, "correct"), maps),
    }


def complaints(block: DistinctionBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from question_complaints(block, keys=block.OWN)
    if "confidence" in block.model_fields_set and not block.confidence:
        yield (
            "confidence",
            "`blocks.confidence = false`: distinction always asks how confident people are; "
            "remove it",
        )


def simulate_further(name: str, latent: float, trial: Trial, random: Random) -> int:
    """The second question is answered as well as the first; confidence is drawn."""
    if name != "correct":
        return random.randint(1, 5)
    right = button_of(trial, "correct")
    if chance(latent, random):
        return right
    return random.choice([place for place in range(OPTIONS) if place != right])


PARADIGM = Paradigm(
    name="distinction",
    title="Which explanation is of the prediction?",
    analysis="studyapp.paradigms.distinction.analysis",
    block=DistinctionBlock,
    complaints=complaints,
    questions=questions,
    places=places,
    candidates=candidates,
    outcome="correct",
    keys=keys,
    simulate=choose,
    able=0.5,
    answer_levels={("", "0 to 3"): "first to fourth map"},
    simulate_further=simulate_further,
    roles=ROLES,
    explained=explained,
    together=True,
    options=OPTIONS,
    strata=STRATA,
    network_right=lambda facts: facts["correct"] == facts["right"],
    check_values=tuple(range(OPTIONS)),
    compares="class",
    kinds=OR_WORDS,
)
