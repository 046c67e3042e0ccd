"""The networks of `fixtures/studies/transformers.toml`: a vision transformer and a ResNet.

`python -m demo.transformers` writes var/demo/transformers: `vit.pth` and `resnet.pth` (state dicts
of timm's `test_vit` and `test_resnet`), `classes.txt`, and `photos`, on which the study asks. A
quarter of the cut-outs of each class is held out: they stand on the study's photos alone.
"""

import math
import random
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from demo.coco import write_set
from demo.cutouts import Cutout, fetch_cutouts
from demo.environment import var
from demo.photos import subjects_of
from demo.scenes import compose
from explainer import Network, Preprocess, load_network
from explainer.errors import ExplainerError
from photos import open_photo
from sandbox.processes import PlainError

# Class names and the drawers that belong to them.
CLASSES: Mapping[str, tuple[str, ...]] = {
    "mammal": ("animals/mammals", "animals/marsupials"),
    "bird": ("animals/birds",),
    "fruit or vegetable": ("food/fruit", "food/vegetables"),
    "vehicle": ("vehicles", "military/vehicles"),
}
PIXELS = 128  # of a side: 8 × 8 patches
STEPS: Mapping[str, int] = {"vit": 1600, "resnet": 500}  # a transformer learns more slowly
RATE = 2e-3
SEED = 20240301
BATCH = 64
MOVED = 10  # pixels that a training photo is moved by, at most
Named = list[Cutout]


def split(cutouts: Sequence[Cutout], seed: int = SEED) -> tuple[list[Named], list[Named]]:
    """The cut-outs of each class to train with, and those that are held out."""
    chance = random.Random(seed)
    training, held_out = [], []
    for name, kinds in CLASSES.items():
        own = [
            replace(cutout, name=name, accepted=(name,))
            for cutout in cutouts
            if cutout.kind in kinds or cutout.kind.split("/")[0] in kinds
        ]
        chance.shuffle(own)
        kept = max(1, len(own) // 4)
        held_out.append(own[:kept])
        training.append(own[kept:])
    return training, held_out


def drawn(classes: Sequence[Named], count: int, seed: str) -> Iterator[Cutout]:
    """Each class as often as any other, ± 1; within a class a cut-out by chance."""
    chance = random.Random(seed)
    for number in range(count):
        yield chance.choice(classes[number % len(classes)])


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
    for number, cutout in enumerate(tqdm(subjects, "Training photos", count, unit="photo")):
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
    bar = tqdm(range(steps), network.name, unit="step")
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


def share_right(network: Network, folder: Path, subjects: Sequence[Cutout]) -> float:
    """How many of the study's photos the network answers rightly, 0 to 1."""
    names, right = list(CLASSES), 0
    for number, cutout in enumerate(subjects, 1):
        path = folder / f"{number:04}.jpg"
        images = network.prepare([open_photo(path.read_bytes(), str(path))])
        right += int(network.predict(images).argmax()) == names.index(cutout.name)
    return right / len(subjects)


def make(
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
    (unfinished / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES), "utf-8")
    taught, held_out = split(subjects_of(originals, None))
    subjects = list(drawn(held_out, asked, f"{SEED}/asked"))
    scenes = (compose(originals, [one], seed_of("asked", n)) for n, one in enumerate(subjects))
    write_set(tqdm(scenes, "The study's photos", asked, unit="photo"), unfinished / "photos")
    photos, answers = None, None
    for name, count in steps.items():
        network = untrained(name)
        if photos is None or answers is None:
            photos, answers = training_photos(originals, taught, network, training)
        torch.manual_seed(SEED)
        train(network, photos, answers, count)
        torch.save(network.module.state_dict(), unfinished / f"{name}.pth")
        share = share_right(network, unfinished / "photos", subjects)
        margin = 1.96 * math.sqrt(share * (1 - share) / len(subjects))
        print(f"{network.name}: {share:.1%} ± {margin:.1%} of the study's photos right")
    unfinished.rename(folder)


def main() -> int:
    """Some minutes on one core."""
    originals = var() / "demo" / "originals"
    try:
        fetch_cutouts(originals)
        make(originals, var() / "demo" / "transformers", training=3000, asked=160, steps=STEPS)
    except (PlainError, ExplainerError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
