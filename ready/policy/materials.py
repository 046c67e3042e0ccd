"""What a study about the policy asks about: its weights, and frames of mazes new to it."""

import csv
import json
import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from explainer import load_weights
from ready.written import RECORD, write_record, write_weights

from .frames import cells_of, picture, without_robot
from .mazes import ACTIONS, Maze, State, parted, ways
from .network import Policy
from .runs import Run, play, starting
from .training import BATCH, RATE, SEED, Lessons, chosen, lessons, train

WRONG = 0.6  # how often a run's frame is one of its wrong actions, if it has any
SOURCES = ("early", "early", "late", "shortest way")  # whose run a frame is of, in turns


@dataclass(frozen=True)
class Sizes:
    """`taught`: mazes to train in, at most; `held_out`: rooms, in none of which it trains. `apart`,
    `along`: see `lessons`. `early`, `steps`: of the two policies' training."""

    taught: int
    held_out: int
    apart: int
    along: int
    early: int
    steps: int


FULL = Sizes(taught=1000, held_out=40, apart=60, along=3, early=130, steps=600)


@dataclass(frozen=True)
class Frame:
    """A state of a maze, the actions that are right in it, and whose run it is of."""

    maze: Maze
    state: State
    right: tuple[int, ...]
    source: str

    @property
    def folder(self) -> str:
        return " or ".join(ACTIONS[action] for action in self.right)

    @property
    def photo(self) -> str:
        return f"{self.folder}/{self.maze.name}.png"


def rooms(sizes: Sizes) -> tuple[list[Maze], list[Maze]]:
    """The mazes to train in, and those that are held out."""
    taught, held_out = parted(SEED, sizes.held_out)
    return taught[: sizes.taught], held_out


def write(folder: Path, sizes: Sizes) -> None:
    """Write `folder` whole or not at all; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    torch.set_num_threads(1)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    taught, held_out = rooms(sizes)
    modules = write_networks(unfinished, lessons(taught, sizes.apart, sizes.along), sizes)
    frames = list(frames_of(held_out, modules))
    write_frames(unfinished, frames)
    write_record(unfinished, record_of(unfinished, sizes))
    unfinished.rename(folder)


def write_networks(folder: Path, taught: Lessons, sizes: Sizes) -> dict[str, Policy]:
    """Three files of weights; the two policies by their names."""
    keep = {sizes.early: "early", sizes.steps: "late"}
    kept = train(taught, sizes.steps, keep, "The policy")
    empty = Lessons(without_robot(taught.grids), taught.best)
    kept |= train(empty, sizes.steps, {sizes.steps: "map_only"}, "A control without the robot")
    for name, state in kept.items():
        write_weights(folder / f"{name}.safetensors", state)
    return {name: loaded(folder, name) for name in ("early", "late")}


def loaded(folder: Path, name: str) -> Policy:
    module = Policy()
    load_weights(module, folder / f"{name}.safetensors")
    return module.eval()


def frames_of(held_out: Sequence[Maze], modules: dict[str, Policy]) -> Iterator[Frame]:
    """A frame of each maze, no two of them alike."""
    known: set[bytes] = set()
    for source in dict.fromkeys(SOURCES):
        some = [maze for n, maze in enumerate(held_out) if SOURCES[n % len(SOURCES)] == source]
        own = partial(chosen, modules[source]) if source in modules else None
        runs = play(own, some) if own else map(shortest, some)
        for run in tqdm(runs, f"Frames: {source}", len(some), unit="maze", disable=None):
            if frame := frame_of(run, source, known):
                yield frame


def shortest(maze: Maze) -> Run:
    return Run(maze, ways(maze).way(starting(maze), f"{SEED}/{maze.name}"), arrived=True)


def frame_of(run: Run, source: str, known: set[bytes]) -> Frame | None:
    """One that does not look like a known one, which it then is; None where all do."""
    found, chance = ways(run.maze), random.Random(f"{SEED}/frame/{run.maze.name}")
    looks = {(state, act): cells_of(run.maze, state).tobytes() for state, act in run.taken}
    new = [one for one, look in looks.items() if look not in known]
    wrong = [(state, action) for state, action in new if action not in found.best(state)]
    if not new:
        return None
    taken = chance.choice(wrong if wrong and chance.random() < WRONG else new)
    known.add(looks[taken])
    return Frame(run.maze, taken[0], found.best(taken[0]), source)


def write_frames(folder: Path, frames: Sequence[Frame]) -> None:
    for frame in frames:
        path = folder / "photos" / frame.photo
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(cells_of(frame.maze, frame.state)).save(path)
    names = {one.folder: "|".join(ACTIONS[action] for action in one.right) for one in frames}
    write_table(folder / "names.csv", ("name", "classes"), sorted(names.items()))
    rows = ((one.photo, one.source, json.dumps([asdict(one.maze), one.state])) for one in frames)
    write_table(folder / "frames.csv", ("photo", "run", "state"), rows)


def read_frames(folder: Path) -> Iterator[Frame]:
    """The frames that `write_frames` wrote."""
    with (folder / "frames.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            doors, (cell, *rest) = json.loads(row["state"])
            maze = Maze(**{name: tuple(place) for name, place in doors.items()})
            state = State(tuple(cell), *rest)
            yield Frame(maze, state, ways(maze).best(state), row["run"])


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def record_of(folder: Path, sizes: Sizes) -> dict[str, Any]:
    """What it was made with, and the digests of what came out."""
    packages = {name: version(name) for name in ("minigrid", "torch", "numpy", "pillow")}
    digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.*")}
    settings = {**asdict(sizes), "seed": SEED, "batch": BATCH, "rate": RATE}
    return {"settings": settings, "packages": packages, "sha256": digests}


def sizes_in(folder: Path) -> Sizes:
    """What a folder was made with."""
    settings = json.loads((folder / RECORD).read_text("utf-8"))["settings"]
    return Sizes(**{field.name: settings[field.name] for field in fields(Sizes)})
