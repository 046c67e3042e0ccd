"""Class discrimination: which of two categories does this explanation depict?

Grad-CAM (arXiv 1610.02391), section 5.1. Asked about photos with exactly two annotated categories,
both among the network's first ten classes, so that no class of probability zero is explained.
"""

import math
from collections.abc import Sequence
from random import Random

from studyapp.models import Trial

from .base import Candidate, Category, Classified, Paradigm, Refusal, TrialForm

FIRST_CLASSES = 10


class DiscriminationForm(TrialForm):
    """The number of the chosen button, counted from 0 as shown."""

    def values(self) -> Sequence[int]:
        return range(len(self.trial.option_order))


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """Two stimuli, one for each category: its best-ranked class is the one explained."""
    if len(categories) != 2:
        return Refusal("not exactly two annotated categories")
    if categories[0].accepted & categories[1].accepted:
        return Refusal("the two categories share a class")
    first = list(answers["stronger"].classes[:FIRST_CLASSES])
    ranked = [[index for index in first if index in one.accepted] for one in categories]
    if not all(ranked):
        return Refusal("not both categories among the network's first ten classes")
    options = tuple(sorted(one.name for one in categories))
    return [
        Candidate(one.name, classes[0], options, {"right": options.index(one.name)})
        for one, classes in zip(categories, ranked, strict=True)
    ]


def right_button(trial: Trial) -> int:
    """The number of the button, as shown, that names the explained category."""
    assert trial.stimulus is not None
    return int(trial.option_order.index(trial.stimulus.facts["right"]))


def score(trial: Trial, value: int) -> int:
    """1 if the chosen category is the explained one, else 0."""
    return int(value == right_button(trial))


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """Right with probability logistic(latent), pulled to the first button by `bias` logits."""
    right = right_button(trial)
    logit = latent + (bias if right == 0 else -bias)
    is_right = random.random() < 1 / (1 + math.exp(-logit))
    return right if is_right else 1 - right


PARADIGM = Paradigm(
    name="discrimination",
    title="Which category is depicted?",
    template="participants/trials/discrimination.html",
    form=DiscriminationForm,
    roles=("stronger",),
    has_sides=False,
    outcome="correct",
    check_values=(0, 1),
    stimuli_a_photo=2,
    candidates=candidates,
    score=score,
    simulate=simulate,
)
