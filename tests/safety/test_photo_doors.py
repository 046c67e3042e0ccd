"""What is no plain photo, or leads out of its folder, is refused where photos come in."""

import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image as Picture

from sandbox.small_line import BUILDER, LAYERS, STUDY
from studyapp.studies.loading import load_study
from studyapp.studies.photos.readers import ReaderError

pytestmark = pytest.mark.django_db


def study_of(folder: Path) -> Path:
    """A study file whose photos are whatever lies in its folder."""
    (folder / "photos" / "cat").mkdir(parents=True)
    (folder / "labels.txt").write_text("cat\ndog\n", encoding="utf-8")
    (folder / "text.md").write_text("Plain words.", encoding="utf-8")
    text = STUDY.format(
        slug="photos",
        stimuli=4,
        builder=BUILDER,
        weights="random",
        layers=LAYERS[BUILDER],
        side=224,
    )
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "photos" / "cat"


def large() -> bytes:
    """A PNG of a few kilobytes that unpacks to 56 million pixels, which Pillow alone would take."""
    out = io.BytesIO()
    Picture.new("1", (8000, 7000)).save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it unpacks to 900 million pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


REFUSED = {
    "a decompression bomb": bomb(),
    "too many pixels": large(),
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a polyglot that begins as a GIF": b"GIF89a/*<script>*/=alert(1);",
    "half a photo": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n",
}


BOMBS = ("a decompression bomb", "too many pixels")


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_photo_import_refuses_what_is_no_plain_photo(what: str, tmp_path: Path) -> None:
    (study_of(tmp_path) / "photo.png").write_bytes(REFUSED[what])
    why = "too large: .*million pixels" if what in BOMBS else ""
    with pytest.raises(ReaderError, match=rf"photo\.png: {why}"):
        load_study(tmp_path / "study.toml")


def test_photo_import_names_files_on_disk_by_digest_only(tmp_path: Path) -> None:
    odd = "a..%2f..; rm -rf ~ `x` ' \" .png"
    picture = Picture.effect_noise((96, 96), 60).convert("RGB")
    picture.save(study_of(tmp_path) / odd, format="PNG")
    study = load_study(tmp_path / "study.toml")
    stored = study.images.get().image
    assert re.fullmatch(rf"photos/{stored.sha256[:2]}/{stored.sha256}\.png", stored.file)


@pytest.mark.parametrize("name", ["../outside.png", "/etc/passwd", "a/../../outside.png"])
def test_photo_names_in_annotations_cant_lead_out_of_the_folder(name: str, tmp_path: Path) -> None:
    folder = study_of(tmp_path).parent
    (tmp_path / "outside.png").write_bytes(b"")
    rows = (
        f'{{"images": [{{"id": 1, "file_name": "{name}"}}], "annotations": [], "categories": []}}'
    )
    (folder / "annotations.json").write_text(rows, encoding="utf-8")
    text = (
        (tmp_path / "study.toml").read_text("utf-8").replace('"folder", folder', '"coco", folder')
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ReaderError, match="lies outside the folder"):
        load_study(tmp_path / "study.toml")
