"""What `make` writes for the navigator, and what `check` measures."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ready.errors import MakingError
from ready.measures import APART
from ready.navigator.behaviours import Steering
from ready.navigator.buildings import build
from ready.navigator.checking import completion, found_way, further, located, steered, success
from ready.navigator.doors import between, change, explained, highest, of_other_buildings
from ready.navigator.drawing import BELIEF, PLAN, map_picture
from ready.navigator.drives import record
from ready.navigator.driving import Journeys
from ready.navigator.frames import levels_of
from ready.navigator.localiser import Localiser
from ready.navigator.making import Size, write
from ready.navigator.networks import STEERING, read_localiser, read_steering
from ready.navigator.rays import COLUMNS
from ready.navigator.routes import routes

EVENLY = "action right, each action equally often"
TINY = Size(buildings=1, routes=1, localiser=3, behaviours=8, asked=3, frames=2, patience=0.2)


def test_what_is_made_is_whole_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "navigator"
    write(folder, TINY)
    text = (folder / "record.json").read_text("utf-8")
    record = json.loads(text, parse_constant=pytest.fail)  # NaN is no JSON
    assert set(record["digests"]) == {one.name for one in folder.glob("*.safetensors")}
    assert set(record["held_out"]) == {"edge found", "behaviour found", EVENLY}
    read_steering(folder / STEERING)
    assert read_localiser(folder, blind=True).blind
    assert not read_localiser(folder).blind
    assert len(list((folder / "photos" / "maps").iterdir())) == 2
    before = (folder / STEERING).stat().st_mtime_ns
    write(folder, TINY)
    assert (folder / STEERING).stat().st_mtime_ns == before


def test_every_measure_has_its_controls() -> None:
    driven = [one for n in range(2) for one in routes(build(f"tests/{n}"), 1)]
    drives = record(driven, seed=1)
    torch.manual_seed(0)
    some = np.arange(0, len(drives.edges), 20)
    blind = {"blind localiser": Localiser(blind=True).eval()}
    edge, behaviour = located(Localiser().eval(), blind, drives, some)
    assert list(edge.controls) == ["blind localiser"]
    assert list(behaviour.controls) == [
        "blind localiser", "last behaviour (of the subgraph's middle)", "majority behaviour"
    ]  # fmt: skip
    (action,) = steered(Steering().eval(), drives)
    assert list(action.controls) == ["majority action", "last action (10 steps ago)"]
    assert action.score.groups == 2
    assert action.controls["majority action"].value == pytest.approx(1 / 3)


def test_maps_are_compared_view_by_view() -> None:
    driven = [one for n in range(4) for one in routes(build(f"tests/{n}"), 1)]
    torch.manual_seed(0)
    found = explained(Steering().eval(), driven, seed=0, count=12)
    asked = [one.what.partition(": minus ")[2] for one in found if one.controls]
    maps = ["another frame's map, view by view", "random weights, view by view"]
    chance = "columns by chance, view by view"
    assert asked == ["as many other columns, view by view", *maps, *maps, chance]
    assert all(one.controls == APART for one in found if one.controls)
    own, other, less = found[:3]
    assert less.score.value == pytest.approx(own.score.value - other.score.value)


def test_another_frames_map_is_one_of_another_building() -> None:
    buildings = ["a", "b", "a", "c", "b", "a"]
    numbers = np.arange(6.0)[:, None].repeat(2, 1)
    others = of_other_buildings(numbers, buildings)[:, 0].astype(int)
    assert sorted(others) == list(range(6))
    assert all(buildings[other] != own for other, own in zip(others, buildings, strict=True))
    with pytest.raises(MakingError, match="more than half"):
        of_other_buildings(numbers, ["a", "a", "a", "a", "b", "c"])


def test_robots_are_compared_route_by_route() -> None:
    driven = [one for n in range(3) for one in routes(build(f"tests/{n}"), 1)]
    torch.manual_seed(0)
    localisers = {"own": Localiser().eval(), "blind": Localiser(blind=True).eval()}
    found = found_way(Steering().eval(), localisers, driven, patience=0.3)
    names = [one.what for one in found]
    assert names[2:4] == ["goal reached, own", "plan completed, own"]
    assert all(list(one.controls) == ["blind"] for one in found[2:4])
    assert names[4:] == ["goal reached: minus blind, route by route",
                         "plan completed: minus blind, edge by edge"]  # fmt: skip
    assert all(one.controls == APART for one in found[4:])


def test_covering_changes_the_move_only_where_the_robot_looks() -> None:
    levels = levels_of(np.random.default_rng(0).uniform(1, 9, (4, COLUMNS)))
    steering = Steering().eval()
    none = np.zeros((4, COLUMNS), dtype=bool)
    assert (change(steering, levels, none) == 0).all()
    marks = highest(np.tile(np.arange(COLUMNS, dtype=float), (4, 1)), np.array([1, 2, 0, 64]))
    assert marks.sum(1).tolist() == [1, 2, 0, 64]
    assert marks[1, -2:].all()
    told = change(steering, levels, marks)
    assert told[2] == 0
    assert (told[[0, 1, 3]] > 0).all()
    assert (told <= 1).all()


def test_success_is_the_whole_plan_and_completion_its_edges() -> None:
    driven = [one for n in range(2) for one in routes(build(f"tests/{n}"), 1)]
    lengths = [len(one.plan) for one in driven]
    names = [one.building.name for one in driven]
    found = Journeys([True, False], [1.0, 2 / lengths[1]], names, [])
    assert success(found).value == 0.5
    assert completion(found, driven).value == (lengths[0] + 2) / sum(lengths)
    others = Journeys([False, False], [0.0, 3 / lengths[1]], names, [])
    assert further(found, others, driven).value == (lengths[0] - 1) / sum(lengths)


def test_columns_between_two_points_are_those_that_look_there() -> None:
    place = np.array([1.0, 1.0])
    jambs = np.array([[3.0, 0.5], [3.0, 1.5]])
    columns = between(place, 0.0, jambs)
    assert columns is not None
    # A metre of the 4 · tan(50°) metres that are in view there
    assert abs(columns.sum() - COLUMNS * 1 / (4 * np.tan(np.radians(50)))) <= 1
    assert (columns == columns[::-1]).all()
    right = between(place, -0.4, jambs)
    assert right is not None
    assert np.flatnonzero(right).mean() > np.flatnonzero(columns).mean() + 5
    assert between(place, 1.0, jambs) is None
    assert between(place, 3.0, jambs) is None


def test_the_map_shows_the_plan_and_what_the_robot_believes() -> None:
    (one,) = routes(build("tests/0"), 1)
    pictures = [np.asarray(map_picture(one, edge)).astype(int) for edge in (one.plan[0], 3)]
    for colour in (PLAN, BELIEF):
        rgb = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
        assert all((abs(some - rgb).max(2) < 12).sum() > 100 for some in pictures)
    assert (pictures[0] != pictures[1]).any()
