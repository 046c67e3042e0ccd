"""The one way in which a coarse map is enlarged."""

from torch import Tensor
from torch.nn import functional


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear, half-pixel centres (`align_corners=False`), not antialiased: N×u×v → N×H×W."""
    return functional.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)[
        :, 0
    ]
