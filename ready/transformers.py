"""The networks of `fixtures/studies/transformers.toml`: a vision transformer and a ResNet.

`python -m ready make transformers` writes var/demo/transformers: `vit.pth` and `resnet.pth` (state
dicts of timm's `test_vit` and `test_resnet`), `classes.txt`, and `photos`, on which the study asks.
A quarter of the cut-outs of each class is held out: they stand on the study's photos alone.
"""

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from explainer import Network, Preprocess, load_network
from ready.folders import originals
from ready.measures import Measured, difference, exactly, share, table
from ready.outlines import answers, read_outlined
from ready.photos.coco import write_set
from ready.photos.cutouts import CLASSES, Cutout, class_of, fetch_cutouts
from ready.photos.scenes import compose
from ready.photos.sets import subjects_of

PIXELS = 128  # of a side: 8 × 8 patches
STEPS: Mapping[str, int] = {"vit": 1600, "resnet": 500}  # a transformer learns more slowly
RATE = 2e-3
SEED = 20241201
HELD_OUT = 1 / 4  # of each class's cut-outs
BATCH = 64
MOVED = 10  # pixels that a training photo is moved by, at most
PHOTOS, LABELS = "photos", "classes.txt"
Named = list[Cutout]


def split(
    cutouts: Sequence[Cutout],
    seed: int = SEED,
    held_out: float = HELD_OUT,
    classes: Mapping[str, tuple[str, ...]] = CLASSES,
) -> tuple[list[Named], list[Named]]:
    """The cut-outs of each class to train with, and the share of them that is held out."""
    chance = random.Random(seed)
    training, kept = [], []
    for name in classes:
        own = [
            replace(cutout, name=name, accepted=(name,))
            for cutout in cutouts
            if class_of(cutout.kind, cutout.name, classes) == name
        ]
        chance.shuffle(own)
        count = max(1, int(held_out * len(own)))
        kept.append(own[:count])
        training.append(own[count:])
    return training, kept


def drawn(classes: Sequence[Named], count: int, seed: str) -> Iterator[Cutout]:
    """Each class as often as any other, ± 1, and within a class each cut-out, in an order by
    chance: the more of them there are, the more is known of photos of others."""
    chance = random.Random(seed)
    waiting: list[Named] = [[] for _ in classes]
    for number in range(count):
        place = number % len(classes)
        waiting[place] = waiting[place] or chance.sample(classes[place], len(classes[place]))
        yield waiting[place].pop()


def seed_of(use: str, number: int) -> str:
    """A scene's own seed. Which cut-out it shows is drawn by another one: otherwise backgrounds
    would tell classes."""
    return f"{SEED}/{use}/{number}"


def untrained(name: str) -> Network:
    return load_network(
        f"timm:test_{name}", weights="random", seed=SEED, labels=list(CLASSES), size=PIXELS
    )


def training_photos(
    originals: Path, classes: Sequence[Named], network: Network, count: int
) -> tuple[Tensor, Tensor]:
    """count×3×size×size of uint8, cropped as `network` crops them, and count class indices."""
    names = list(CLASSES)
    size = network.steps.size
    photos = torch.empty((count, 3, size, size), dtype=torch.uint8)
    answers = torch.empty(count, dtype=torch.long)
    subjects = drawn(classes, count, f"{SEED}/training")
    bar = tqdm(subjects, "Training photos", count, unit="photo", disable=None)
    for number, cutout in enumerate(bar):
        scene = compose(originals, [cutout], seed_of("training", number))
        photos[number] = pixels(network.steps.crop(scene.photo))
        answers[number] = names.index(cutout.name)
    return photos, answers


def pixels(crop: Image.Image) -> Tensor:
    """3×size×size of uint8."""
    flat = torch.frombuffer(bytearray(crop.tobytes()), dtype=torch.uint8)
    return flat.view(crop.height, crop.width, 3).permute(2, 0, 1)


