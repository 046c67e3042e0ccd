"""What the masking methods share: maps as masks, and the blurred photo behind them."""

import torch
from torch import Tensor

from explainer.passes.devices import in_full, like


def minmax(maps: Tensor) -> Tensor:
    """Each map of N×H×W stretched to 0…1; a constant map holds nothing and becomes zeros.

    What is not finite stays so, to be refused.
    """
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    spread = high - low
    return torch.where(spread == 0, torch.zeros_like(maps), (maps - low) / spread)


def blur(images: Tensor, size: int = 51, sigma: float = 50.0) -> Tensor:
    """N×C×H×W images under a Gaussian of `size`×`size` pixels, mirrored at the border.

    A Gaussian blur is one matrix product along each axis, which is far less work than a
    convolution with `size`² weights and has no smallest image.
    """
    rows = like(_blur_matrix(images.shape[2], size, sigma), images)
    columns = like(_blur_matrix(images.shape[3], size, sigma), images)
    with in_full(images.device):
        return rows @ images @ columns.T


def _blur_matrix(length: int, size: int, sigma: float) -> Tensor:
    """length×length: which pixels each blurred pixel takes how much of."""
    offsets = torch.arange(size) - size // 2
    weights = torch.exp(-(offsets.double() ** 2) / (2 * sigma**2))
    period = max(1, 2 * (length - 1))
    places = (torch.arange(length)[:, None] + offsets) % period
    mirrored = torch.minimum(places, period - places) if length > 1 else torch.zeros_like(places)
    matrix = torch.zeros(length, length, dtype=torch.double)
    matrix.scatter_add_(1, mirrored, (weights / weights.sum()).expand(length, size).contiguous())
    return matrix.float()
