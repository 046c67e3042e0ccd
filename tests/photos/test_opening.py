"""A photo is seen upright, in sRGB, with 8 bits a channel, by one rule each; or it is refused."""

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photos import MOST_PIXELS, PhotoError, measure, open_photo
from tests.photos.photo_bytes import (
    HEIC,
    avif_of,
    counted_from_white,
    encoded,
    of_array,
    srgb_profile,
    swapped_profile,
    turned_by,
    with_chunk,
)

RAMP = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
RED = Image.new("RGB", (20, 10), (200, 20, 10))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey_become_256_levels(kind: str) -> None:
    seen = np.asarray(open_photo(of_array(RAMP, kind)))
    assert np.array_equal(np.unique(seen), np.arange(256))
    assert np.array_equal(seen[..., 0].ravel(), np.arange(256))


def test_fractions_from_0_to_1_become_256_levels() -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    assert np.array_equal(np.unique(np.asarray(open_photo(of_array(ramp, "TIFF")))), np.arange(256))


@pytest.mark.parametrize(
    "ramp",
    [np.arange(256, dtype=np.uint8).reshape(16, 16), RAMP, (RAMP / 65535).astype(np.float32)],
    ids=["8 bits", "16 bits", "fractions"],
)
def test_an_x_ray_that_counts_from_white_to_black_is_not_seen_as_its_negative(
    ramp: np.ndarray,
) -> None:
    seen = np.asarray(open_photo(counted_from_white(of_array(ramp, "TIFF"))))
    assert np.array_equal(seen[..., 0].ravel(), np.arange(255, -1, -1))


def test_a_transparent_colour_of_16_bits_is_refused() -> None:
    clear = with_chunk(of_array(RAMP, "PNG"), b"tRNS", b"\0\0")
    with pytest.raises(PhotoError, match=r"16-bit colours is transparent; save it with 8 bits"):
        open_photo(clear)


@pytest.mark.parametrize(
    ("primaries", "curve"), [(12, 13), (9, 16), (1, 16), (1, 8)],
    ids=["Display P3", "HDR", "BT.709 with HDR's curve", "linear"],
)  # fmt: skip
def test_colours_that_are_told_by_numbers_and_not_srgbs_are_refused(
    primaries: int, curve: int
) -> None:
    told = (
        rf"a: its colours are not sRGB's \(primaries {primaries}, curve {curve}\); save it as sRGB"
    )
    with pytest.raises(PhotoError, match=told):
        open_photo(avif_of(RED, primaries, curve), "a")
    with pytest.raises(PhotoError, match=told):
        open_photo(with_chunk(encoded(RED), b"cICP", bytes([primaries, curve, 0, 1])), "a")


def test_colours_that_are_told_by_srgbs_numbers_are_seen_as_they_are() -> None:
    assert open_photo(avif_of(RED, 1, 13)).size == RED.size
    plain = encoded(RED)
    for chunk, data in (
        (b"cICP", bytes([1, 13, 0, 1])),
        (b"gAMA", struct.pack(">I", 45_455)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
    ):
        assert open_photo(with_chunk(plain, chunk, data)).tobytes() == RED.tobytes()


def test_a_png_with_another_gamma_or_other_primaries_is_refused_unless_it_says_srgb() -> None:
    linear = with_chunk(encoded(RED), b"gAMA", struct.pack(">I", 100_000))
    wide = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    for content in (linear, with_chunk(encoded(RED), b"cHRM", wide)):
        with pytest.raises(PhotoError, match=r"its colours are not sRGB's .*; save it as sRGB"):
            open_photo(content)
    assert open_photo(with_chunk(linear, b"sRGB", b"\0")).tobytes() == RED.tobytes()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.full((8, 8), 4095, dtype=np.uint16), "largest value is 4095"),
        (np.full((8, 8), 70_000, dtype=np.int32), "not from 0 to 65535"),
        (np.full((8, 8), -3, dtype=np.int32), "not from 0 to 65535"),
        (np.full((8, 8), 255, dtype=np.float32), "not from 0 to 1"),
        (np.full((8, 8), np.nan, dtype=np.float32), "not finite"),
    ],
)
def test_values_without_a_stated_brightness_are_refused_with_the_fix(
    values: np.ndarray, reason: str
) -> None:
    with pytest.raises(PhotoError, match=f"x-ray.tif: .*{reason}.*; save it with 8 bits"):
        open_photo(of_array(values, "TIFF"), "x-ray.tif")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_colours_are_converted_to_srgb_from_the_profile_that_a_photo_carries(kind: str) -> None:
    options = {} if kind in ("PNG", "TIFF") else {"quality": 100}
    plain = encoded(RED, kind, **options)
    tagged = encoded(RED, kind, icc_profile=swapped_profile(), **options)
    red, _, blue = np.asarray(open_photo(tagged), dtype=float).mean(axis=(0, 1))
    assert blue > 150 > 60 > red
    assert np.abs(np.asarray(open_photo(plain), dtype=int) - (200, 20, 10)).max() <= 4


