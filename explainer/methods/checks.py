"""What the numbers beside a map mean: how far it is from what its method promises.

A method measures them (`Method.checks`); each of their names has its line here, in words for people
who look at the map.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

MOST = 1e6  # what is told where there is nothing to compare with: JSON knows no infinity


@dataclass(frozen=True)
class Check:
    """`words`, with {} for the number, which is a share ("percent") or a multiple ("times").

    `warns_above`: from there on the map is doubtful; None where no value speaks against it. `fix`:
    what to do then.
    """

    name: str
    words: str
    unit: Literal["percent", "times"] = "percent"
    warns_above: float | None = None
    fix: str = ""


def relative(part: Tensor, whole: Tensor) -> Tensor:
    """|part| / |whole| as float32, MOST at the most; 0 where both are 0."""
    share = (part.abs() / whole.abs()).float()
    share = torch.where((part == 0) & (whole == 0), torch.zeros_like(share), share)
    return share.nan_to_num(nan=MOST, posinf=MOST).clamp(max=MOST)


CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check(
            "completeness_error",
            "The attributions miss the score's difference from the baseline by {}.",
            warns_above=0.05,
            fix="use more steps",
        ),
        Check(
            "convergence_error",
            "With half the steps the map would differ by {}.",
            warns_above=0.05,
            fix="use more steps",
        ),
        Check(
            "score_error",
            "Before its ReLU, the map's sum misses the score by {}: it leaves out biases and "
            "nonlinearities after the layer.",
        ),
        Check(
            "relevance_error",
            "The relevance misses the score by {}: biases absorb some, and some rules do not "
            "conserve sums.",
            warns_above=0.5,
            fix="use the composite epsilon_plus, or integrated_gradients",
        ),
        Check(
            "conservation_error",
            "The weights lose {} of gradient × activation.",
            warns_above=0.05,
            fix="name a layer whose map has no negative values, or use hires_cam",
        ),
        Check(
            "largest_weight",
            "The largest weight is {} the largest gradient.",
            unit="times",
            warns_above=10,
            fix="name a layer whose map has no negative values, or use hires_cam",
        ),
        Check(
            "cancellation",
            "Over the channels, the magnitudes of gradient × activation add up to {} its sum.",
            unit="times",
            warns_above=100,
            fix="name the normalisation that follows as the layer",
        ),
        Check(
            "share_of_patches",
            "{} of the tokens' total is on the map; the rest is on the class token and registers.",
        ),
        Check(
            "left_out",
            "The map leaves out {} of gradient × activation: the part where the gradient is "
            "negative.",
        ),
    )
}
