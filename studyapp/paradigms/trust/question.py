"""Trust: which of two networks, seen through their explanations, is more reasonable?

Grad-CAM (arXiv 1610.02391), section 5.2. Asked about photos on which both networks have the same
class first and it is the truth, so that only the explanations differ.
"""

from collections.abc import Sequence
from random import Random

from django.utils.translation import gettext as _

from studyapp.models import Side, Trial
from studyapp.paradigms.base import (
    PHOTO,
    Candidate,
    Category,
    Classified,
    Keys,
    Paradigm,
    Places,
    Published,
    Refusal,
)
from studyapp.paradigms.predicted import is_right
from studyapp.paradigms.questions import Asked, Question, value_question

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


def questions(asked: Asked) -> list[Question]:
    """−2 A clearly, −1 A slightly, 0 equal, +1 B slightly, +2 B clearly more reasonable."""
    a, b = asked.display.name_a, asked.display.name_b
    words = _("Going by what each one looked at, which is more reasonable: %(a)s or %(b)s?")
    answers = [
        _("%(name)s is clearly more reasonable") % {"name": a},
        _("%(name)s is slightly more reasonable") % {"name": a},
        _("Both are equally reasonable"),
        _("%(name)s is slightly more reasonable") % {"name": b},
        _("%(name)s is clearly more reasonable") % {"name": b},
    ]
    asking = words % {"a": a, "b": b}
    return [value_question(asking, zip(ANSWERS, answers, strict=True))]


def places(asked: Asked) -> Places:
    """Both explanations at the drawn sides, and the photo where the study shows it."""
    sides = (
        ("stronger", "weaker") if asked.trial.stronger_side == Side.A else ("weaker", "stronger")
    )
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


def keys(trial: Trial) -> Keys:
    """r·s: plus favours the stronger network; s = +1 if it stands at B, else −1."""
    sign = 1 if trial.stronger_side == Side.B else -1
    return {"value": {str(value): sign * value for value in ANSWERS}}


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """The nearest of the five answers to the latent tendency, with unit noise."""
    sign = 1 if trial.stronger_side == Side.B else -1
    felt = sign * latent + bias + random.gauss(0, 1)
    return max(-2, min(2, round(felt)))


PARADIGM = Paradigm(
    name="trust",
    title="Which network is more reasonable?",
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
    check_values=(-2, -1, 1, 2),
    compares="network",
)