def test_a_photo_that_is_srgb_keeps_every_pixel() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    seen = open_photo(encoded(noise, "PNG", icc_profile=srgb_profile()))
    assert seen.tobytes() == noise.tobytes()


def test_a_profile_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(
        PhotoError, match=r"a.png: its colour profile can't be used; save it as sRGB"
    ):
        open_photo(encoded(RED, "PNG", icc_profile=b"no profile at all"), "a.png")


def test_cmyk_without_a_profile_is_converted_as_browsers_do() -> None:
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 51))
    seen = open_photo(encoded(ink, "TIFF"))
    assert seen.getpixel((4, 4)) == (204, 0, 0)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_phones_formats_are_read(kind: str) -> None:
    content = HEIC.read_bytes() if kind == "HEIF" else encoded(Image.new("RGB", (96, 64)), kind)
    assert open_photo(content).size == (96, 64)
    assert measure(content, "a").ending == kind.lower()


def test_a_photo_measures_what_it_does_upright() -> None:
    found = measure(encoded(RED, "JPEG", exif=turned_by(6)), "a.jpg")
    assert (found.width, found.height, found.stored, found.orientation) == (10, 20, (20, 10), 6)


def test_transparent_parts_are_laid_on_the_surround_and_told() -> None:
    half = Image.new("RGBA", (4, 4), (255, 0, 0, 255))
    half.paste((0, 0, 0, 0), (0, 0, 2, 4))
    content = encoded(half)
    seen = open_photo(content, surround="#2a2a28")
    assert [seen.getpixel((0, 0)), seen.getpixel((3, 0))] == [(0x2A, 0x2A, 0x28), (255, 0, 0)]
    assert measure(content, "a").transparency == "partly"
    assert measure(encoded(Image.new("RGBA", (4, 4))), "a").transparency == "wholly"
    assert measure(encoded(Image.new("RGBA", (4, 4), "red")), "a").transparency == "none"


def test_a_palette_with_a_transparent_colour_is_told() -> None:
    paper = Image.new("P", (4, 4), 1)
    paper.putpalette([0, 0, 0, 255, 0, 0])
    paper.putpixel((0, 0), 0)
    content = encoded(paper, transparency=0)
    assert measure(content, "a").transparency == "partly"
    assert open_photo(content, surround="#010203").getpixel((0, 0)) == (1, 2, 3)


def test_a_panorama_is_refused_with_its_size_and_the_limit() -> None:
    out = io.BytesIO()
    Image.new("L", (12_000, 9_000)).save(out, "JPEG")
    with pytest.raises(PhotoError, match=r"pano.jpg: too large: 12000 × 9000 pixels.*50 million"):
        measure(out.getvalue(), "pano.jpg")
    assert MOST_PIXELS == 50_000_000


def test_a_film_is_refused_instead_of_its_first_picture_taken() -> None:
    first, second = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    for kind in ("PNG", "TIFF", "WEBP", "AVIF"):
        content = encoded(first, kind, save_all=True, append_images=[second])
        with pytest.raises(PhotoError, match=r"holds 2 pictures"):
            open_photo(content)


def test_no_refusal_shows_an_object_of_the_program(tmp_path: Path) -> None:
    whole = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")
    for bad in (b"", b"noise" * 40, whole[: len(whole) // 2], b"GIF89a" + whole):
        with pytest.raises(PhotoError) as caught:
            open_photo(bad, "tiger/a.jpg")
        assert re.match(r"tiger/a\.jpg: [a-z][^<>]*; [a-z]+ it", str(caught.value))
