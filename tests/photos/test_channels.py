"""Files of any number of channels give their own values, in the one layout, or are refused."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from photos import PhotoError, open_channels

WIDE = np.arange(12 * 20 * 30, dtype=np.uint16).reshape(20, 30, 12)


def npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def tiff(values: Any, **how: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **how)
    return file.getvalue()


def damaged(**how: Any) -> bytes:
    """A compressed picture, the first bytes of whose numbers are lost."""
    content = tiff(WIDE, photometric="minisblack", planarconfig="contig", **how)
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        start = file.pages.first.dataoffsets[0]
    return content[:start] + b"\xff" * 40 + content[start + 40 :]


@pytest.mark.parametrize(
    "content",
    [
        npy(WIDE),
        npy(np.asfortranarray(WIDE)),
        npy(np.moveaxis(WIDE, -1, 0).astype(np.float64)),
        tiff(WIDE, photometric="minisblack", planarconfig="contig"),
        tiff(np.moveaxis(WIDE, -1, 0), photometric="minisblack", planarconfig="separate"),
        tiff(np.moveaxis(WIDE, -1, 0)),
    ],
)
def test_every_layout_gives_the_values_as_they_are(content: bytes) -> None:
    found = open_channels(content, 12)
    assert (found.size, found.count, found.values.dtype) == ((30, 20), 12, np.float32)
    np.testing.assert_array_equal(found.values, WIDE)


def test_one_channel_needs_no_axis_of_its_own_and_keeps_sixteen_bits() -> None:
    depth = WIDE[..., 0]
    for content in (npy(depth), npy(depth[None]), tiff(depth, photometric="minisblack")):
        np.testing.assert_array_equal(open_channels(content, 1).values[..., 0], depth)


@pytest.mark.parametrize(
    ("content", "count", "why"),
    [
        (npy(WIDE), 4, r"an array of 20×30×12, and 4 channels are declared; give height×width×4"),
        (npy(np.zeros((12, 9, 12))), 12, "first or the last axis could be the channels; save it"),
        (npy(np.zeros((3, 2, 20, 30))), 3, "an array of 3×2×20×30; give height×width×3"),
        (npy(WIDE * np.nan), 12, "missing or infinite; fill them"),
        (npy(WIDE.astype(complex)), 12, "complex128, not plain numbers"),
        (npy(WIDE)[:-1], 12, "not a whole array of numbers"),
        (npy(np.full((2, 2, 1), "a", dtype=object)), 1, "not a whole array of numbers"),
        (npy(np.zeros((0, 5, 2))), 2, "has no pixels"),
        (tiff(WIDE, photometric="minisblack", planarconfig="contig"), 4, "12 channels, and 4 are"),
        (tiff(WIDE, photometric="minisblack", planarconfig="contig")[:99], 12, "not a whole pict"),
        (damaged(compression="zlib"), 12, "not a whole picture"),
        (damaged(compression="lzma"), 12, "not a whole picture"),
        (npy(WIDE).replace(b"}", b" "), 12, "not a whole picture"),
        (
            b"\x89PNG",
            12,
            r"neither a NumPy array nor a TIFF file; save it as a NumPy array \(.npy\) or",
        ),
        (b"", 12, "the file is empty"),
    ],
)
def test_what_cant_be_read_for_certain_is_refused_by_name(
    content: bytes, count: int, why: str
) -> None:
    with pytest.raises(PhotoError, match=f"^field: .*{why}"):
        open_channels(content, count, "field")


def test_pictures_that_are_turned_or_several_are_refused() -> None:
    turned = tiff(WIDE[..., 0], photometric="minisblack", extratags=[(274, "H", 1, 6, True)])
    with pytest.raises(PhotoError, match="stored turned; save it upright"):
        open_channels(turned, 1)
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as several:
        several.write(WIDE[..., 0])
        several.write(WIDE[:5, :, 0])
    with pytest.raises(PhotoError, match="holds 2 pictures; save each"):
        open_channels(file.getvalue(), 1)


@pytest.mark.parametrize("meant", ["miniswhite", "palette", "cielab"])
def test_numbers_that_are_no_brightness_are_refused(meant: str) -> None:
    how: dict[str, Any] = {"photometric": meant}
    if meant == "palette":
        how["colormap"] = np.zeros((3, 256), np.uint16)
    values = np.zeros((20, 30, 3) if meant == "cielab" else (20, 30), np.uint8)
    why = r"do not stand for brightness from black up .*white as 0.*save it as grey, RGB or plain"
    with pytest.raises(PhotoError, match=why):
        open_channels(tiff(values, **how), 3 if meant == "cielab" else 1)


def test_an_array_that_claims_more_than_it_holds_is_refused_before_it_is_made() -> None:
    large = npy(np.zeros((2, 2, 2), np.uint8)).replace(b"(2, 2, 2)", b"(99999, 99999, 2)")
    with pytest.raises(PhotoError, match="too large: 99999 × 99999 pixels of 2 channels"):
        open_channels(large, 2)
