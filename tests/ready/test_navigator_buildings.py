"""Made buildings, their maps, and what a robot sees in them."""

import math

import numpy as np
import pytest
import torch

from ready.navigator.buildings import CELL, NODES, Building, build
from ready.navigator.frames import brightness, brightness_of, levels_of, picture
from ready.navigator.maps import FIND_DOOR, FOLLOW, KINDS, LEFT, RIGHT, STRAIGHT
from ready.navigator.rays import COLUMNS, FARTHEST, SLOPES, cast


@pytest.fixture(scope="module")
def buildings() -> list[Building]:
    return [build(f"tests/{number}") for number in range(12)]


def test_a_building_depends_on_its_seed_alone(buildings: list[Building]) -> None:
    again = build("tests/0")
    assert (again.walls == buildings[0].walls).all()
    assert again.map == buildings[0].map
    assert not (buildings[1].walls == buildings[0].walls).all()


def test_every_room_leads_to_every_other_one(buildings: list[Building]) -> None:
    for one in buildings:
        assert NODES[0] <= len(one.map.nodes) <= NODES[1]
        assert all(one.map.plan(start, goal) for start in one.rooms for goal in one.rooms
                   if start != goal)  # fmt: skip


def test_no_edge_leads_through_a_wall(buildings: list[Building]) -> None:
    for one in buildings:
        for edge in one.map.edges:
            for first, second in zip(edge.path, edge.path[1:], strict=False):
                share = np.linspace(0, 1, 50)[:, None]
                x, y = ((1 - share) * first + share * np.array(second)).T / CELL
                for shift in (-0.5, 0.5):  # a robot is not a point
                    inside = ~one.walls[(y + shift).astype(int), (x + shift).astype(int)]
                    assert inside.all()


def test_behaviours_say_how_an_edge_turns(buildings: list[Building]) -> None:
    for edge in (edge for one in buildings for edge in one.map.edges):
        points = np.array(edge.path)
        ways = np.arctan2(*np.diff(points, axis=0)[:, ::-1].T)
        turn = math.remainder(ways[-1] - ways[0], 2 * math.pi)
        right = {LEFT: -math.pi / 2, RIGHT: math.pi / 2}.get(edge.behaviour, 0)
        assert turn == pytest.approx(right, abs=1e-6)
        assert (len(points) == 2) == (edge.behaviour in (FIND_DOOR, FOLLOW))


def test_kinds_of_nodes_are_those_that_the_behaviours_join(buildings: list[Building]) -> None:
    for one in buildings:
        for edge in one.map.edges:
            start, end = (KINDS[one.map.nodes[node].kind] for node in (edge.start, edge.end))
            assert (start == "room") == (edge.behaviour == FIND_DOOR) == (end == "door")
            assert edge.behaviour != FOLLOW or {start, end} <= {"hallway", "open space"}
            assert edge.behaviour != STRAIGHT or start != "room"


def test_a_subgraph_reaches_three_edges_ahead_and_two_behind(buildings: list[Building]) -> None:
    whole = buildings[0].map
    for centre, edge in enumerate(whole.edges):
        own = whole.subgraphs[centre]
        ahead = whole.leaving[edge.end]
        further = [number for one in ahead for number in whole.leaving[whole.edges[one].end]]
        third = [number for one in further for number in whole.leaving[whole.edges[one].end]]
        before = whole.arriving[edge.start]
        second = [number for one in before for number in whole.arriving[whole.edges[one].start]]
        beside = whole.leaving[edge.start]
        assert {*beside, *ahead, *further, *third, *before, *second} <= set(own)
        assert centre in own
        assert len(own) < len(whole.edges)
        assert all(centre in whole.centres[one] for one in own)


def test_distances_are_those_to_the_first_wall() -> None:
    walls = np.ones((1, 20, 40), dtype=bool)
    walls[0, 4:8, 2:38] = False  # a corridor 2 metres wide, to the right up to x = 19
    seen = cast(walls, np.zeros(2, int), np.array([[12.0, 3.0, 0.0], [16.0, 3.5, 0.0]]))
    assert seen.shape == (2, COLUMNS)
    expected = np.minimum(1 / np.maximum(np.abs(SLOPES), 1e-9), 7.0)
    np.testing.assert_allclose(seen[0], expected)
    left, right = SLOPES[:20], SLOPES[-20:]
    np.testing.assert_allclose(seen[1, :20], np.minimum(1.5 / -left, 3.0))
    np.testing.assert_allclose(seen[1, -20:], np.minimum(0.5 / right, 3.0))


def test_nothing_is_seen_farther_than_the_camera_reaches() -> None:
    walls = np.ones((1, 6, 80), dtype=bool)
    walls[0, 1:5, 1:79] = False
    seen = cast(walls, np.zeros(1, int), np.array([[2.0, 1.5, 0.0]]))
    assert seen.max() == FARTHEST


def test_the_picture_that_people_see_tells_networks_the_same_distances() -> None:
    levels = levels_of(np.random.default_rng(0).uniform(0.2, FARTHEST, (3, COLUMNS)))
    pixels = np.stack([np.asarray(picture(one)) for one in levels])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(brightness_of(images), brightness(levels), atol=1e-5, rtol=0)


def test_what_is_nearer_is_brighter() -> None:
    levels = np.arange(30, 1000, dtype=np.int16)
    assert (brightness(levels).diff() <= 0).all()
    assert (brightness(levels[::10]).diff() < 0).all()
