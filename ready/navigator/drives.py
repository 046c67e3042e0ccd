"""What is learnt from: frames of routes that the teacher drives, unsteadily, or that a robot drives
while the teacher tells how it would turn (DAgger, arXiv 1011.0686)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ready.navigator.frames import Levels, levels_of
from ready.navigator.rays import Floats
from ready.navigator.routes import TURN, Ints, Robots, Route, Teacher

MOST_STEPS = 600
WANDER = 0.05  # radians that the noise of a step's turn changes by
CLOSE = 0.8  # metres from its route within which the teacher's answer means something
WINDOW, STRIDE = 20, 2  # frames that the localiser sees, and steps between two of them


# How N robots turn, by what they see, the edges on which they are, and their numbers
Turns = Callable[[Levels, Ints, Ints], Floats]


@dataclass(frozen=True)
class Drives:
    """F frames of all routes, one route after the other. `rates`: how the teacher would turn;
    `edges`: the map's edge on which each was taken; `route`: whose it is; `began`: the first frame
    of its route, and `entered`: the first one of its edge."""

    routes: Sequence[Route]
    levels: Levels
    rates: Floats
    edges: Ints
    route: Ints
    began: Ints
    entered: Ints

    def window(self, frames: Ints) -> Levels:
        """N×WINDOW×COLUMNS: what was seen up to each of N frames, STRIDE steps apart; before a
        route's first frame that frame."""
        back = frames[:, None] - STRIDE * np.arange(WINDOW)[::-1]
        seen: Levels = self.levels[np.maximum(back, self.began[frames][:, None])]
        return seen

    def behaviours(self) -> Ints:
        """F: what each frame's edge asks for."""
        maps = [one.building.map for one in self.routes]
        return np.array(
            [maps[n].edges[e].behaviour for n, e in zip(self.route, self.edges, strict=True)]
        )


def record(driven: Sequence[Route], seed: int, turns: Turns | None = None) -> Drives:
    """Every route to its end, with the teacher's turns, which are disturbed so that there is
    something to correct; or with `turns`, until the robot is too far from its route."""
    robots, teacher, chance = Robots(driven), Teacher(driven), np.random.default_rng(seed)
    plans = [np.array(one.plan) for one in driven]
    noise, lost = np.zeros(len(driven)), np.zeros(len(driven), dtype=bool)
    kept: list[tuple[Levels, Floats, Ints, Ints]] = []
    for _ in tqdm(range(MOST_STEPS), "Drives", unit="step", disable=None):
        rates = teacher.rates(robots.poses)
        if turns is not None:
            lost |= teacher.away(robots.poses) > CLOSE
        on = np.flatnonzero(~teacher.done & ~lost)
        if not len(on):
            break
        edges = np.array([plans[n][teacher.edges[n]] for n in on])
        kept.append((levels_of(robots.see(on)), rates[on], edges, on))
        noise = 0.85 * noise + chance.normal(0, WANDER, len(driven))
        if turns is None:
            rates = np.clip(rates + noise, -TURN, TURN)
        else:
            rates[on] = turns(kept[-1][0], edges, on)
        robots.move(rates)
    return in_order(driven, kept)


def in_order(driven: Sequence[Route], kept: Sequence[tuple[Levels, Floats, Ints, Ints]]) -> Drives:
    """Moments as frames of one route after the other."""
    levels, turns, edges, route = (np.concatenate(some) for some in zip(*kept, strict=True))
    order = np.argsort(route, kind="stable")
    edges, route = edges[order], route[order]
    return Drives(
        driven, levels[order], turns[order], edges, route, _first(route), _first(route, edges)
    )


def joined(one: Drives, other: Drives) -> Drives:
    """The frames of both, of routes of which each is there once for each."""
    count, frames = len(one.routes), len(one.edges)
    return Drives(
        [*one.routes, *other.routes],
        np.concatenate([one.levels, other.levels]),
        np.concatenate([one.rates, other.rates]),
        np.concatenate([one.edges, other.edges]),
        np.concatenate([one.route, other.route + count]),
        np.concatenate([one.began, other.began + frames]),
        np.concatenate([one.entered, other.entered + frames]),
    )


def _first(*kinds: Ints) -> Ints:
    """F: the index of the first frame of the run in which all kinds stay as they are."""
    changes = np.zeros(len(kinds[0]), dtype=bool)
    for one in kinds:
        changes[1:] |= one[1:] != one[:-1]
    return np.maximum.accumulate(np.where(changes, np.arange(len(changes)), 0))
