"""Layer-wise relevance propagation (Bach et al. 2015), with a rule for each kind of layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.graphs import relevance_rules as rules
from explainer.graphs.relevance import Kind, RelevancePass

from .base import Method, Work
from .checks import relative
from .paths import baseline_image

Composite = Literal[
    "epsilon",
    "epsilon_plus",
    "epsilon_plus_flat",
    "epsilon_plus_square",
    "epsilon_alpha2_beta1",
    "epsilon_alpha2_beta1_flat",
    "epsilon_gamma_box",
]


@dataclass(frozen=True)
class LrpSettings:
    """`composite`: which rule each kind of layer follows, see `composed`.

    `epsilon`: ε of the ε rule; `gamma`: γ of the γ rule.
    """

    composite: Composite = "epsilon_plus"
    epsilon: float = 1e-6
    gamma: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < float("inf"):
            raise ExplainerError(f"epsilon = {self.epsilon}", "use a number above 0")
        if not 0 <= self.gamma < float("inf"):
            raise ExplainerError(f"gamma = {self.gamma}", "use 0 or more")


def composed(settings: LrpSettings) -> Mapping[Kind, rules.Rule]:
    """The rules of convolutions, of linear layers, and of the first layers of either kind."""
    epsilon, z_plus = rules.epsilon(settings.epsilon), rules.Z_PLUS
    gamma, alpha_beta = rules.gamma(settings.gamma), rules.alpha_beta(2, 1)
    convolution, first = {
        "epsilon": (epsilon, epsilon),
        "epsilon_plus": (z_plus, z_plus),
        "epsilon_plus_flat": (z_plus, rules.FLAT),
        "epsilon_plus_square": (z_plus, rules.W_SQUARE),
        "epsilon_alpha2_beta1": (alpha_beta, alpha_beta),
        "epsilon_alpha2_beta1_flat": (alpha_beta, rules.FLAT),
        "epsilon_gamma_box": (gamma, rules.BOX),
    }[settings.composite]
    return {"first": first, "convolution": convolution, "linear": epsilon}


def lrp(work: Work, settings: LrpSettings, k: int) -> Tensor:
    """R of the images: N×C×H×W, from the score itself as the relevance of the output."""
    return work.once(("lrp", settings), lambda: _handed_back(work, settings))[k]


def _handed_back(work: Work, settings: LrpSettings) -> list[Tensor]:
    found = [torch.zeros_like(work.inputs) for _ in range(work.targets.count)]
    box = rules.Box(*(baseline_image(work, name) for name in ("black", "white")))
    for chunk in work.chunks(1, graph=True):
        network = work.precise.of(chunk.places)
        images = work.inputs[chunk.places]
        made = RelevancePass(network.module, images, composed(settings), run=network.run, box=box)
        targets = work.targets.rows(chunk.places, len(work.inputs))
        for k, total in enumerate(found):
            with torch.enable_grad():
                scores = targets.scores(made.outputs, k)
            total[chunk.places] = made.relevance(scores)
    return found


def lrp_checks(work: Work, settings: LrpSettings, k: int) -> dict[str, Tensor]:
    """`relevance_error`: |Σ R − y| / |y|, N: what biases took, and what a stabiliser or a rule
    without conservation (w², flat on edges) changed."""
    scores = work.precise_scores()[:, k]
    return {"relevance_error": relative(lrp(work, settings, k).sum((1, 2, 3)) - scores, scores)}


LRP = Method(
    name="lrp",
    family="pixels",
    formula="R_i = Σ_j (x_i ρ(w_ij) / Σ_i x_i ρ(w_ij)) R_j layer by layer, starting with R = y",
    paper="Bach et al., On Pixel-Wise Explanations for Non-Linear Classifier Decisions by "
    "Layer-Wise Relevance Propagation, PLOS ONE 2015, doi 10.1371/journal.pone.0130140",
    cost="1 forward, 1 backward in which each layer runs up to five times more",
    compute=lrp,
    checks=lrp_checks,
    shape="input",
    signed=True,
    layer="none",
    may_refuse=True,
    settings=LrpSettings,
)
