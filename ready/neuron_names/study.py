"""What `fixtures/studies/neuron-names.toml` asks about, made.

`python -m ready make neuron-names` writes var/demo/neuron-names: `photos` that are asked about,
`concepts.json`, what is on each; `units.json`, the names of AlexNet's units, and
`redrawn-units.json`, those of the same units with weights drawn anew; `words.csv` and
`other-words.csv`, the texts about the photos. AlexNet is that of paper-pair, which is made first.
"""

import csv
import json
import random
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from explainer import Network
from explainer.laboratory.dissection import dissect
from explainer.laboratory.segmentations import LabelledPhoto, seen_by
from ready import paper_pair
from ready.folders import originals
from ready.photos.coco import write_set
from ready.photos.cutouts import fetch_cutouts
from ready.photos.scenes import SIDE, Scene, compose
from ready.transformers import drawn

from .checks import PHOTOS, WHAT, answers_of, check, images_of, read_concepts
from .concepts import MATERIALS, as_concepts, masks_of
from .words import LAYER, REDRAWN, UNITS, anew, others, read_units, sentence, told

__all__ = ["check", "make"]

NAMING, ASKED = 240, 144  # photos
SEED = 20241129
# The strongest 2 % of a unit's places name it: what it is named after covers 1 to 26 % of all
QUANTILE = 0.02
ALEXNET = paper_pair.NETWORKS[paper_pair.WEAKER]


def scenes(originals: Path, use: str, count: int) -> Iterator[tuple[Scene, str]]:
    """Each with the name of its background. Things and backgrounds of photos that are asked about
    are neither on those that AlexNet was trained with nor on those that name its units."""
    side = ("naming", "asked").index(use)
    classes = [own for own in paper_pair.sides(originals)[side] if own[0].name in MATERIALS]
    names = paper_pair.backgrounds()[side]
    for number, cutout in enumerate(drawn(classes, count, f"{SEED}/{use}/drawn")):
        name = random.Random(f"{SEED}/{use}/{number}/background").choice(names)
        yield compose(originals, [cutout], f"{SEED}/{use}/{number}", [name]), name


def labelled(originals: Path, folder: Path, count: int) -> list[LabelledPhoto]:
    """Photos that name units, written to `folder`."""
    found = []
    made = tqdm(scenes(originals, "naming", count), "Photos", count, unit="photo", disable=None)
    for number, (scene, background) in enumerate(made):
        path = folder / f"{number:04}.png"
        scene.photo.save(path, compress_level=1)
        found.append(LabelledPhoto(path, SIDE, SIDE, as_concepts(masks_of(scene, background))))
    return found


def write_units(network: Network, originals: Path, folder: Path, count: int) -> None:
    """The names of units, and what they are called where nothing was learnt, by the same photos."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        photos = labelled(originals, Path(place), count)
        for file, one in ((UNITS, network), (REDRAWN, anew(network, 1))):
            found = dissect(one, photos, LAYER, quantile=QUANTILE, progress=True)
            units = [(one.index, one.name, round(one.iou, 4)) for one in found.named.values()]
            told_of = {"weights": one.weights_digest, "units": len(found.overlaps), "named": units}
            (folder / file).write_text(json.dumps(told_of), "utf-8")


def write_asked(network: Network, originals: Path, folder: Path, count: int) -> None:
    """The photos that are asked about, and the share of each that each concept has, as the network
    sees it."""
    shares: dict[str, dict[str, float]] = {}

    def told_of() -> Iterator[Scene]:
        for number, (scene, background) in enumerate(scenes(originals, "asked", count), 1):
            shares[f"{number:04}.jpg"] = {
                name: round(float(seen_by(network.steps, mask).mean()), 4)
                for name, mask in masks_of(scene, background).items()
            }
            yield scene

    write_set(tqdm(told_of(), "Photos", count, unit="photo", disable=None), folder / PHOTOS)
    (folder / WHAT).write_text(json.dumps(shares), "utf-8")


def write_words(network: Network, folder: Path) -> None:
    """Of each photo's answer its own text, and that of a photo of another thing."""
    images, groups = images_of(network, folder)
    answers = answers_of(network, images)
    texts = [sentence(one) for one in told(network, images, answers, read_units(folder))]
    names = [network.labels[place] for place in answers]
    for file, order in (("words.csv", range(len(texts))), ("other-words.csv", others(groups))):
        rows = zip(read_concepts(folder), names, (texts[place] for place in order), strict=True)
        write_table(folder / file, rows)


def write_table(path: Path, rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("photo", "answer", "text"), *rows])


def write(originals: Path, network: Network, folder: Path, *, naming: int, asked: int) -> None:
    """Write `folder` whole or not at all; nothing where it is there. So many photos name units,
    and so many are asked about."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write_units(network, originals, unfinished, naming)
    write_asked(network, originals, unfinished, asked)
    write_words(network, unfinished)
    unfinished.rename(folder)


def make(folder: Path) -> None:
    """A minute, and two for paper-pair, where it isn't there yet."""
    pair = folder.parent / "paper-pair"
    if not pair.exists():
        paper_pair.make(pair)
    fetch_cutouts(originals())
    network = paper_pair.load(pair, paper_pair.WEAKER, ALEXNET)
    write(originals(), network, folder, naming=NAMING, asked=ASKED)
