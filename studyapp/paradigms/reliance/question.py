"""Reliance: do people follow the network's advice when it is right, and only then?

Two steps (Schemmer et al., IUI 2023): first answer, advice with or without explanation, final
answer. One step (Nguyen, Kim and Nguyen, NeurIPS 2021): accept or reject the network's answer.
"""

from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import Literal

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.models import Trial
from studyapp.paradigms.base import (
    BUTTONS,
    NO_ADVICE,
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
    button_of,
    only,
    right_button,
)
from studyapp.paradigms.predicted import (
    RIGHT,
    STRATA,
    chance,
    choose,
    first_classes_with_truth,
    single_truth,
    stratum_of,
)
from studyapp.paradigms.questions import Asked, Question, named_options, value_question
from studyapp.paradigms.wording import (
    Answer,
    OwnQuestion,
    doubled_answers,
    question_complaints,
)
from studyapp.sections.base import ShownText

REJECT, ACCEPT = 0, 1
FIRST, FINAL = 1, 2


class RelianceBlock(OwnQuestion):
    OWN = ("question", "final_question", "answers")

    steps: Literal["one", "two"] = Field("two", description="Whether people answer before advice.")
    final_question: ShownText | None = Field(
        None, description="What is asked after the advice, in your own words; only in two steps."
    )
    answers: list[Answer] | None = Field(
        None,
        min_length=2,
        max_length=2,
        description="Your own words for accepting and for rejecting; only in one step.",
    )


def complaints(block: RelianceBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from question_complaints(block, keys=block.OWN)
    yield from doubled_answers(block.answers or ())
    if block.steps == "one" and block.final_question is not None:
        yield (
            "final_question",
            "`blocks.final_question`: in one step there is one question; remove it, or set steps = "
            '"two"',
        )
    if block.steps == "two" and block.answers is not None:
        yield (
            "answers",
            "`blocks.answers`: in two steps people choose among names of classes; remove it, or "
            'set steps = "one"',
        )


def questions(asked: Asked) -> list[Question]:
    """Two steps: what does the photo show? One step: accept (1) or reject (0) the advice."""
    block = asked.block_as(RelianceBlock)
    if asked.trial.option_order:
        is_final = asked.trial.step == FINAL
        first = block.question or _("What does the photo show?")
        final = block.final_question or _("What is your answer now?")
        words = final if is_final else first
        return [value_question(words, named_options(asked))]
    accept, reject = block.answers or (_("Accept it"), _("Reject it"))
    words = block.question or _("Do you accept the robot's answer?")
    return [value_question(words, ((ACCEPT, accept), (REJECT, reject)))]


def places(asked: Asked) -> Places:
    """Before the first answer the photo only."""
    return {PHOTO: PHOTO} if asked.trial.step == FIRST else {PHOTO: PHOTO, "one": "stronger"}


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """Four answers, the network's advice and the truth among them."""
    truth = single_truth(categories)
    if isinstance(truth, Refusal):
        return truth
    answer = answers["stronger"]
    classes = first_classes_with_truth(truth, answer)
    if isinstance(classes, Refusal):
        return classes
    stratum = stratum_of(truth, answer)
    correct = next(index for index in classes if index in truth.accepted)
    options = tuple(sorted(answer.name(index) for index in classes))
    advice = answer.name(classes[0])
    facts = {
        "right": options.index(answer.name(correct)),
        "advice": options.index(advice),
        "accept": int(stratum == RIGHT),
    }
    return [Candidate(advice, classes[0], options, facts, stratum)]


def keys(trial: Trial, block: RelianceBlock) -> Keys:
    """1 for the truth; of one step, for accepting right or rejecting wrong advice. Of two steps
    also which answer was `advice`, so that following and resisting it can be told."""
    assert trial.stimulus is not None
    if not trial.option_order:
        return {"value": only(int(trial.stimulus.facts["accept"]), (REJECT, ACCEPT))}
    buttons = range(len(trial.option_order))
    return {
        "value": only(right_button(trial), buttons),
        "advice": only(advised_button(trial), buttons),
    }


def advised_button(trial: Trial) -> int:
    """The number of the button, as shown, that the network advises."""
    return button_of(trial, "advice")


def advice(trial: Trial) -> str:
    """The network's answer, after the first answer and where the condition gives it."""
    if trial.stimulus is None or trial.step == FIRST:
        return ""
    assert trial.condition is not None
    return "" if trial.condition.method == NO_ADVICE else trial.stimulus.category


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """First: right with probability logistic(latent). After advice: the same person follows it
    with probability logistic(latent + bias) where it is right, logistic(bias − latent) else."""
    assert trial.stimulus is not None
    if trial.option_order and trial.step != FINAL:
        return choose(latent, 0.0, trial, random)
    follows = chance(bias + (latent if trial.stimulus.facts["accept"] else -latent), random)
    if not trial.option_order:
        return ACCEPT if follows else REJECT
    if follows:
        return advised_button(trial)
    others = [n for n in range(len(trial.option_order)) if n != advised_button(trial)]
    right = right_button(trial)
    return right if right in others else random.choice(others)


PARADIGM = Paradigm(
    name="reliance",
    title="Is the network's advice followed?",
    kinds=OR_WORDS,
    analysis="studyapp.paradigms.reliance.analysis",
    beside=True,
    block=RelianceBlock,
    complaints=complaints,
    in_one_step=lambda block: block.steps == "one",
    advice=advice,
    questions=questions,
    places=places,
    candidates=candidates,
    outcome="correct",
    keys=keys,
    simulate=simulate,
    able=1.2,
    answer_levels={
        (" in one step", str(REJECT)): "rejected",
        (" in one step", str(ACCEPT)): "accepted",
        **{(" in two steps", values): words for (_, values), words in BUTTONS.items()},
    },
    options=4,
    steps=2,
    strata=STRATA,
    network_right=lambda facts: bool(facts["accept"]),
    check_values=(0, 1),
    without_map=WITHOUT_MAP,
)
