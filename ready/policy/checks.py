"""What the policy reaches in mazes that are new to it, and whether its maps are about it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from explainer import Network, explain
from explainer.training.scores import Score
from ready.measures import Measured, share

from .blind import map_only, most_often, of_place, of_place_and_deeds
from .frames import TILE, cells_of, picture, stacked
from .materials import Frame, loaded, rooms, sizes_in
from .mazes import SIDE, Cell, Maze, State, next_thing, ways
from .network import network_of
from .runs import play, starting
from .training import SEED, Choose, chosen, lessons

METHODS = ("hires_cam", "grad_cam", "guided_grad_cam", "occlusion")
ONE_CELL = {"occlusion": {"patch": TILE, "stride": TILE}}
AT_ONCE = 30  # frames of 448×448
EXPLAINED = 100  # mazes, each in three frames


@dataclass(frozen=True)
class Step:
    """A state on a shortest way, what is right in it, and what was done before it."""

    maze: Maze
    state: State
    right: tuple[int, ...]
    before: int | None


def measured(folder: Path) -> list[Measured]:
    torch.set_num_threads(1)
    sizes = sizes_in(folder)
    taught, held_out = rooms(sizes)
    seen = lessons(taught, sizes.apart, sizes.along)
    blind: dict[str, Choose] = {
        "most frequent action": most_often(seen),
        "position only": of_place(seen),
        "position, key and door only": of_place_and_deeds(seen),
        "map only": map_only(loaded(folder, "map_only")),
    }
    policies = {name: partial(chosen, loaded(folder, name)) for name in ("late", "early")}
    steps = [one for maze in held_out for one in steps_of(maze)]
    late, early = (network_of(loaded(folder, name), name) for name in ("late", "early"))
    frames = list(one_of_each_thing(steps))[: 3 * EXPLAINED]
    return [
        arriving("late", policies["late"], blind, held_out),
        arriving("early", policies["early"], {}, held_out),  # it need not
        *(acting(name, one, blind, steps) for name, one in policies.items()),
        *peaks([late, early], frames),
        *painted_out(late, frames),
    ]


def steps_of(maze: Maze) -> Iterator[Step]:
    found, before = ways(maze), None
    for state, action in found.way(starting(maze), f"{SEED}/{maze.name}"):
        yield Step(maze, state, found.best(state), before)
        before = action


def arriving(
    name: str, choose: Choose, blind: dict[str, Choose], rooms: Sequence[Maze]
) -> Measured:
    """The share of mazes in which the robot reaches the goal within `runs.MOST` steps."""

    def score(choose: Choose) -> Score:
        return share([run.arrived for run in play(choose, rooms)], [one.room for one in rooms])

    controls = {control: score(one) for control, one in blind.items()}
    return Measured(f"{name} policy: reaches the goal of a new maze", score(choose), controls)


def acting(name: str, choose: Choose, blind: dict[str, Choose], steps: Sequence[Step]) -> Measured:
    """The share of states on shortest ways in which the action begins a shortest way."""
    grids = stacked([cells_of(one.maze, one.state) for one in steps])
    groups = [one.maze.room for one in steps]

    def score(actions: Sequence[int]) -> Score:
        right = [act in one.right for act, one in zip(actions, steps, strict=True)]
        return share(right, groups)

    controls = {control: score(one(grids).tolist()) for control, one in blind.items()}
    usual = blind["most frequent action"](grids).tolist()
    last = [
        act if one.before is None else one.before for act, one in zip(usual, steps, strict=True)
    ]
    controls["last action"] = score(last)
    return Measured(f"{name} policy: right action", score(choose(grids).tolist()), controls)


def one_of_each_thing(steps: Sequence[Step]) -> Iterator[Step]:
    """Of each maze three states by chance: before the key, before the door, before the goal."""
    of: dict[tuple[str, str], list[Step]] = {}
    for one in steps:
        thing, _ = next_thing(one.maze, one.state)
        of.setdefault((one.maze.name, thing), []).append(one)
    for (name, thing), some in of.items():
        yield random.Random(f"{SEED}/{name}/{thing}").choice(some)


def peaks(networks: Sequence[Network], frames: Sequence[Step]) -> Iterator[Measured]:
    """How often the cell with the highest mean of a map is the robot's, beside controls; and how
    often it is that of the thing that comes next, beside the same controls as rows of their own:
    the maps of no method lie above them, so that nothing is claimed."""
    groups = [one.maze.room for one in frames]
    robots = [one.state.cell for one in frames]
    things = [next_thing(one.maze, one.state)[1] for one in frames]
    twin = cells_by_method(network_of(networks[0].redrawn(SEED)), frames)
    for network in networks:
        for method, cells in cells_by_method(network, frames).items():
            knowing_nothing = {
                "map of another maze": cells[3:] + cells[:3],  # before the same thing
                "random weights": twin[method],
            }
            controls = {name: on(some, robots, groups) for name, some in knowing_nothing.items()}
            what = f"{network.name}, {method}: peak on"
            yield Measured(f"{what} the robot", on(cells, robots, groups), controls)
            yield Measured(f"{what} what comes next", on(cells, things, groups))
            for name, some in knowing_nothing.items():
                score = on(some, things, groups)
                yield Measured(f"{what} what comes next, {name} (no demand)", score)


def on(cells: Sequence[Cell], wanted: Sequence[Cell], groups: Sequence[str]) -> Score:
    return share([one == other for one, other in zip(cells, wanted, strict=True)], groups)


def cells_by_method(network: Network, frames: Sequence[Step | Frame]) -> dict[str, list[Cell]]:
    """The cell at which each method's map of the chosen action has its peak."""
    found: dict[str, list[Cell]] = {method: [] for method in METHODS}
    for images in batches(network, frames):
        explained = explain(network, images, methods=METHODS, settings=ONE_CELL)
        for method in METHODS:
            found[method] += map(peak_cell, explained[method])
    return found


