"""A tool without a network: what it says of photos, and what it writes for a study."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ready.another_tool import Decided, Seen, colour_name, colours_of, decide, look, sentence, write
from ready.errors import MakingError
from ready.photos.cutouts import CLASSES

COLOURS = ((200, 30, 30), (30, 160, 40), (240, 220, 40), (40, 60, 220))
EACH = 4


def draw_set(folder: Path) -> Path:
    """Photos of one colour. Those that are asked about are known by it in half of the cases: the
    others have the colour of the class that follows."""
    folder.mkdir(parents=True)
    content: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    for place, kinds in enumerate(CLASSES.values()):
        content["categories"].append({"id": place, "supercategory": kinds[0], "name": "thing"})
        for number in range(EACH):
            image = place * EACH + number
            looks = place + (number % 4 == 0)
            pixels = np.full((64, 64, 3), COLOURS[looks % len(COLOURS)], np.uint8)
            pixels[: 20 + 3 * number] //= 2
            Image.fromarray(pixels).save(folder / f"{image:04}.jpg")
            content["images"].append({"id": image, "file_name": f"{image:04}.jpg"})
            content["annotations"].append({"image_id": image, "category_id": place})
    (folder / "annotations.json").write_text(json.dumps(content), "utf-8")
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def seen(name: str, shows: str, **colours: float) -> Seen:
    shares = np.zeros(72)
    for number, share in colours.items():
        shares[int(number[1:])] = share
    return Seen(Path(f"{name}.jpg"), shows, shares)


def test_the_nearest_photos_decide_by_what_they_have_in_common() -> None:
    known = [
        seen("a", "bird", _0=0.5, _1=0.5),
        seen("b", "vehicle", _0=1),
        seen("c", "bird", _1=0.2, _2=0.8),
        seen("d", "mammal", _5=1),
        seen("e", "mammal", _6=1),
    ]
    found = decide(seen("x", "bird", _0=0.75, _1=0.25), known)
    assert [one.path.stem for one in found.nearest] == ["a", "b", "c", "d"]
    # ¾ + ⅕ for the bird, ¾ for the vehicle, and nothing for the mammal
    assert found.probabilities == {"bird": 0.5588, "vehicle": 0.4412, "mammal": 0}
    assert found.answer == "bird"


def test_the_sentence_says_the_colours_and_the_votes() -> None:
    names = {colour_name(number) for number in range(72)}
    assert {"black", "grey", "white", "brown", "orange", "dark green", "violet"} <= names
    black, grey, orange = (
        next(number for number in range(72) if colour_name(number) == name)
        for name in ("black", "grey", "orange")
    )
    photo = seen("x", "bird", **{f"_{black}": 0.5, f"_{grey}": 0.3, f"_{orange}": 0.2})
    nearest = [seen(name, shows) for name, shows in
               (("a", "bird"), ("b", "bird"), ("c", "vehicle"), ("d", "mammal"))]  # fmt: skip
    assert sentence(Decided(photo, {"bird": 0.6, "vehicle": 0.4}, nearest)) == (
        "The middle of the photo is mostly black (50\xa0%), grey (30\xa0%) and orange (20\xa0%). "
        "Of the four photos that I know with the most similar colours, two show a bird."
    )
    assert sentence(Decided(photo, {"bird": 1}, nearest[:1] * 4)).endswith(
        "colours, all show a bird."
    )


def test_colours_are_those_of_the_middle(tmp_path: Path) -> None:
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[20:60, 20:60] = (255, 255, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (white,) = np.flatnonzero(colours_of(tmp_path / "a.png") > 0.99)
    assert colour_name(int(white)) == "white"


def test_no_photo_that_is_asked_about_is_known(tmp_path: Path) -> None:
    write(draw_set(tmp_path / "trust"), tmp_path / "made")
    asked = {path.name for path in (tmp_path / "made" / "photos").rglob("*.jpg")}
    known = {Path(row["file"]).name for row in table(tmp_path / "made" / "neighbours.csv")}
    assert len(asked) == 2 * EACH
    assert known
    assert not asked & known


def test_photos_of_ones_own_are_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = draw_set(tmp_path / "trust")
    content = json.loads((folder / "annotations.json").read_text("utf-8"))
    for one in content["categories"]:
        one["supercategory"] = "own"
    (folder / "annotations.json").write_text(json.dumps(content), "utf-8")
    assert list(look(folder)) == []
    with pytest.raises(MakingError, match=r"0 photos show one of mammal, .* without PHOTOS="):
        write(folder, tmp_path / "made")
    assert not (tmp_path / "made").exists()
