"""Another tool: it tells what a photo shows by colours alone, without a network, and says why.

`python -m ready make another-tool` writes var/demo/another-tool, which is all that
`fixtures/studies/another-tool.toml` names: `photos`, a sub-folder for each class;
`predictions.csv`; `words.csv`, a sentence about each photo; `neighbours.csv` and the pictures that
it names, the photos that decided; `films.csv` and films in which each photo dissolves into its
colours. Half of the demo's photos are what the tool knows, the other half is asked about.
"""

import csv
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image

from ready.errors import MakingError
from ready.folders import originals
from ready.photos.cutouts import CLASSES, class_of
from ready.photos.sets import make_photos

# Of a photo, the middle half of each side, as so many pixels; of hue, saturation and brightness, so
# many steps.
SIDE = 48
STEPS = (8, 3, 3)
HUES = ("orange", "yellow", "green", "green", "blue", "blue", "violet", "red")
GREYS = ("black", "grey", "white")
DECIDE = 4  # photos
PICTURE = 320  # pixels of a neighbour's side
FRAMES = 20  # of a film of two seconds
NUMBERS = ("none", "one", "two", "three", "four")
THINGS = {
    "mammal": "a mammal",
    "bird": "a bird",
    "fruit or vegetable": "fruit or vegetables",
    "vehicle": "a vehicle",
}
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """A photo. `colours`: the share of its middle that each colour has, by the colour's number."""

    path: Path
    shows: str
    colours: Shares

    @property
    def name(self) -> str:
        """Its path in the study's folder of photos."""
        return f"{self.shows}/{self.path.name}"


@dataclass(frozen=True)
class Decided:
    """What was said of a photo: each answer's probability, and the photos nearest to it."""

    photo: Seen
    probabilities: dict[str, float]
    nearest: Sequence[Seen]

    @property
    def answer(self) -> str:
        return max(self.probabilities, key=self.probabilities.__getitem__)


def look(folder: Path) -> Iterator[Seen]:
    """The photos of a set that `ready.photos.coco` wrote, where they show one of the classes."""
    content = json.loads((folder / "annotations.json").read_text("utf-8"))
    classes = {
        one["id"]: class_of(one["supercategory"], one["name"]) for one in content["categories"]
    }
    shown = {one["image_id"]: classes[one["category_id"]] for one in content["annotations"]}
    for row in content["images"]:
        name = shown[row["id"]]
        if name is not None:
            path = folder / row["file_name"]
            yield Seen(path, name, colours_of(path))


def colours_of(path: Path) -> Shares:
    """The share of each colour in the middle of a photo; they add up to 1."""
    with Image.open(path) as file:
        numbers = numbered(middle_of(file.convert("RGB")))
    shares: Shares = np.bincount(numbers.ravel(), minlength=int(np.prod(STEPS))) / numbers.size
    return shares


