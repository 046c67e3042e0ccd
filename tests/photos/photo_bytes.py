"""Photos of every awkward kind, made in memory."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image, ImageCms

# 96 × 64 pixels of blurred noise, written by libheif's encoder, which the product does not have
HEIC = Path(__file__).with_name("small.heic")


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def of_array(values: NDArray[Any], kind: str) -> bytes:
    return encoded(Image.fromarray(values), kind)


def turned_by(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def swapped_profile() -> bytes:
    """An RGB profile with BGR's primaries: red in the file is blue on a screen."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = places[b"rXYZ"], places[b"bXYZ"]
    profile[red + 4 : red + 12], profile[blue + 4 : blue + 12] = (
        profile[blue + 4 : blue + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG file with one more chunk after its header."""
    chunk = struct.pack(">I", len(data)) + kind + data
    return png[:33] + chunk + struct.pack(">I", zlib.crc32(kind + data)) + png[33:]


def avif_of(picture: Image.Image, primaries: int, curve: int) -> bytes:
    """An AVIF file that states its colours by these numbers of ITU-T H.273."""
    content = encoded(picture, "AVIF")
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">HH", primaries, curve) + content[at + 4 :]


def counted_from_white(tiff: bytes) -> bytes:
    """The same values in a TIFF file that says that 0 is white."""
    entry = struct.pack("<HHI", 262, 3, 1)
    at = tiff.index(entry) + len(entry)
    return tiff[:at] + struct.pack("<H", 0) + tiff[at + 2 :]
