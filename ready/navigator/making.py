"""`python -m ready make navigator`: the localisers, the behaviours, and the frames to ask about.

Buildings are named by their use, so that none serves two: `train/…`; `held-out/…` for scores in
the record; `asked/…` for the frames that people see; `tested/…` for `check` alone.
"""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ready.measures import Measured, table
from ready.navigator import cloning, locating
from ready.navigator.asking import chosen, frames, write_frames
from ready.navigator.behaviours import Steering
from ready.navigator.buildings import build
from ready.navigator.checking import located, measured, steered
from ready.navigator.drives import Drives, joined, record
from ready.navigator.driving import PATIENCE, by, drive, met
from ready.navigator.localiser import Localiser
from ready.navigator.networks import BLIND, LOCALISER, STEERING
from ready.navigator.routes import Route, routes
from ready.written import write_record, write_weights

SEED = 20190301


@dataclass(frozen=True)
class Size:
    """Buildings and routes in each to train with; steps of each localiser, and of each behaviour in
    each of its three rounds; buildings that people are asked about, and how many frames;
    `patience`: see `drive`."""

    buildings: int = 100
    routes: int = 2
    localiser: int = 1500
    behaviours: int = 200
    asked: int = 32
    frames: int = 120
    patience: float = PATIENCE


def driven(use: str, buildings: int, count: int) -> list[Route]:
    return [one for n in range(buildings) for one in routes(build(f"{use}/{n}"), count)]


def write(folder: Path, size: Size) -> None:
    """Write `folder` whole or not at all; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to train anew")
        return
    torch.set_num_threads(1)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    localiser, steering = train(unfinished, size)
    asked = driven("asked", size.asked, 2)
    journeys = drive(asked, by(localiser), steering, "The study's frames", size.patience)
    found = list(frames(asked, journeys, steering))
    write_frames(chosen(found, size.frames, SEED), unfinished / "photos")
    held_out = record(driven("held-out", max(2, size.asked // 3), 2), SEED + 1)
    some = np.random.default_rng(SEED).integers(len(held_out.edges), size=400)
    told = [*located(localiser, {}, held_out, some), *steered(steering, held_out)]
    print(table(told))
    write_record(unfinished, record_of(unfinished, size, told))
    unfinished.rename(folder)


def train(folder: Path, size: Size) -> tuple[Localiser, Steering]:
    """Both localisers and the behaviours, trained and written: with drives of the teacher and with
    those that the robot steered, and then also with those on which it had to find itself."""
    those = driven("train", size.buildings, size.routes)
    steering, drives = steered_itself(those, size)
    localisers = {False: fresh(blind=False), True: fresh(blind=True)}
    for one in localisers.values():
        locating.train(one, drives, size.localiser, SEED)
    alone = those[:: size.routes]
    journeys = drive(alone, by(localisers[False]), steering, "By itself", size.patience)
    drives = joined(drives, met(alone, journeys))
    cloning.train(steering, drives, size.behaviours, SEED + 4)
    for blind, one in localisers.items():
        locating.train(one, drives, size.localiser // 3, SEED + 5)
        write_weights(folder / (BLIND if blind else LOCALISER), one.state_dict())
    write_weights(folder / STEERING, steering.state_dict())
    return localisers[False], steering


def fresh(blind: bool) -> Localiser:
    torch.manual_seed(SEED)
    return Localiser(blind)


def steered_itself(those: Sequence[Route], size: Size) -> tuple[Steering, Drives]:
    """Behaviours that were cloned from the teacher, and again from what it says of their own
    drives; with the drives of both."""
    torch.manual_seed(SEED)
    steering, drives = Steering(), record(those, SEED)
    cloning.train(steering, drives, size.behaviours, SEED)
    own = record(those, SEED + 2, cloning.own_turns(steering, those))
    drives = joined(drives, own)
    cloning.train(steering, drives, size.behaviours, SEED + 3)
    return steering, drives


def record_of(folder: Path, size: Size, told: list[Measured]) -> dict[str, Any]:
    digests: Mapping[str, str] = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.safetensors"))
    }
    scores = {one.what: asdict(one.score) for one in told}
    return {"seed": SEED, "size": asdict(size), "digests": digests, "held_out": scores}


def make(folder: Path) -> None:
    """Some minutes of one core."""
    write(folder, Size())


def check(folder: Path) -> list[Measured]:
    torch.set_num_threads(1)
    return measured(folder, driven("tested", 40, 2), SEED + 1)
