"""Maps at the size at which they are compared with what people pointed at or marked."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .measures import Values

Drawn = NDArray[np.float64]
SIDE = 224


def drawn_map(values: Values) -> Drawn:
    """A stored map (u×v, or C×H×W signed, whose magnitude counts) at 224 × 224, bilinearly."""
    flat = np.abs(values).max(axis=0) if values.ndim == 3 else values
    picture = Image.fromarray(np.ascontiguousarray(flat, dtype=np.float32))
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=np.float64)
