"""`python -m ready make captions` writes var/demo/captions, which the study file names.

`stronger.safetensors` and `weaker.safetensors`: two captioners on one frozen trunk, of which the
weaker one was trained for fewer steps. `known` and `held-out`: photos in COCO's format that neither
was trained on, of things that they were trained on, and of things that they were not;
`captions.json` in each: their captions, and what each network said. `cases.csv`: a case for each of
four words of the caption of each held-out photo.
"""

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Image
from tqdm import tqdm

from explainer import Network, open_photo
from ready.captions.network import network_of
from ready.captions.pictured import SEED, TRAINING, Pictured, drawn, mirrored, pictured, split
from ready.captions.sets import CAPTIONS, STRONGER, WEAKER
from ready.captions.things import files
from ready.captions.training import said_of, seen, train
from ready.captions.words import places_of, sentence
from ready.folders import originals
from ready.photos.coco import ANNOTATIONS, write_set
from ready.photos.cutouts import fetch_cutouts
from ready.written import write_record, write_weights

SETS = ("known", "held-out")
COLUMNS = ("photo", "context", "answer", "shown", "others")


@dataclass(frozen=True)
class Plan:
    """How many photos of each set, and for how many steps of training."""

    training: int = 480
    known: int = 62
    held_out: int = 93
    stronger: int = 300
    weaker: int = 60


def photos_of(folder: Path, use: str, count: int) -> Iterator[Pictured]:
    for one in drawn(split()[use == "held-out"], count, use):
        yield pictured(folder, one)


def untrained() -> Network:
    """The same at every call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return network_of("package")


def taught(folder: Path, plan: Plan) -> dict[str, Network]:
    """Both networks, trained on photos that are made for that and not kept."""
    network, captions = untrained(), list[list[str]]()

    def shown() -> Iterator[Image]:
        made = photos_of(folder, TRAINING, plan.training)
        for one in tqdm(made, "Training photos", plan.training, unit="photo", disable=None):
            captions.append(one.words)
            yield one.scene.photo

    maps = seen(network, shown(), plan.training)
    # The map of a mirrored photo is nearly the mirrored map
    maps, networks = torch.cat([maps, maps.flip(3)]), {}
    captions += [mirrored(words) for words in captions]
    for name, steps in ((WEAKER, plan.weaker), (STRONGER, plan.stronger)):
        networks[name] = deepcopy(network)
        torch.manual_seed(SEED)
        train(networks[name], maps, captions, steps)
    return networks


def write_photos(
    made: Sequence[Pictured], folder: Path, networks: dict[str, Network]
) -> dict[str, list[list[str]]]:
    """A set with its captions; what each network says of each of its photos, as they are kept."""
    write_set((one.scene for one in made), folder)
    group_photos(made, folder / ANNOTATIONS)
    kept = (open_photo(path.read_bytes()) for path in sorted(folder.glob("*.jpg")))
    maps = seen(networks[STRONGER], kept, len(made))
    said = {name: said_of(network, maps) for name, network in networks.items()}
    rows = [
        {
            "photo": f"{number + 1:04}.jpg",
            "caption": one.words,
            "group": one.group,
            "background": one.background,
            **{name: words[number] for name, words in said.items()},
        }
        for number, one in enumerate(made)
    ]
    (folder / CAPTIONS).write_text(json.dumps(rows, indent=1), "utf-8")
    return said


def group_photos(made: Sequence[Pictured], path: Path) -> None:
    """Say which photos are alike: the set knows those of the same two things, and one thing may
    stand beside several."""
    content = json.loads(path.read_text("utf-8"))
    for row, one in zip(content["images"], made, strict=True):
        row["group"] = one.group
    path.write_text(json.dumps(content), "utf-8")


def write_cases(made: Sequence[Pictured], path: Path) -> None:
    """What people can be asked about these photos."""
    rows = [
        (f"{number:04}.jpg", *row) for number, one in enumerate(made, 1) for row in cases(one.words)
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def cases(words: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """The words so far, the next one, the caption with that one marked, and the other three."""
    places = places_of(words).values()
    for place in places:
        others = "|".join(words[other] for other in places if other != place)
        yield " ".join(words[:place]), words[place], sentence(words, place), others


def write(originals: Path, folder: Path, plan: Plan) -> None:
    """Write `folder` whole or not at all; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to train anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    networks = taught(originals, plan)
    digests = {
        name: write_weights(unfinished / f"{name}.safetensors", one.module.state_dict())
        for name, one in networks.items()
    }
    record: dict[str, Any] = {"seed": SEED, **asdict(plan), "weights": digests}
    for use, count in zip(SETS, (plan.known, plan.held_out), strict=True):
        bar = tqdm(photos_of(originals, use, count), use, count, unit="photo", disable=None)
        made = list(bar)
        said = write_photos(made, unfinished / use, networks)
        for name, words in said.items():
            share = sum(one.words == own for one, own in zip(made, words, strict=True)) / count
            record[f"{name}, {use}"] = share
            print(f"The {name} captioner, {use} photos: {share:.1%} of captions without a mistake")
    write_cases(made, unfinished / "cases.csv")
    write_record(unfinished, record)
    unfinished.rename(folder)


def make(folder: Path) -> None:
    """Some minutes of one core, nearly all of them for composing photos."""
    fetch_cutouts(originals(), files())
    torch.set_num_threads(1)
    write(originals(), folder, Plan())
