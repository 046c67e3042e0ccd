"""Small sets of made photos in VOC's layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 40


@dataclass(frozen=True)
class Thing:
    """An object by its box as VOC writes it: xmin, ymin, xmax, ymax, counted from 1."""

    name: str
    box: tuple[float, float, float, float] = (5, 9, 24, 28)
    difficult: bool = False
    truncated: bool = False


def xml_of(name: str, things: Sequence[Thing], side: int = SIDE) -> str:
    objects = "".join(
        f"<object><name>{one.name}</name><pose>Left</pose><truncated>{one.truncated:d}</truncated>"
        f"<difficult>{one.difficult:d}</difficult><bndbox>"
        + "".join(
            f"<{key}>{value}</{key}>"
            for key, value in zip(("xmin", "ymin", "xmax", "ymax"), one.box, strict=True)
        )
        # A part has a name and a box of its own, which are not the object's
        + "</bndbox><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object>"
        for one in things
    )
    return (
        f"<annotation><folder>VOC2007</folder><filename>{name}</filename><size><width>{side}"
        f"</width><height>{side}</height><depth>3</depth></size>{objects}</annotation>"
    )


def write_voc(folder: Path, photos: dict[str, Sequence[Thing]], splits: Sequence[str] = ()) -> Path:
    """A set of grey photos, each of another grey; each of `splits` is a file of ImageSets/Main."""
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, (stem, things) in enumerate(photos.items()):
        picture = Image.new("RGB", (SIDE, SIDE), (40 + 9 * number, 90, 60))
        picture.save(folder / "JPEGImages" / f"{stem}.jpg")
        (folder / "Annotations" / f"{stem}.xml").write_text(xml_of(f"{stem}.jpg", things))
    for split in splits:
        listed = "".join(f"{stem}\n" for stem in photos)
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text(listed)
    return folder


def write_mask(folder: Path, kind: str, stem: str, numbers: np.ndarray) -> Path:
    """A palette picture of `numbers` (H×W) as SegmentationObject or SegmentationClass has it."""
    (folder / kind).mkdir(exist_ok=True)
    picture = Image.fromarray(numbers.astype(np.uint8), "L").convert("P")
    picture.putdata(numbers.astype(np.uint8).ravel().tolist())
    picture.save(folder / kind / f"{stem}.png")
    return folder / kind / f"{stem}.png"
