"""Photos are decoded upright and whole, or refused with a sentence."""

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image

from explainer import ExplainerError, open_photo


def encoded(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format=format, **options)
    return out.getvalue()


def test_a_photo_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = open_photo(encoded(Image.new("RGB", (40, 20), "red"), "JPEG", exif=exif))
    assert photo.size == (20, 40)
    assert photo.info == {}


def test_transparency_is_laid_on_white() -> None:
    assert open_photo(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)))).getpixel((0, 0)) == (
        255,
        255,
        255,
    )


def test_a_truncated_or_foreign_or_missing_file_is_refused(tmp_path: Path) -> None:
    whole = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")
    for bad in (whole[: len(whole) // 2], b"<html>", b""):
        with pytest.raises(ExplainerError, match=r"not a whole photo|the file is empty"):
            open_photo(bad)
    with pytest.raises(ExplainerError, match=r"No such file.*give a photo file"):
        open_photo(tmp_path / "none.jpg")


def test_a_decompression_bomb_is_refused_before_it_unpacks() -> None:
    header = encoded(Image.new("L", (1, 1)))
    wide = (60000).to_bytes(4, "big") * 2 + header[24:29]
    bomb = header[:16] + wide + zlib.crc32(b"IHDR" + wide).to_bytes(4, "big") + header[33:]
    with pytest.raises(ExplainerError, match=r"million pixels"):
        open_photo(bomb)
