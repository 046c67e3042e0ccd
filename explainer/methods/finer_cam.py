"""Finer-CAM: what tells a class from those that the network takes it for most easily."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.passes.targets import class_scores

from .base import Method, SignedCamSettings, Work, full_precision
from .grad_cam import signed_grad_cam
from .joining import named_layers
from .weighted_cams import (
    signed_grad_cam_pp,
    signed_hires_cam,
    signed_layer_cam,
    signed_xgrad_cam,
)

Base = Literal["grad_cam", "xgrad_cam", "layer_cam", "hires_cam", "grad_cam_pp"]
BASES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad_cam": signed_grad_cam,
    "xgrad_cam": signed_xgrad_cam,
    "layer_cam": signed_layer_cam,
    "hires_cam": signed_hires_cam,
    "grad_cam_pp": signed_grad_cam_pp,
}


@dataclass(frozen=True)
class FinerCamSettings(SignedCamSettings):
    """`similar` other classes, whose scores are nearest to the class's (all others where there are
    fewer), are taken away `gamma` times; the difference is explained by the CAM `base`."""

    gamma: float = 1.0
    similar: int = 3
    base: Base = "grad_cam"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.gamma < float("inf"):
            raise ExplainerError(f"gamma = {self.gamma}", "use a number above 0")
        if self.similar < 1:
            raise ExplainerError(f"similar = {self.similar}", "use 1 class or more")


def finer_cam(work: Work, settings: FinerCamSettings, k: int) -> Tensor:
    """The CAM `base` of y − γ · mean(y of the classes that are most similar)."""
    key = ("finer_cam", settings.gamma, settings.similar, k)
    found = work.everywhere(key, lambda: _gradients(work, settings, k))
    return settings.rectified(BASES[settings.base](work.activations(), found[work.layer]))


def _gradients(work: Work, settings: FinerCamSettings, k: int) -> dict[str, Tensor]:
    with torch.enable_grad():
        scores = _difference(work, settings, k)
    maps = work.graph.maps
    found = work.graph.gradients(scores, list(maps.values()), "gradient")
    return dict(zip(maps, map(full_precision, found), strict=True))


def _difference(work: Work, settings: FinerCamSettings, k: int) -> Tensor:
    """N: y − γ · mean(y of the similar classes), in the shared graph."""
    if work.targets.indices is None:
        raise ExplainerError(
            "finer_cam compares classes, and a score of your own has none",
            "give targets as classes, or take the difference within your score",
        )
    answers = class_scores(work.targets.read(work.graph.outputs), len(work.images))
    others = answers.shape[1] - 1
    if not others:
        raise ExplainerError(
            "finer_cam compares classes, and the network has only one", "use grad_cam for it"
        )
    own = work.targets.indices[:, k : k + 1]
    score = answers.gather(1, own)
    apart = (answers - score).detach().float().abs().scatter(1, own, float("inf"))
    similar = apart.topk(min(settings.similar, others), largest=False).indices
    return score[:, 0] - settings.gamma * answers.gather(1, similar).mean(1)


FINER_CAM = Method(
    name="finer_cam",
    family="cam",
    formula="L = grad_cam of y − γ · (1/n) Σ_d y_d, over the n classes d whose scores are nearest",
    paper="Zhang et al., Finer-CAM, arXiv 2501.11309",
    cost="1 forward, 1 backward to the layer; the forward is shared with grad_cam",
    compute=finer_cam,
    layers=named_layers,
    settings=FinerCamSettings,
)
