"""`python -m ready make navigator`: the localisers, the behaviours, and the frames to ask about.

Buildings are named by their use, so that none serves two: `train/…`; `held-out/…` for scores in
the record; `asked/…` for the frames that people see; `tested/…` for `check` alone.
"""

import hashlib
import shutil
from collections.abc import Mapping
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
from ready.navigator.drives import joined, record
from ready.navigator.driving import PATIENCE, by, drive
from ready.navigator.localiser import Localiser
from ready.navigator.networks import BLIND, LOCALISER, STEERING
from ready.navigator.routes import Route, routes
from ready.written import write_record, write_weights

SEED = 20190301


@dataclass(frozen=True)
class Size:
    """Buildings and routes in each to train with; steps of each localiser and of each behaviour
    (as many with the teacher's drives, and then with the robot's own beside them); buildings that
    people are asked about, and how many frames; `patience`: see `drive`."""

    buildings: int = 40
    routes: int = 4
    localiser: int = 550
    behaviours: int = 160
    asked: int = 16
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
    """Both localisers and the behaviours, trained and written."""
    drives = record(driven("train", size.buildings, size.routes), SEED)
    for blind in (True, False):
        torch.manual_seed(SEED)
        localiser = Localiser(blind)
        locating.train(localiser, drives, size.localiser, SEED)
        write_weights(folder / (BLIND if blind else LOCALISER), localiser.state_dict())
    torch.manual_seed(SEED)
    steering = Steering()
    cloning.train(steering, drives, size.behaviours, SEED)
    own = record(drives.routes, SEED + 2, cloning.own_turns(steering, drives.routes))
    cloning.train(steering, joined(drives, own), size.behaviours, SEED + 3)
    write_weights(folder / STEERING, steering.state_dict())
    return localiser, steering


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
