"""The one way in which a coarse map is enlarged."""

from torch import Tensor
from torch.nn import functional


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear, half-pixel centres (`align_corners=False`), not antialiased: N×u×v → N×H×W."""
    return functional.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)[
        :, 0
    ]


def size_of(images: Tensor) -> tuple[int, int]:
    """Height and width of N×C×H×W."""
    return images.shape[2], images.shape[3]
