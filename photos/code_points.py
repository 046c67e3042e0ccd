"""Colours that a file states by numbers and not by a profile: primaries and a curve (ITU-T H.273).

HEIC's are told by its reader; those of AVIF (the colr box of ISO/IEC 23000-22) and PNG (cICP, and
gAMA and cHRM of its third edition) stand in the bytes. An AVIF file without the box is taken for
sRGB, as a photo without a profile is.
"""

import struct
from collections.abc import Iterator, Sequence

from PIL import Image

from .errors import PhotoError

FIX = "save it as sRGB"
# BT.709 and unspecified; the curves are sRGB's and those that are displayed like it
SRGB_PRIMARIES = {1, 2}
SRGB_CURVES = {1, 2, 6, 13, 14, 15}
SRGB_GAMMA, SRGB_CORNERS = 0.45455, (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
GAMMA_STEP, CORNER_STEP = 0.02, 0.01
PNG_HEAD = 8
# Boxes that hold boxes, and what stands before these
CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}


def refuse_other_colours(photo: Image.Image, content: bytes, name: str) -> None:
    """PhotoError where a photo without a profile states colours that are not sRGB's."""
    points = _points(photo, content)
    for primaries, curve in points:
        if primaries not in SRGB_PRIMARIES or curve not in SRGB_CURVES:
            raise PhotoError(
                name, f"its colours are not sRGB's (primaries {primaries}, curve {curve})", FIX
            )
    if not points and photo.format == "PNG" and "srgb" not in photo.info:
        _refuse_gamma(photo, name)


def _points(photo: Image.Image, content: bytes) -> Sequence[tuple[int, int]]:
    nclx = photo.info.get("nclx_profile")
    if nclx is not None:
        return [(nclx.get("color_primaries", 2), nclx.get("transfer_characteristics", 2))]
    if photo.format == "AVIF":
        boxes = (box[4:8] for box in _colour_boxes(content) if box[:4] == b"nclx")
        return [struct.unpack(">HH", box) for box in boxes if len(box) == 4]
    if photo.format == "PNG":
        return [(data[0], data[1]) for kind, data in _chunks(content) if kind == b"cICP"]
    return []


def _refuse_gamma(photo: Image.Image, name: str) -> None:
    gamma = photo.info.get("gamma", SRGB_GAMMA)
    corners = photo.info.get("chromaticity", SRGB_CORNERS)
    moved = max(abs(own - srgb) for own, srgb in zip(corners, SRGB_CORNERS, strict=True))
    if abs(gamma - SRGB_GAMMA) > GAMMA_STEP or moved > CORNER_STEP:
        raise PhotoError(
            name, f"its colours are not sRGB's (a gamma of {gamma:g}, or other primaries)", FIX
        )


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG file before its pixels: name and data."""
    at = PNG_HEAD
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"IDAT":
            return
        yield kind, content[at + 8 : at + 8 + length]
        at += length + 12


def _colour_boxes(content: bytes) -> Iterator[bytes]:
    """What is in each colr box of an AVIF file."""
    at = 0
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        if length < 8:  # to the end of the file, or longer than a photo is
            return
        inside = content[at + 8 : at + length]
        if kind == b"colr":
            yield inside
        elif kind in CONTAINERS:
            yield from _colour_boxes(inside[CONTAINERS[kind] :])
        at += length
