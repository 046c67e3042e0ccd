"""Robots that find their way themselves: the localiser says where they are, the plan what to do
there, the behaviours how to turn.

As in the paper's code, the first subgraph is centred on the edge where the robot starts. Every
later one is centred on where the robot thinks that it is, right or wrong, by all that the localiser
said so far (`belief`): nothing that the robot does depends on where it is in truth. If the plan has
an edge that begins where that edge begins, its behaviour is run, else the last one goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ready.navigator.behaviours import Steering, no_memory, rates_of
from ready.navigator.belief import Belief
from ready.navigator.drives import CLOSE, STRIDE, WINDOW, Drives, in_order
from ready.navigator.frames import Levels, brightness, heights, levels_of
from ready.navigator.localiser import Localiser
from ready.navigator.rays import Floats
from ready.navigator.routes import NEAR, SPACING, SPEED, Ints, Robots, Route, Teacher

PATIENCE = 2  # times the steps that a route's length takes
Locate = Callable[["Fleet"], Sequence[int] | Ints]


@dataclass(frozen=True)
class Moment:
    """One step of all robots that were still driving. `robots`: N; `levels`, `memories`,
    `behaviours`: what was seen, remembered and done; `believed`: the edges on which they thought
    they were; `rates`: how the teacher would have turned, `away`: metres to the route."""

    robots: Ints
    levels: Levels
    memories: Tensor
    behaviours: Ints
    believed: Ints
    edges: Ints
    poses: Floats
    rates: Floats
    away: Floats


@dataclass
class Fleet:
    """`on`: who still drives; `reached`: how many of its plan's edges each robot has finished, in
    their order; `believed`: the edge of the map on which it thinks that it is."""

    driven: Sequence[Route]
    robots: Robots
    history: list[Levels] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.driven)
        self.on = np.ones(count, dtype=bool)
        self.reached = np.zeros(count, int)
        self.believed = np.array([one.plan[0] for one in self.driven])
        self.running = np.array([self._behaviour(one, one.plan[0]) for one in self.driven])
        self.belief = Belief([one.building.map for one in self.driven], self.believed)
        self.memory = no_memory(count)

    @staticmethod
    def _behaviour(one: Route, edge: int) -> int:
        return one.building.map.edges[edge].behaviour

    def planned(self, places: Ints) -> Ints:
        """The map's edges at these places of the plans."""
        return np.array([one.plan[n] for one, n in zip(self.driven, places, strict=True)])

    @property
    def wholly(self) -> NDArray[np.bool_]:
        there: NDArray[np.bool_] = self.reached == [len(one.plan) for one in self.driven]
        return there

    def window(self, robots: Ints) -> Levels:
        """N×WINDOW×COLUMNS: what these saw last; before the first frame that one."""
        back = len(self.history) - 1 - STRIDE * np.arange(WINDOW)[::-1]
        return np.stack([self.history[max(0, one)][robots] for one in back], 1)

    def decide(self, located: Sequence[int] | Ints) -> None:
        """What to run, by where each robot is thought to be."""
        before = self.running.copy()
        for number, (one, edge) in enumerate(zip(self.driven, located, strict=True)):
            edges = one.building.map.edges
            self.believed[number] = edge
            for planned in one.plan:
                if edges[planned].start == edges[edge].start:
                    self.running[number] = edges[planned].behaviour
        self.memory[torch.from_numpy(self.running != before)] = 0

    def count(self, driving: Ints) -> None:
        """Ends of edges that these robots have reached."""
        for number in driving:
            one = self.driven[number]
            if self.reached[number] < len(one.plan):
                end = one.ends[self.reached[number]]
                away = np.hypot(*(self.robots.poses[number, :2] - end))
                self.reached[number] += int(away < NEAR)


@dataclass(frozen=True)
class Journeys:
    """How far each robot came: `success` at the goal, with all of the plan's edges; `completion`:
    the share of the plan's edges whose end was reached, one after the other."""

    success: Sequence[bool]
    completion: Sequence[float]
    buildings: Sequence[str]
    moments: Sequence[Moment]


def by(localiser: Localiser) -> Locate:
    """By a localiser, each subgraph centred on where the robot thought that it was before."""

    def locate(fleet: Fleet) -> Ints:
        driving = np.flatnonzero(fleet.on)
        centres = [int(edge) for edge in fleet.believed[driving]]
        maps = [fleet.belief.maps[number] for number in driving.tolist()]
        said = localiser.shares(fleet.window(driving), list(zip(maps, centres, strict=True)))
        found = fleet.believed.copy()
        found[driving] = fleet.belief.hear(driving, said, centres)
        return found

    return locate


def by_truth(fleet: Fleet) -> list[int]:
    """By how far the robots have come in truth: what perfect localisation would reach."""
    last = [len(one.plan) - 1 for one in fleet.driven]
    places = np.minimum(fleet.reached, last)
    return [one.plan[place] for one, place in zip(fleet.driven, places, strict=True)]


@torch.no_grad()
def drive(
    driven: Sequence[Route],
    locate: Locate,
    steering: Steering,
    name: str,
    patience: float = PATIENCE,
) -> Journeys:
    """All routes at once, each until its goal or until `patience` is over."""
    fleet, teacher = Fleet(driven, Robots(driven)), Teacher(driven)
    most = np.array([patience * len(one.line) * SPACING / SPEED for one in driven]).astype(int)
    moments = []
    for step in tqdm(range(int(most.max())), name, unit="step", disable=None):
        on = ~fleet.wholly & (step < most)
        if not on.any():
            break
        fleet.on = on
        fleet.history.append(levels_of(fleet.robots.see(np.arange(len(driven)))))
        fleet.decide(locate(fleet))
        seen, asks = heights(brightness(fleet.history[-1])), torch.from_numpy(fleet.running)
        moments.append(moment(fleet, teacher, np.flatnonzero(on)))
        scores, fleet.memory = steering.step(seen, asks, fleet.memory)
        fleet.robots.move(np.where(on, rates_of(scores).double().numpy(), 0.0))
        fleet.count(np.flatnonzero(on))
    lengths = np.array([len(one.plan) for one in driven])
    return Journeys(
        [bool(one) for one in fleet.wholly],
        list(fleet.reached / lengths),
        [one.building.name for one in driven],
        moments,
    )


def moment(fleet: Fleet, teacher: Teacher, on: Ints) -> Moment:
    poses = fleet.robots.poses.copy()
    rates = teacher.rates(poses)
    away = teacher.away(poses)
    return Moment(
        on,
        fleet.history[-1][on],
        fleet.memory[torch.from_numpy(on)].clone(),
        fleet.running[on].copy(),
        fleet.believed[on].copy(),
        fleet.planned(teacher.edges)[on],
        poses[on],
        rates[on],
        away[on],
    )


def met(driven: Sequence[Route], journeys: Journeys) -> Drives:
    """What robots saw that drove themselves, each until it was too far from its route."""
    lost = np.zeros(len(driven), dtype=bool)
    kept = []
    for one in journeys.moments:
        lost[one.robots[one.away > CLOSE]] = True
        on = ~lost[one.robots]
        kept.append((one.levels[on], one.rates[on], one.edges[on], one.robots[on]))
    return in_order(driven, kept)