def train(network: Network, photos: Tensor, answers: Tensor, steps: int) -> None:
    """Train the network's module in place; it is in evaluation mode afterwards."""
    module, chance = network.module.train(), torch.Generator().manual_seed(SEED)
    optimiser = torch.optim.AdamW(module.parameters(), lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    bar = tqdm(range(steps), network.name, unit="step", disable=None)
    for _ in bar:
        taken = torch.randint(len(photos), (BATCH,), generator=chance)
        images = normalised(network, varied(photos[taken], chance))
        loss = loss_of(module(images), answers[taken])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.2f}")
    module.eval()


def varied(photos: Tensor, chance: torch.Generator) -> Tensor:
    """The photos, 0 to 1, some mirrored, moved and tinted: the colour alone tells no class."""
    mirrored = torch.rand((len(photos), 1, 1, 1), generator=chance) < 0.5
    images = torch.where(mirrored, photos.flip(3), photos) / 255
    down, right = torch.randint(-MOVED, MOVED + 1, (2,), generator=chance).tolist()
    tint = 0.9 + 0.2 * torch.rand((len(photos), 3, 1, 1), generator=chance)
    return images.roll((down, right), (2, 3)) * tint


def normalised(network: Network, images: Tensor) -> Tensor:
    """N×3×size×size of 0 to 1 as the network's preprocessing hands them to it."""
    steps = network.steps
    assert isinstance(steps, Preprocess)
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (steps.mean, steps.std))
    return (images - mean) / deviation


def load(folder: Path, name: str) -> Network:
    labels = (folder / LABELS).read_text("utf-8").splitlines()
    weights = folder / f"{name}.pth"
    return load_network(f"timm:test_{name}", weights=weights, labels=labels, size=PIXELS)


def check(folder: Path, names: Sequence[str] = tuple(STEPS)) -> list[Measured]:
    """How often each network is right on the study's photos; and by how much more often the first
    one than the second, photo by photo, of which nothing is asked: the study calls neither the
    stronger one."""
    right: dict[str, list[bool]] = {}
    for name in names:
        network = load(folder, name)
        photos = read_outlined(folder / PHOTOS, network)
        said = [network.labels[place] for place in answers(network, photos.images)]
        right[name] = [one == shown for one, shown in zip(said, photos.names, strict=True)]
    chance = {"any class by chance": exactly(1 / len(CLASSES))}
    rows = [
        Measured(f"{name} is right", share(found, photos.groups), chance)
        for name, found in right.items()
    ]
    differences = [
        Measured(
            f"{one} minus {other}: right",
            difference(right[one], right[other], photos.groups),
        )
        for one, other in pairwise(right)
    ]
    return rows + differences


def write(
    originals: Path, folder: Path, *, training: int, asked: int, steps: Mapping[str, int]
) -> None:
    """Write `folder` whole or not at all; nothing where it is there.

    `training` photos to train on, for so many `steps` each network, and photos that are `asked`
    about.
    """
    if folder.exists():
        print(f"{folder} is there already; remove it to train anew")
        return
    torch.set_num_threads(1)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    (unfinished / LABELS).write_text("".join(f"{name}\n" for name in CLASSES), "utf-8")
    taught, held_out = split(subjects_of(originals, None))
    subjects = list(drawn(held_out, asked, f"{SEED}/asked"))
    scenes = (compose(originals, [one], seed_of("asked", n)) for n, one in enumerate(subjects))
    bar = tqdm(scenes, "The study's photos", asked, unit="photo", disable=None)
    write_set(bar, unfinished / PHOTOS)
    photos, answers = None, None
    for name, count in steps.items():
        network = untrained(name)
        if photos is None or answers is None:
            photos, answers = training_photos(originals, taught, network, training)
        torch.manual_seed(SEED)
        train(network, photos, answers, count)
        torch.save(network.module.state_dict(), unfinished / f"{name}.pth")
    print(table(check(unfinished, list(steps))))
    unfinished.rename(folder)


def make(folder: Path) -> None:
    fetch_cutouts(originals())
    write(originals(), folder, training=3000, asked=240, steps=STEPS)