def middle_of(photo: Image.Image) -> Image.Image:
    width, height = photo.size
    box = (width // 4, height // 4, width - width // 4, height - height // 4)
    return photo.crop(box).resize((SIDE, SIDE))


def numbered(middle: Image.Image) -> NDArray[np.int_]:
    """The number of the colour of each pixel, SIDE×SIDE."""
    hue, saturation, value = (
        np.asarray(channel).astype(int) * steps // 256
        for channel, steps in zip(middle.convert("HSV").split(), STEPS, strict=True)
    )
    numbers: NDArray[np.int_] = (hue * STEPS[1] + saturation) * STEPS[2] + value
    return numbers


def colour_name(number: int) -> str:
    hue, rest = divmod(number, STEPS[1] * STEPS[2])
    saturation, value = divmod(rest, STEPS[2])
    if saturation == 0:
        return GREYS[value]
    if hue == 0 and value < STEPS[2] - 1:
        return "brown"
    return f"dark {HUES[hue]}" if value == 0 else HUES[hue]


def parted(seen: Iterable[Seen]) -> tuple[list[Seen], list[Seen]]:
    """The photos that are asked about, and those that the tool knows: of each class every other."""
    of_class: dict[str, list[Seen]] = {name: [] for name in CLASSES}
    for one in seen:
        of_class[one.shows].append(one)
    asked = [one for some in of_class.values() for one in some[::2]]
    return asked, [one for some in of_class.values() for one in some[1::2]]


def decide(photo: Seen, known: Sequence[Seen]) -> Decided:
    """By the vote of the nearest photos, each with the share of the colours that it has in common
    with `photo` (Swain and Ballard 1991, histogram intersection)."""
    common = [float(np.minimum(photo.colours, one.colours).sum()) for one in known]
    order = sorted(range(len(known)), key=lambda place: (-common[place], place))[:DECIDE]
    votes = dict.fromkeys((known[place].shows for place in order), 0.0)
    for place in order:
        votes[known[place].shows] += common[place]
    total = sum(votes.values())
    shares = {name: round(vote / total, 4) for name, vote in votes.items()}
    return Decided(photo, shares, [known[place] for place in order])


def sentence(decided: Decided) -> str:
    """Why, in words."""
    shares: dict[str, float] = {}
    for number, share in enumerate(decided.photo.colours):
        name = colour_name(number)
        shares[name] = shares.get(name, 0.0) + float(share)
    largest = sorted(shares.items(), key=lambda one: -one[1])[:3]
    seen = listed([f"{name} ({100 * share:.0f}\N{NO-BREAK SPACE}%)" for name, share in largest])
    votes = sum(one.shows == decided.answer for one in decided.nearest)
    count = "all" if votes == DECIDE else NUMBERS[votes]
    return (
        f"The middle of the photo is mostly {seen}. Of the {NUMBERS[DECIDE]} photos that I know "
        f"with the most similar colours, {count} {'shows' if votes == 1 else 'show'} "
        f"{THINGS[decided.answer]}."
    )


def listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def write_neighbours(decided: Decided, folder: Path) -> Iterator[tuple[str, str, str]]:
    """The rows of one photo; the pictures that they name lie in `folder`/neighbours."""
    for one in decided.nearest:
        name = f"neighbours/{one.path.name}"
        if not (folder / name).exists():
            with Image.open(one.path) as file:
                file.convert("RGB").resize((PICTURE, PICTURE)).save(folder / name, quality=88)
        yield decided.photo.name, decided.answer, name


def write_film(decided: Decided, folder: Path) -> tuple[str, str, str]:
    """The row of one photo; the film that it names lies in `folder`/films: two seconds in which the
    photo dissolves into the pixels of its middle, put in order by colour."""
    one = decided.photo
    name = f"films/{one.path.stem}.mp4"
    with Image.open(one.path) as file:
        photo = file.convert("RGB").resize((PICTURE, PICTURE))
    middle = middle_of(photo)
    order = np.argsort(numbered(middle).ravel(), kind="stable")
    colours = np.asarray(middle).reshape(-1, 3)[order].reshape(SIDE, SIDE, 3)
    last = Image.fromarray(colours).resize((PICTURE, PICTURE), Image.Resampling.NEAREST)
    with av.open(str(folder / name), "w", format="mp4") as film:
        stream: Any = film.add_stream("libx264", rate=FRAMES // 2)
        stream.width = stream.height = PICTURE
        stream.pix_fmt = "yuv420p"
        for place in range(FRAMES):
            share = min(1.0, max(0.0, 1.5 * place / FRAMES - 0.25))
            frame = np.asarray(Image.blend(photo, last, share))
            film.mux(stream.encode(VideoFrame.from_ndarray(frame)))
        film.mux(stream.encode())
    return one.name, decided.answer, name


def write_tables(decisions: Sequence[Decided], folder: Path) -> None:
    """What was said, and three kinds of explanations of it."""
    said = ((one.photo.name, *row) for one in decisions for row in one.probabilities.items())
    words = ((one.photo.name, one.answer, sentence(one)) for one in decisions)
    neighbours = (row for one in decisions for row in write_neighbours(one, folder))
    films = (write_film(one, folder) for one in decisions)
    write_table(folder / "predictions.csv", ("photo", "answer", "probability"), said)
    write_table(folder / "words.csv", ("photo", "answer", "text"), words)
    write_table(folder / "neighbours.csv", ("photo", "answer", "file"), neighbours)
    write_table(folder / "films.csv", ("photo", "answer", "file"), films)


def write(photos: Path, folder: Path) -> None:
    """Write `folder` whole or not at all, of the set `photos`; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in ("neighbours", "films"):
        (unfinished / name).mkdir(parents=True)
    asked, known = parted(look(photos))
    if len(known) < DECIDE:
        raise MakingError(
            f"{photos}: {len(asked) + len(known)} photos show one of {', '.join(CLASSES)}; the "
            "study needs the demo's own photos, so run `make demo-reset` and `make demo` "
            "without PHOTOS="
        )
    decisions = [decide(one, known) for one in asked]
    for one in asked:
        target = unfinished / "photos" / one.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one.path, target)
    write_tables(decisions, unfinished)
    unfinished.rename(folder)
    right = sum(one.answer == one.photo.shows for one in decisions)
    print(f"The tool is right about {right} of {len(decisions)} photos")


def make(folder: Path) -> None:
    """Some seconds; a minute where the demo's photos have to be made."""
    photos = folder.parent / "photos"
    make_photos(originals(), photos)
    write(photos / "trust", folder)
