"""Meta-prediction: can people predict what the network will say?

Colin, Fel, Cadène and Serre (NeurIPS 2022): in the learning phase people see photos with the
network's answer, in the explanation's arm with its explanation too; in the test the photo only.
Right means that the person's answer is the network's, not the truth. Three sessions.
"""

from collections.abc import Collection, Iterator, Sequence

from django.utils.translation import gettext as _
from pydantic import Field

from photos.class_names import name_key
from studyapp.models import Stage, StimulusRole
from studyapp.paradigms.base import (
    BUTTONS,
    NO_EXPLANATION,
    OR_WORDS,
    PHOTO,
    WITHOUT_MAP,
    Candidate,
    Category,
    Classified,
    Paradigm,
    Places,
    Refusal,
    right_button_keys,
)
from studyapp.paradigms.predicted import (
    RIGHT,
    SEVERAL,
    STRATA,
    choose,
    single_truth,
    stratum_of,
    true_class,
)
from studyapp.paradigms.questions import Asked, Question, named_options, value_question
from studyapp.paradigms.wording import OwnQuestion, in_own_words, question_complaints
from studyapp.sections.base import Count

SEEN = 1


class MetaPredictionBlock(OwnQuestion):
    session: Count | None = Field(None, ge=1, description="Session of a meta-prediction study.")


def complaints(block: MetaPredictionBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """While people learn, the words tell the network's answer; afterwards they must not."""
    is_learning = block.stage == "learning"
    yield from question_complaints(block, ("name",) if is_learning else ())
    if is_learning and block.question is not None and "{name}" not in block.question:
        yield (
            "question",
            "`blocks.question` of a learning block tells the network's answer: write {name} where "
            "it should stand",
        )


def questions(asked: Asked) -> list[Question]:
    """Learning: the network's answer is told. Test: which answer will it give?"""
    own = asked.block_as(MetaPredictionBlock).question
    if asked.trial.stage == Stage.LEARNING:
        words = _("The robot's answer to this photo: %(name)s") % {"name": asked.category}
        words = in_own_words(asked, own) if own else words
        return [Question("value", words, "seen", ((SEEN, _("Seen")),))]
    words = own or _("What will the robot answer?")
    return [value_question(words, named_options(asked))]


def places(asked: Asked) -> Places:
    is_learning = asked.trial.stage == Stage.LEARNING
    return {PHOTO: PHOTO, "one": "stronger"} if is_learning else {PHOTO: PHOTO}


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """The network's answer against another: its second class where it is right, the truth where
    it is wrong."""
    truth = single_truth(categories)
    if isinstance(truth, Refusal):
        return truth
    answer = answers["stronger"]
    if answer.said > 1:
        return SEVERAL
    stratum = stratum_of(truth, answer)
    others = [index for index in answer.classes[1:] if index not in truth.accepted]
    if stratum == RIGHT and not others:
        return Refusal("the network gives no second class")
    other = others[0] if stratum == RIGHT else true_class(truth, answer)
    said, opposite = answer.name(answer.classes[0]), answer.name(other)
    if name_key(said) == name_key(opposite):
        return Refusal("two classes have the same name")
    options = tuple(sorted((said, opposite)))
    facts = {"right": options.index(said), "truth": truth.name}
    return [Candidate(said, answer.classes[0], options, facts, stratum)]


PARADIGM = Paradigm(
    name="meta_prediction",
    title="What will the network answer?",
    kinds=OR_WORDS,
    analysis="studyapp.paradigms.meta_prediction.analysis",
    beside=True,
    block=MetaPredictionBlock,
    complaints=complaints,
    stages=(Stage.PRACTICE, Stage.LEARNING, Stage.MAIN),
    questions=questions,
    places=places,
    candidates=candidates,
    outcome="correct",
    keys=right_button_keys,
    simulate=choose,
    answer_levels={**BUTTONS, (", learning", str(SEEN)): "seen"},
    explains=(StimulusRole.LEARNING,),
    options=2,
    strata=STRATA,
    check_values=(0, 1),
    without_map={NO_EXPLANATION: WITHOUT_MAP[NO_EXPLANATION]},
    has_baseline=True,
)
