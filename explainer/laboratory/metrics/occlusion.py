"""Does a map call those patches important whose loss costs the score? (Grad-CAM section 5.3)"""

import torch
from torch import Tensor
from torch.nn import functional

from explainer.errors import ExplainerError
from explainer.networks.network import Network
from explainer.passes.targets import Wanted

from .base import Asked, Budget, Metric, importance, rank_correlation


def occlusion_rank_correlation(
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    patch: int | None = None,
    budget: Budget | None = None,
) -> Tensor:
    """N Spearman correlations, −1 to 1, between each patch's mean in the map and its score drop.

    A grey patch (the mean colour, zero in a normalised image) of `patch` pixels, an eighth of the
    shorter side by default, covers each place of a grid in turn, without overlap; the drop is that
    of the class's logit. `maps`: N×u×v, or signed N×C×H×W. NaN where the map or the drops are
    constant: an empty map has no ranks.
    """
    asked = Asked(network, images, targets, budget)
    patch = max(1, min(images.shape[2:]) // 8) if patch is None else patch
    if not 0 < patch <= min(images.shape[2:]):
        raise ExplainerError(f"patch={patch}", f"use 1 to {min(images.shape[2:])} pixels")
    values = functional.avg_pool2d(importance(maps, asked.images)[:, None], patch)[:, 0]
    drops = occlusion_drops(asked, patch)
    return rank_correlation(values.flatten(1).cpu(), drops.flatten(1))


def occlusion_drops(asked: Asked, patch: int) -> Tensor:
    """N×rows×columns: how far the score falls when the patch at that place is grey."""
    images = asked.images
    rows_down, columns = (length // patch for length in images.shape[2:])
    down, across = (
        torch.arange(length, device=images.device) // patch for length in images.shape[2:]
    )

    def change(rows: Tensor, places: Tensor) -> Tensor:
        hidden_down = down == (places // columns)[:, None]
        hidden_across = across == (places % columns)[:, None]
        hidden = hidden_down[:, :, None] & hidden_across[:, None, :]
        return images[rows].masked_fill(hidden[:, None], 0)

    scores = asked.changed(rows_down * columns, change, "score")
    drops = asked.own("score")[:, None] - scores
    return drops.reshape(len(images), rows_down, columns)


OCCLUSION = Metric(
    name="occlusion_rank_correlation",
    formula="Spearman ρ over patches of (mean of the map in the patch, y(x) − y(x with it grey))",
    paper="Selvaraju et al., Grad-CAM, arXiv 1610.02391, section 5.3",
    needs="network",
    better="higher",
    compute=occlusion_rank_correlation,
    cost="65 forwards",
)