def peak_cell(values: Tensor) -> Cell:
    """Of a map (u×v) or of what pixels give (3×H×W)."""
    flat = values.abs().sum(0) if values.dim() == 3 else values
    place = int(adaptive_avg_pool2d(flat[None], SIDE).argmax())
    return place % SIDE, place // SIDE


def batches(network: Network, frames: Sequence[Step | Frame]) -> Iterator[Tensor]:
    for start in range(0, len(frames), AT_ONCE):
        some = frames[start : start + AT_ONCE]
        yield network.prepare([picture(cells_of(one.maze, one.state)) for one in some])


def painted_out(network: Network, frames: Sequence[Step]) -> Iterator[Measured]:
    """How often a grey patch on the thing that comes next changes the probabilities of the actions
    (half the sum of all differences) more than one on a cell by chance."""
    groups = [one.maze.room for one in frames]
    things = [next_thing(one.maze, one.state)[1] for one in frames]
    drawn = [others(one, things[place]) for place, one in enumerate(frames)]
    thing, one, other = (
        changes(network, frames, cells)
        for cells in (things, [some[0] for some in drawn], [some[1] for some in drawn])
    )
    yield Measured(
        "painted out: the thing that comes next changes the action more than another cell",
        share((thing > one).tolist(), groups),
        {"another cell more than a third one": share((other > one).tolist(), groups)},
    )
    print(
        f"Painted out, the thing that comes next changes the probabilities by {thing.mean():.3f} "
        f"on average (median {thing.median():.3f}), another cell by {one.mean():.3f} "
        f"(median {one.median():.3f})"
    )


def others(step: Step, thing: Cell) -> list[Cell]:
    """Two cells by chance, neither the robot's nor that of the thing."""
    cells = [(column, row) for column in range(SIDE) for row in range(SIDE)]
    free = [cell for cell in cells if cell not in (thing, step.state.cell)]
    return random.Random(f"{SEED}/{step.maze.name}/{step.state}").sample(free, 2)


def changes(network: Network, frames: Sequence[Step], cells: Sequence[Cell]) -> Tensor:
    found = []
    waiting = iter(cells)
    for images in batches(network, frames):
        painted = images.clone()
        for image in painted:
            column, row = next(waiting)
            image[:, row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = 0
        before, after = (network.predict(some).softmax(1) for some in (images, painted))
        found.append((before - after).abs().sum(1) / 2)
    return torch.cat(found)
