"""What the robot reaches in buildings that it was not trained in, beside controls that see nothing.

Intervals are over buildings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from explainer.training.scores import Score
from ready.measures import APART, Measured, difference, share
from ready.navigator.behaviours import Steering
from ready.navigator.cloning import said
from ready.navigator.doors import explained
from ready.navigator.drives import Drives, record
from ready.navigator.driving import PATIENCE, Journeys, by, by_truth, drive
from ready.navigator.localiser import Localiser
from ready.navigator.locating import locate
from ready.navigator.networks import STEERING, read_localiser, read_steering
from ready.navigator.routes import Ints, Route, shares

AGO = 10  # steps (about a metre) from the last action that a control repeats
LOCATED = 1000  # frames


def measured(folder: Path, driven: Sequence[Route], seed: int) -> list[Measured]:
    steering, localiser = read_steering(folder / STEERING), read_localiser(folder)
    blind = read_localiser(folder, blind=True)
    drives, chance = record(driven, seed), np.random.default_rng(seed)
    some = chance.integers(len(drives.edges), size=LOCATED)
    return [
        *located(localiser, {"blind localiser": blind}, drives, some),
        *steered(steering, drives),
        *found_way(steering, {"by its own localiser": localiser, "blind localiser": blind}, driven),
        *explained(steering, driven, seed),
    ]


def located(
    localiser: Localiser, others: Mapping[str, Localiser], drives: Drives, frames: Ints
) -> list[Measured]:
    """Edges and behaviours, with displaced subgraphs that are the same for all."""
    own = locate(localiser, drives, frames, seed=0)
    found = {name: locate(one, drives, frames, seed=0) for name, one in others.items()}
    edges = {name: share(one.edge, one.buildings) for name, one in found.items()}
    behaviours = {name: share(one.behaviour, one.buildings) for name, one in found.items()}
    behaviours["last behaviour (of the subgraph's middle)"] = share(own.middle, own.buildings)
    behaviours["majority behaviour"] = share(own.majority, own.buildings)
    return [
        Measured("edge found", share(own.edge, own.buildings), edges),
        Measured("behaviour found", share(own.behaviour, own.buildings), behaviours),
    ]


def steered(steering: Steering, drives: Drives) -> list[Measured]:
    """Actions for the teacher's frames, memory included, of each action as many: nearly always the
    right one is straight on, so that over all frames nothing is learnt about the others."""
    right = shares(drives.rates).argmax(1)
    some = evenly(right)
    told = said(steering, drives)[0].argmax(1).numpy()[some]
    last = right[np.maximum(some - AGO, drives.began[some])]
    buildings = [drives.routes[one].building.name for one in drives.route[some]]
    usual = np.bincount(right).argmax()
    controls = {
        "majority action": share(list(right[some] == usual), buildings),
        f"last action ({AGO} steps ago)": share(list(right[some] == last), buildings),
    }
    what = "action right, each action equally often"
    return [Measured(what, share(list(told == right[some]), buildings), controls)]


def evenly(kinds: Ints) -> Ints:
    """Places of as many of each kind, over the whole of the list."""
    places = [np.flatnonzero(kinds == one) for one in np.unique(kinds)]
    count = min(map(len, places))
    return np.sort([one[np.linspace(0, len(one) - 1, count).astype(int)] for one in places], None)


def found_way(
    steering: Steering,
    localisers: Mapping[str, Localiser],
    driven: Sequence[Route],
    patience: float = PATIENCE,
) -> list[Measured]:
    """Success and plan completion of robots that drive themselves; the first localiser's beside
    the others', and what perfect localisation would reach."""
    journeys = {
        name: drive(driven, by(one), steering, name, patience) for name, one in localisers.items()
    }
    perfect = drive(driven, by_truth, steering, "by the truth", patience)
    (first, own), *others = journeys.items()
    found = [
        Measured("goal reached, located by the truth", success(perfect)),
        Measured("plan completed, located by the truth", completion(perfect, driven)),
        Measured(f"goal reached, {first}", success(own), {n: success(one) for n, one in others}),
        Measured(f"plan completed, {first}", completion(own, driven),
                 {n: completion(one, driven) for n, one in others}),
    ]  # fmt: skip
    for name, one in others:
        goals = difference(own.success, one.success, own.buildings)
        found += [
            Measured(f"goal reached: minus {name}, route by route", goals, APART),
            Measured(
                f"plan completed: minus {name}, edge by edge", further(own, one, driven), APART
            ),
        ]
    return found


def success(journeys: Journeys) -> Score:
    return share(list(journeys.success), list(journeys.buildings))


def completion(journeys: Journeys, driven: Sequence[Route]) -> Score:
    """Of all plans' edges those whose end was reached, one after the other."""
    return share(*ends_reached(journeys, driven))


def further(journeys: Journeys, others: Journeys, driven: Sequence[Route]) -> Score:
    """Of all plans' edges, how many more were completed."""
    own, buildings = ends_reached(journeys, driven)
    return difference(own, ends_reached(others, driven)[0], buildings)


def ends_reached(journeys: Journeys, driven: Sequence[Route]) -> tuple[list[bool], list[str]]:
    """For each edge of each plan whether it was completed, and its building."""
    done, names = list[bool](), list[str]()
    for part, one in zip(journeys.completion, driven, strict=True):
        reached = round(part * len(one.plan))
        done += [place < reached for place in range(len(one.plan))]
        names += [one.building.name] * len(one.plan)
    return done, names
