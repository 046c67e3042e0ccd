"""Maps of other tools that are too large, told before their values are read."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from photos import PhotoError
from photos.maps import MOST_SIDE, open_map


def npy(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def png(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("write", [npy, png])
def test_a_map_with_too_many_values_a_side_is_refused(write: Callable[[np.ndarray], bytes]) -> None:
    ramp = np.arange(2 * MOST_SIDE + 2, dtype=np.uint16).reshape(2, -1)
    assert open_map(write(ramp[:, :MOST_SIDE])).shape == (2, MOST_SIDE)
    told = "^wide: 2049 × 2 values; scale it down to at most 2048 a side$"
    with pytest.raises(PhotoError, match=told):
        open_map(write(ramp), "wide")
