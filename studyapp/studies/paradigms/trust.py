"""Trust: which of two networks, seen through their explanations, is more reasonable?

Grad-CAM (arXiv 1610.02391), section 5.2. Asked about photos on which both networks have the same
class first and it is the truth, so that only the explanations differ.
"""

from collections.abc import Sequence
from random import Random

from studyapp.models import Side, Trial

from .base import Candidate, Category, Classified, Paradigm, Refusal, TrialForm

ANSWERS = (-2, -1, 0, 1, 2)


class TrustForm(TrialForm):
    """−2 A clearly, −1 A slightly, 0 equal, +1 B slightly, +2 B clearly more reasonable."""

    def values(self) -> Sequence[int]:
        return ANSWERS


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """One stimulus where both networks have one class first and it is the photo's only truth."""
    if len(categories) != 1:
        return Refusal("not exactly one annotated category")
    truth = categories[0]
    stronger = answers["stronger"].classes[0]
    weaker = answers["weaker"].classes[0]
    if stronger not in truth.accepted:
        return Refusal("the stronger network is wrong")
    if weaker not in truth.accepted:
        return Refusal("the weaker network is wrong")
    if stronger != weaker:
        return Refusal("the networks' classes differ, though both are accepted")
    return [Candidate(category=truth.name, class_index=stronger)]


def score(trial: Trial, value: int) -> int:
    """r·s: plus favours the stronger network; s = +1 if it stands at B, else −1."""
    return value if trial.stronger_side == Side.B else -value


def simulate(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """The nearest of the five answers to the latent tendency, with unit noise."""
    sign = 1 if trial.stronger_side == Side.B else -1
    felt = sign * latent + bias + random.gauss(0, 1)
    return max(-2, min(2, round(felt)))


PARADIGM = Paradigm(
    name="trust",
    title="Which network is more reasonable?",
    template="participants/trials/trust.html",
    form=TrustForm,
    roles=("stronger", "weaker"),
    has_sides=True,
    outcome="score",
    check_values=(-2, -1, 1, 2),
    stimuli_a_photo=1,
    candidates=candidates,
    score=score,
    simulate=simulate,
)
