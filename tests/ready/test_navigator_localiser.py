"""The graph network that finds the robot on its map, and the controls that see nothing."""

import numpy as np
import pytest
import torch

from ready.navigator.buildings import build
from ready.navigator.drives import STRIDE, WINDOW, Drives, record
from ready.navigator.frames import brightness, heights
from ready.navigator.localiser import Localiser, part
from ready.navigator.locating import displaced, locate, train
from ready.navigator.routes import TURN, routes, shares


@pytest.fixture(scope="module")
def drives() -> Drives:
    return record([one for n in range(3) for one in routes(build(f"tests/{n}"), 2)], seed=1)


def test_the_teacher_drives_every_route_to_its_goal(drives: Drives) -> None:
    for number, one in enumerate(drives.routes):
        own = drives.edges[drives.route == number]
        assert list(dict.fromkeys(own)) == list(one.plan)
    assert np.abs(drives.rates).max() <= TURN
    assert (shares(drives.rates).argmax(1) == 1).mean() < 0.9


def test_a_window_never_reaches_before_its_route(drives: Drives) -> None:
    second = int(np.flatnonzero(drives.route == 1)[0])
    seen = drives.window(np.array([second, second + STRIDE, second + 100]))
    assert seen.shape[:2] == (3, WINDOW)
    assert (seen[0] == drives.levels[second]).all()
    assert (seen[1, :-1] == drives.levels[second]).all()
    assert (seen[2, -2] == drives.levels[second + 100 - STRIDE]).all()


def test_subgraphs_are_displaced_so_that_their_middle_tells_little(drives: Drives) -> None:
    chance = np.random.default_rng(0)
    frames = chance.integers(len(drives.edges), size=600)
    centres = displaced(drives, frames, chance)
    maps = [drives.routes[drives.route[one]].building.map for one in frames]
    right = drives.edges[frames]
    held = [edge in whole.subgraphs[centre]
            for whole, edge, centre in zip(maps, right, centres, strict=True)]  # fmt: skip
    assert all(held)
    assert (centres == right).mean() < 0.15
    # Nor does any place in the order of a subgraph's edges tell it
    places = [whole.subgraphs[centre].index(edge)
              for whole, edge, centre in zip(maps, right, centres, strict=True)]  # fmt: skip
    assert np.bincount(places).max() / len(places) < 0.25


def test_a_subgraph_is_scored_alike_alone_and_among_others(drives: Drives) -> None:
    torch.manual_seed(0)
    localiser = Localiser().eval()
    maps = [one.building.map for one in drives.routes]
    seen = heights(brightness(drives.window(np.array([50, 400]))))
    with torch.no_grad():
        both = localiser(seen, part([(maps[0], 3), (maps[4], 7)]))
        alone = localiser(seen[1:], part([(maps[4], 7)]))
    torch.testing.assert_close(both[-len(alone) :], alone)
    assert len(both) == len(maps[0].subgraphs[3]) + len(maps[4].subgraphs[7])


def test_a_blind_localiser_says_the_same_whatever_is_seen(drives: Drives) -> None:
    torch.manual_seed(0)
    sighted, blind = Localiser().eval(), Localiser(blind=True).eval()
    graph = part([(drives.routes[0].building.map, 5)] * 2)
    seen = heights(brightness(drives.window(np.array([30, 90]))))
    with torch.no_grad():
        for localiser, differs in ((sighted, True), (blind, False)):
            first, second = localiser(seen, graph).chunk(2)
            assert torch.allclose(first, second, atol=1e-5) is not differs


def test_controls_are_measured_on_the_same_subgraphs(drives: Drives) -> None:
    torch.manual_seed(0)
    frames = np.random.default_rng(1).integers(len(drives.edges), size=80)
    found = []
    for blind in (False, True):
        localiser = Localiser(blind)
        train(localiser, drives, steps=2, seed=0)
        assert not localiser.training
        found.append(locate(localiser, drives, frames, seed=2))
    sighted, blind_one = found
    assert sighted.middle == blind_one.middle
    assert np.mean(sighted.middle) < 0.4
    usual = np.bincount(drives.behaviours()).argmax()
    assert sighted.majority == list(drives.behaviours()[frames] == usual)
    assert all(known for known, edge in zip(sighted.behaviour, sighted.edge, strict=True) if edge)
    assert set(sighted.buildings) == {"tests/0", "tests/1", "tests/2"}
