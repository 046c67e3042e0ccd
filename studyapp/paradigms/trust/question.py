"""Trust: which of two networks, seen through their explanations, is more reasonable?

Grad-CAM (arXiv 1610.02391), section 5.2. Asked about photos on which both networks have the same
class first and it is the truth, so that only the explanations differ.
"""

from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.models import Side, Trial
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
    Published,
    Refusal,
    is_in_words,
)
from studyapp.paradigms.predicted import is_right
from studyapp.paradigms.questions import Asked, Question, value_question
from studyapp.paradigms.wording import (
    OwnScale,
    both_ways,
    in_own_words,
    scale_complaints,
    step_scores,
)
from studyapp.sections.base import Name

Two = Annotated[list[Name], Field(min_length=2, max_length=2)]
ANSWERS = (-2, -1, 0, 1, 2)
LEVELS = {
    ("", "-2"): "A clearly",
    ("", "-1"): "A slightly",
    ("", "0"): "both equally",
    ("", "1"): "B slightly",
    ("", "2"): "B clearly",
}
# Section 5.2 of version 4, which gives no interval.
PUBLISHED = Published(
    source="Grad-CAM paper (other networks and photos)",
    means={"guided_backprop": 1.00, "guided_grad_cam": 1.27},
    otherwise=1.00,
)


class TrustBlock(OwnScale):
    BUILT_IN = len(ANSWERS)

    compare: list[Two] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Every two of the study's conditions that stand side by side, each with its "
        "pair's stronger network: any two networks, methods, or both. Other conditions are asked "
        "about only if `conditions` names them.",
    )

    @property
    def compared(self) -> list[tuple[str, str]]:
        return [(first, second) for first, second in self.compare or ()]

    def as_stored(self, found: dict[str, Any]) -> dict[str, Any]:
        kept = super().as_stored(found)
        return {key: one for key, one in kept.items() if key != "compare" or one is not None}


def complaints(block: TrustBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from scale_complaints(block, ("a", "b", "name"))
    yield from _compared_twice(block)
    if block.count < 3:
        yield (
            "answers",
            "`blocks.answers` has two answers, and trust has 3 to 11; give more, or add `points` "
            "if these are the words of the two ends",
        )


def _compared_twice(block: TrustBlock) -> Iterator[tuple[str, str]]:
    """Two sides that are one, and the same two again: whichever comes first, sides are drawn."""
    seen: set[frozenset[str]] = set()
    for first, second in block.compared:
        if first == second:
            yield (
                "compare",
                f"`blocks.compare` of {block.name}: {first} stands on both sides; name two that "
                "differ. For A = A trials set `versus` of a condition to its own method",
            )
        elif frozenset((first, second)) in seen:
            yield (
                "compare",
                f"`blocks.compare` of {block.name}: {first} and {second} are there twice; name "
                "them once, because both sides are shown in turn",
            )
        seen.add(frozenset((first, second)))


def questions(asked: Asked) -> list[Question]:
    """−2 A clearly, −1 A slightly, 0 equal, +1 B slightly, +2 B clearly more reasonable; on a scale
    of the study's own from −n A most to +n B most."""
    block, a, b = asked.block_as(TrustBlock), asked.display.name_a, asked.display.name_b
    words = _("Going by what each one looked at, which is more reasonable: %(a)s or %(b)s?")
    if is_baseline(asked.trial):
        words = _("Going by their answers, which is more reasonable: %(a)s or %(b)s?")
    elif is_in_words(asked.trial):
        words = _("Going by their explanations, which is more reasonable: %(a)s or %(b)s?")
    answers = [
        _("%(name)s is clearly more reasonable") % {"name": a},
        _("%(name)s is slightly more reasonable") % {"name": a},
        _("Both are equally reasonable"),
        _("%(name)s is slightly more reasonable") % {"name": b},
        _("%(name)s is clearly more reasonable") % {"name": b},
    ]
    asking = words % {"a": a, "b": b}
    if block.question is not None:
        asking = in_own_words(asked, block.question, a=a, b=b)
    if block.answers is not None:
        answers = [in_own_words(asked, own, a=a, b=b) for own in block.words()]
    return [value_question(asking, zip(both_ways(block.count), answers, strict=True))]


def is_baseline(trial: Trial) -> bool:
    """Whether the page shows the photo and both answers, but no explanation."""
    return trial.condition is not None and trial.condition.method == NO_EXPLANATION


def places(asked: Asked) -> Places:
    """Both explanations at the drawn sides, and the photo where the study shows it."""
    if is_baseline(asked.trial):
        return {PHOTO: PHOTO}
    condition = asked.trial.condition
    first, second = PARADIGM.roles_under(condition.name if condition is not None else "")
    sides = (first, second) if asked.trial.stronger_side == Side.A else (second, first)
    photo = {PHOTO: PHOTO} if asked.display.show_photo else {}
    return {**photo, "a": sides[0], "b": sides[1]}


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """One stimulus where both networks have one class first and it is the photo's only truth."""
    if len(categories) != 1:
        return Refusal("not exactly one annotated category")
    truth = categories[0]
    stronger = answers["stronger"].classes[0]
    if not is_right([truth], answers["stronger"]):
        return Refusal("the stronger network is wrong")
    # Two methods of one network have no weaker one.
    weaker = answers["weaker"].classes[0] if "weaker" in answers else stronger
    if "weaker" in answers and not is_right([truth], answers["weaker"]):
        return Refusal("the weaker network is wrong")
    if stronger != weaker:
        return Refusal("the networks' classes differ, though both are accepted")
    return [Candidate(category=truth.name, class_index=stronger)]


def keys(trial: Trial, block: TrustBlock) -> Keys:
    """r·s: plus favours the stronger network; s = +1 if it stands at B, else −1. Scales with more
    or fewer points go from −2 to +2 as well, in equal steps."""
    sign = 1 if trial.stronger_side == Side.B else -1
    scored = zip(both_ways(block.count), step_scores(block.count), strict=True)
    return {"value": {str(value): sign * score for value, score in scored}}


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """The answer whose score is nearest to the latent tendency, with unit noise; without an
    explanation nothing tells the networks apart, and only the bias is left."""
    sign = 1 if trial.stronger_side == Side.B else -1
    felt = (0 if is_baseline(trial) else sign * latent) + bias + random.gauss(0, 1)
    scored = trial.keys.get("value") or {str(value): sign * value for value in ANSWERS}
    return int(min(scored, key=lambda value: abs(sign * scored[value] - felt)))


PARADIGM = Paradigm(
    name="trust",
    title="Which network is more reasonable?",
    analysis="studyapp.paradigms.trust.analysis",
    questions=questions,
    places=places,
    candidates=candidates,
    outcome="score",
    keys=keys,
    simulate=simulate,
    published=PUBLISHED,
    answer_levels=LEVELS,
    networks=("stronger", "weaker"),
    roles=("stronger", "weaker"),
    has_sides=True,
    block=TrustBlock,
    complaints=complaints,
    check_values=(-2, -1, 1, 2),
    own_check_values=lambda block: tuple(value for value in both_ways(block.count) if value),
    compares="network",
    without_map={NO_EXPLANATION: WITHOUT_MAP[NO_EXPLANATION]},
    has_baseline=True,
    kinds=OR_WORDS,
)
