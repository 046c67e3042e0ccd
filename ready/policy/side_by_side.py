"""Late beside early, as people see them: which acts better, and where their maps part.

People compare both on frames where both take the same right action. That late is the better one is
shown on other frames, case by case; of the maps no direction is asked, which is what people are
asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from explainer import Network
from ready.measures import APART, Measured, difference, share

from .checks import Step, cells_by_method, on, steps_of
from .frames import cells_of, stacked
from .materials import Frame, loaded, read_frames, rooms, sizes_in
from .mazes import Maze, next_thing
from .network import network_of
from .runs import play
from .training import Choose, chosen

NAMES = ("late", "early")


def compared(folder: Path) -> list[Measured]:
    choose = {name: partial(chosen, loaded(folder, name)) for name in NAMES}
    networks = {name: network_of(loaded(folder, name), name) for name in NAMES}
    _, held_out = rooms(sizes_in(folder))
    steps = [one for maze in held_out for one in steps_of(maze)]
    frames = list(read_frames(folder))
    same = [
        one for one, acts in zip(frames, actions(choose, frames), strict=True) if alike(one, acts)
    ]
    alike_share = share([one in same for one in frames], [one.maze.room for one in frames])
    return [
        arrives(choose, held_out),
        acts_right(choose, steps),
        Measured("a frame on which both take the same right action", alike_share),
        *map_rows(networks, same),
    ]


def actions(choose: Mapping[str, Choose], some: Sequence[Frame | Step]) -> list[tuple[int, ...]]:
    """For each state the actions of late and early."""
    grids = stacked([cells_of(one.maze, one.state) for one in some])
    return list(zip(*(choose[name](grids).tolist() for name in NAMES), strict=True))


def alike(frame: Frame, acts: Sequence[int]) -> bool:
    return len(set(acts)) == 1 and acts[0] in frame.right


def arrives(choose: Mapping[str, Choose], held_out: Sequence[Maze]) -> Measured:
    late, early = ([run.arrived for run in play(choose[name], held_out)] for name in NAMES)
    less = difference(late, early, [maze.room for maze in held_out])
    return Measured("late less early, maze by maze: reaches the goal", less, APART)


def acts_right(choose: Mapping[str, Choose], steps: Sequence[Step]) -> Measured:
    both = zip(actions(choose, steps), steps, strict=True)
    late, early = zip(*((a in one.right, b in one.right) for (a, b), one in both), strict=True)
    less = difference(late, early, [one.maze.room for one in steps])
    return Measured("late less early, step by step: right action", less, APART)


def map_rows(networks: Mapping[str, Network], same: Sequence[Frame]) -> Iterator[Measured]:
    """Of each method, how often both peaks are in one cell, and what late's meets more often."""
    groups = [one.maze.room for one in same]
    met = {
        "the robot": [one.state.cell for one in same],
        "what comes next": [next_thing(one.maze, one.state)[1] for one in same],
    }
    late, early = (cells_by_method(networks[name], same) for name in NAMES)
    for method, own in late.items():
        one_cell = on(own, early[method], groups)
        yield Measured(f"the same right action, {method}: both peaks in one cell", one_cell)
        for what, cells in met.items():
            hits, others = (
                [one == cell for one, cell in zip(some, cells, strict=True)]
                for some in (own, early[method])
            )
            less = difference(hits, others, groups)
            told = f"the same right action, {method}: late's peak on {what}, less early's"
            yield Measured(f"{told} (no demand)", less)
