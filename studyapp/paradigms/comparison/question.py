"""Paired comparison: which of two explanations of one answer is better?

Thurstone, A law of comparative judgment (1927); analysed after Bradley and Terry (1952), with ties
after Davidson (1970). Every two of a block's conditions are a condition of the design.
"""

from collections.abc import Collection, Iterator
from random import Random

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.models import Side, Trial
from studyapp.paradigms.base import OR_WORDS, PHOTO, Paradigm, Places, member_role
from studyapp.paradigms.competitors import PLAN, first_network
from studyapp.paradigms.predicted import chance, first_class, first_class_right
from studyapp.paradigms.questions import Asked, Question, value_question
from studyapp.paradigms.wording import (
    Answer,
    OwnQuestion,
    doubled_answers,
    in_own_words,
    question_complaints,
)

A, TIE, B = -1, 0, 1
# Of simulated people who can't tell
TIES = 0.2


class ComparisonBlock(OwnQuestion):
    OWN = ("question", "answers")

    ties: bool = Field(
        True, description="Whether people may answer that both explanations are equally good."
    )
    answers: list[Answer] | None = Field(
        None,
        min_length=2,
        max_length=3,
        description="Your own words for A, for both equally unless `ties` is false, and for B.",
    )

    @property
    def values(self) -> tuple[int, ...]:
        """The answers as they are stored, in order."""
        return (A, TIE, B) if self.ties else (A, B)


def complaints(block: ComparisonBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from question_complaints(block, ("name",))
    yield from question_complaints(block, keys=("answers",))
    yield from doubled_answers(block.answers or ())
    count = len(block.values)
    if block.answers is not None and len(block.answers) != count:
        wanted = "A, for both equally and for B" if block.ties else "A and for B, without ties"
        yield (
            "answers",
            f"`blocks.answers` has {len(block.answers)} answers; give {count}: for {wanted}",
        )


def questions(asked: Asked) -> list[Question]:
    """−1 the first explanation, 0 both equally, +1 the second one."""
    block = asked.block_as(ComparisonBlock)
    built_in = {
        A: _("Explanation A is better"),
        TIE: _("Both are equally good"),
        B: _("Explanation B is better"),
    }
    words = block.answers or [built_in[value] for value in block.values]
    asking = block.question or _("Which explanation of the robot's answer is better?")
    return [value_question(in_own_words(asked, asking), zip(block.values, words, strict=True))]


def places(asked: Asked) -> Places:
    """Both explanations at the drawn sides, and the photo where the study shows it."""
    first, second = member_role(0), member_role(1)
    sides = (first, second) if asked.trial.stronger_side == Side.A else (second, first)
    photo = {PHOTO: PHOTO} if asked.display.show_photo else {}
    return {**photo, "a": sides[0], "b": sides[1]}


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """The one that the study file names first with probability logistic(latent), pulled to B; one
    answer in five is a tie."""
    if random.random() < TIES:
        return TIE
    first, second = (A, B) if trial.stronger_side == Side.A else (B, A)
    pull = bias if first == B else -bias
    return first if chance(latent + pull, random) else second


PARADIGM = Paradigm(
    name="comparison",
    title="Which of two explanations is better?",
    kinds=OR_WORDS,
    plan=PLAN.format(
        model="Bradley-Terry with Davidson’s ties and an effect of the side",
        beside="the share of comparisons won, a tie counting half",
    ),
    analysis="studyapp.paradigms.comparison.analysis",
    block=ComparisonBlock,
    complaints=complaints,
    widest=lambda block: 1.0,
    null=0.5,
    questions=questions,
    places=places,
    candidates=first_class,
    network_right=first_class_right,
    simulate=simulate,
    able=0.8,
    answer_levels={("", "-1"): "A", ("", "0"): "both equally", ("", "1"): "B"},
    explained=first_network,
    has_sides=True,
    meets="two",
    check_values=(A, B),
)
