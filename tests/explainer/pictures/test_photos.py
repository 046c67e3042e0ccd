"""Photos are decoded upright and whole, or refused with a sentence."""

from pathlib import Path

import pytest
from PIL import Image

from explainer import ExplainerError, open_photo
from tests.photos.photo_bytes import encoded


def test_a_photo_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = open_photo(encoded(Image.new("RGB", (40, 20), "red"), "JPEG", exif=exif))
    assert photo.size == (20, 40)
    assert photo.info == {}


def test_transparency_is_laid_on_white() -> None:
    clear = encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)))
    assert open_photo(clear).getpixel((0, 0)) == (255, 255, 255)


def test_a_truncated_or_foreign_or_missing_file_is_refused(tmp_path: Path) -> None:
    whole = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")
    for bad in (whole[: len(whole) // 2], b"<html>", b""):
        with pytest.raises(ExplainerError, match=r"not a whole photo|the file is empty"):
            open_photo(bad)
    with pytest.raises(ExplainerError, match=r"No such file.*give a photo file"):
        open_photo(tmp_path / "none.jpg")
