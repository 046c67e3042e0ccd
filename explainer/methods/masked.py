"""Maps weighed by what the network says of masked images: Group-CAM and Score-CAM."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.methods.masks import blur, minmax
from explainer.pictures.resizing import resize, size_of

from .base import CamSettings, Chunk, Method, SignedCamSettings, Work
from .grad_cam import importances, weighted_sum
from .joining import named_layers


@dataclass(frozen=True)
class GroupCamSettings(SignedCamSettings):
    """`groups` of consecutive channels; each group's map is 0 up to its `percentile`.

    `blur_size` and `blur_sigma`, in pixels: the Gaussian that makes x̃, the photo without detail.
    """

    groups: int = 32
    percentile: float = 70.0
    blur_size: int = 51
    blur_sigma: float = 50.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.groups < 1:
            raise ExplainerError(f"groups = {self.groups}", "use 1 or more")
        if not 0 <= self.percentile < 100:
            raise ExplainerError(f"percentile = {self.percentile}", "use 0 to below 100")
        if self.blur_size < 1 or self.blur_size % 2 == 0:
            raise ExplainerError(f"blur_size = {self.blur_size}", "use an odd number of pixels")
        if not 0 < self.blur_sigma < float("inf"):
            raise ExplainerError(f"blur_sigma = {self.blur_sigma}", "use a number above 0")


def group_cam(work: Work, settings: GroupCamSettings, k: int) -> Tensor:
    """L = ReLU(Σ_l β_l N_l), β_l = p(x ⊙ N_l + x̃ ⊙ (1 − N_l)) − p(x̃).

    p is the class's softmax probability, or a callable target's score as it is. This is the
    authors' code of May 2021, which is what the paper says; before and after, their threshold was
    one for all groups or β was a probability without its baseline. Where the groups do not divide
    the channels, the last group is smaller, as there.
    """
    blurred, without = _blurred(work, settings)
    coarse = group_maps(work, settings, k)
    size = size_of(work.inputs)
    total = torch.zeros(len(work.inputs), *size, device=work.inputs.device)
    for chunk in work.chunks(coarse.shape[1]):
        places = chunk.places
        masks = minmax(resize(coarse[places, chunk.variants], size))
        inputs = torch.lerp(blurred[places], work.inputs[places], masks[:, None].to(blurred))
        gains = work.scores_of(inputs, places, probable=True)[:, k] - without[places, k]
        total.index_add_(0, places, gains[:, None, None] * masks.float())
    return settings.rectified(total)


def group_maps(work: Work, settings: GroupCamSettings, k: int) -> Tensor:
    """M: N×groups×u×v, each group's ReLU(Σ α_k A^k), zero up to its own percentile."""
    activations, gradient = work.precise_layer(k)
    weighted = importances(gradient) * activations
    groups = weighted.chunk(settings.groups, 1)
    maps = torch.relu(torch.stack([group.sum(1) for group in groups], 1))
    share = settings.percentile / 100
    # Image by image: torch.quantile refuses very large tensors.
    threshold = torch.stack([image.flatten(1).quantile(share, dim=1) for image in maps])
    return maps.masked_fill(maps <= threshold[..., None, None], 0)


def _blurred(work: Work, settings: GroupCamSettings) -> tuple[Tensor, Tensor]:
    """x̃ (N×C×H×W) and p(x̃) (N×K)."""

    def make() -> tuple[Tensor, Tensor]:
        blurred = blur(work.inputs, settings.blur_size, settings.blur_sigma)
        found = [
            work.scores_of(blurred[chunk.places], chunk.places, probable=True)
            for chunk in work.chunks(1)
        ]
        return blurred, torch.cat(found)

    return work.everywhere(("blurred", settings.blur_size, settings.blur_sigma), make)


def score_cam(work: Work, settings: CamSettings, k: int) -> Tensor:
    """L = ReLU(Σ_k α_k A^k), α = softmax over the channels of y(x ⊙ minmax(↑A^k)), then ↑.

    The paper's y(X_b), being the same for every channel, does not change the softmax.
    """
    activations, _ = work.precise_layer(k)
    scores = work.once("score_cam", lambda: _masked_scores(work))
    alpha = scores[:, :, k].softmax(1)[:, :, None, None]
    coarse = torch.relu(weighted_sum(alpha, activations))
    return resize(coarse, size_of(work.inputs))


def _masked_scores(work: Work) -> Tensor:
    """N×channels×K: the scores of each image seen through each channel's map."""
    activations, _ = work.precise_layer(0)
    size = size_of(work.inputs)

    def through(chunk: Chunk) -> Tensor:
        masks = minmax(resize(activations[chunk.places, chunk.variants], size))
        return work.inputs[chunk.places] * masks[:, None].to(work.inputs)

    channels = activations.shape[1]
    found = [work.scores_of(through(chunk), chunk.places) for chunk in work.chunks(channels)]
    table = torch.cat(found)
    return table.reshape(channels, len(work.inputs), table.shape[1]).transpose(0, 1)


GROUP_CAM = Method(
    name="group_cam",
    family="perturbation",
    formula="L = ReLU(Σ_l β_l N_l), β_l = p(x ⊙ N_l + x̃ ⊙ (1 − N_l)) − p(x̃)",
    paper="Zhang et al., Group-CAM, arXiv 2103.13859",
    cost="(groups + 2) forwards, 1 backward to the layer",
    compute=group_cam,
    shape="image",
    layers=named_layers,
    settings=GroupCamSettings,
)
SCORE_CAM = Method(
    name="score_cam",
    family="perturbation",
    formula="L = ↑ReLU(Σ_k α_k A^k), α = softmax_k y(x ⊙ minmax(↑A^k))",
    paper="Wang et al., Score-CAM, arXiv 1910.01279",
    cost="(channels + 1) forwards",
    compute=score_cam,
    shape="image",
    layers=named_layers,
    settings=CamSettings,
)
