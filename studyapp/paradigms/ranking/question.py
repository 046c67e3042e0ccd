"""Ranking: which of several explanations is the best, which the worst, in which order?

Choices among all of a block's conditions, on one page in drawn order. Analysed after Plackett
(1975) and Luce (1959); the best and the worst after Marley and Louviere (2005).
"""

import math
from collections.abc import Collection, Iterator
from random import Random
from string import ascii_uppercase
from typing import Literal

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.models import Trial
from studyapp.paradigms.base import BUTTONS, OR_FILMS, PHOTO, Paradigm, Places, member_role
from studyapp.paradigms.competitors import PLAN, first_network
from studyapp.paradigms.predicted import first_class, first_class_right
from studyapp.paradigms.questions import Asked, Question, value_question
from studyapp.paradigms.wording import OwnQuestion, in_own_words, question_complaints
from studyapp.sections.base import ShownText

WORST = "worst"


class RankingBlock(OwnQuestion):
    OWN = ("question", "further_question")

    asks_for: Literal["best", "best_and_worst", "order"] = Field(
        "order", description="What people say about the explanations on a page."
    )
    further_question: ShownText | None = Field(
        None,
        description="What is asked after the best one, in your own words: which is the worst, or "
        "which comes in place {place}.",
    )


def complaints(block: RankingBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    is_order, further = block.asks_for == "order", block.further_question
    yield from question_complaints(block, ("name",))
    names = ("name", "place") if is_order else ("name",)
    yield from question_complaints(block, names, ("further_question",))
    if further is None:
        return
    if block.asks_for == "best":
        yield (
            "further_question",
            "`blocks.further_question`: only the best is asked for; remove it, or set asks_for = "
            '"order" or "best_and_worst"',
        )
    if is_order and "{place}" not in further:
        yield (
            "further_question",
            "`blocks.further_question` asks for each place from 2: write {place} where its number "
            "should stand",
        )


def questions(asked: Asked) -> list[Question]:
    """The best (`value`), counted from 0 as shown; then the worst, or `place_2` and so on to the
    last place but one."""
    count = len(asked.trial.option_order)
    answers = tuple(
        (place, _("Explanation %(number)s") % {"number": letter})
        for place, letter in enumerate(ascii_uppercase[:count])
    )
    block = asked.block_as(RankingBlock)
    asking = block.question or _("Which explanation of the robot's answer is the best?")
    best = value_question(in_own_words(asked, asking), answers)
    if block.asks_for == "best":
        return [best]
    own = block.further_question
    further = {WORST: in_own_words(asked, own or _("Which is the worst?"))}
    if block.asks_for == "order":
        further = {
            place_name(place): in_own_words(asked, own or words, place=str(place))
            for place, words in enumerate(_behind_the_best(count), 2)
        }
    return [
        Question(name, words, answers=answers, is_distinct=True)
        for name, words in {best.name: best.words, **further}.items()
    ]


def _behind_the_best(count: int) -> list[str]:
    """What is asked from place 2 to the last place but one of `count`; in words, as the keys beside
    the answers are digits."""
    words = [
        _("Which is the second best?"),
        _("Which is the third best?"),
        _("Which is the fourth best?"),
        _("Which is the fifth best?"),
        _("Which is the sixth best?"),
        _("Which is the seventh best?"),
    ]
    return words[: count - 2]


def place_name(place: int) -> str:
    """The question that asks which explanation has this place, from 2."""
    return f"place_{place}"


def places(asked: Asked) -> Places:
    """The explanations by their letters in the order of this page, and the photo where the study
    shows it."""
    order = asked.trial.option_order
    shown = {ascii_uppercase[place]: member_role(one) for place, one in enumerate(order)}
    photo = {PHOTO: PHOTO} if asked.display.show_photo else {}
    return {**photo, **shown}


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """Luce's choice: each condition is worth e to the `latent` times as much as the next one of the
    study file, and the first one shown e to the `bias` times more."""
    return _drawn(latent, bias, trial, random)


def simulate_further(name: str, latent: float, trial: Trial, random: Random) -> int:
    """The same among those that are left, and the other way round for the worst."""
    return _drawn(-latent if name == WORST else latent, 0, trial, random)


def _drawn(latent: float, bias: float, trial: Trial, random: Random) -> int:
    weights = [math.exp(-latent * member) for member in trial.option_order]
    weights[0] *= math.exp(bias)
    return random.choices(range(len(weights)), weights)[0]


PARADIGM = Paradigm(
    name="ranking",
    title="Which of several explanations is best?",
    plan=PLAN.format(
        model="Plackett-Luce, for the best and the worst sequential best-worst",
        beside="the share of the others it was placed before, one half where no order was given",
    ),
    analysis="studyapp.paradigms.ranking.analysis",
    block=RankingBlock,
    complaints=complaints,
    widest=lambda block: 1.0,
    null=0.5,
    questions=questions,
    places=places,
    candidates=first_class,
    network_right=first_class_right,
    simulate=simulate,
    simulate_further=simulate_further,
    able=0.8,
    answer_levels=BUTTONS,
    explained=first_network,
    meets="all",
    check_values=tuple(range(3)),
    kinds=OR_FILMS,
)
