"""The robot's behaviours, and robots that drive themselves by their own localiser."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from explainer import explain
from explainer.errors import ExplainerError
from ready.errors import MakingError
from ready.navigator.asking import Frame, chosen, frames, write_frames
from ready.navigator.behaviours import MEMORY, RECURRENT, Steering, no_memory, rates_of
from ready.navigator.buildings import build
from ready.navigator.cloning import EARLY, LONGEST, own_turns, runs, said, singles, train
from ready.navigator.doors import facing
from ready.navigator.drives import CLOSE, Drives, joined, record
from ready.navigator.driving import Fleet, by, by_truth, drive, met
from ready.navigator.frames import Levels, brightness, heights, levels_of, picture
from ready.navigator.localiser import Localiser
from ready.navigator.maps import BEHAVIOURS, Map
from ready.navigator.networks import network_of
from ready.navigator.rays import Floats, cast
from ready.navigator.routes import ACTIONS, Robots, Route, routes, shares


@pytest.fixture(scope="module")
def driven() -> list[Route]:
    return [one for n in range(2) for one in routes(build(f"tests/{n}"), 2)]


@pytest.fixture(scope="module")
def drives(driven: list[Route]) -> Drives:
    return record(driven[::2], seed=1)


@pytest.fixture(scope="module")
def steering() -> Steering:
    torch.manual_seed(0)
    return Steering().eval()


class Watched(Localiser):
    """Keeps what it was centred on."""

    def __init__(self) -> None:
        super().__init__()
        self.centred: list[list[int]] = []

    def shares(self, levels: Levels, centred: Sequence[tuple[Map, int]]) -> list[Floats]:
        self.centred.append([edge for _, edge in centred])
        return super().shares(levels, centred)


def test_a_subgraph_is_centred_on_where_the_robot_thought_that_it_was(
    driven: list[Route], steering: Steering
) -> None:
    torch.manual_seed(1)
    localiser = Watched().eval()
    journeys = drive(driven, by(localiser), steering, "test", patience=0.6)
    thought = {number: one.plan[0] for number, one in enumerate(driven)}
    assert localiser.centred[0] == list(thought.values())
    for centred, moment in zip(localiser.centred, journeys.moments, strict=True):
        assert centred == [thought[int(robot)] for robot in moment.robots]
        thought |= zip(moment.robots.tolist(), moment.believed.tolist(), strict=True)
    assert thought != {number: one.plan[0] for number, one in enumerate(driven)}


def test_nothing_that_a_robot_thinks_depends_on_where_it_is_in_truth(driven: list[Route]) -> None:
    torch.manual_seed(1)
    localiser, found = Localiser().eval(), []
    levels = levels_of(Robots(driven).see(np.arange(len(driven))))
    for reached in (0, 2):
        fleet = Fleet(driven, Robots(driven), [levels])
        fleet.reached[:] = reached
        fleet.robots.poses += reached
        for _ in range(40):
            fleet.decide(by(localiser)(fleet))
        found.append((fleet.believed.tolist(), fleet.running.tolist()))
    assert found[0] == found[1]
    assert found[0][0] != [one.plan[0] for one in driven]


def test_the_plan_says_what_to_do_where_it_begins_and_else_the_last_goes_on(
    driven: list[Route],
) -> None:
    fleet = Fleet(driven[:1], Robots(driven[:1]))
    edges, plan = driven[0].building.map.edges, driven[0].plan
    starts = {edges[one].start for one in plan}
    elsewhere = next(n for n, edge in enumerate(edges) if edge.start not in starts)
    # Beside the third edge of the plan: the plan's behaviour, not this edge's
    beside = [n for n, edge in enumerate(edges) if edge.start == edges[plan[2]].start]
    for edge in beside:
        fleet.decide([edge])
        assert fleet.running[0] == edges[plan[2]].behaviour
        assert fleet.believed[0] == edge
    fleet.memory += 1
    fleet.decide([elsewhere])
    assert fleet.running[0] == edges[plan[2]].behaviour
    assert fleet.believed[0] == elsewhere
    assert (fleet.memory == 1).all()
    other = next(one for one in plan if edges[one].behaviour != edges[plan[2]].behaviour)
    fleet.decide([other])
    assert (fleet.memory == 0).all()


def test_a_plan_is_completed_edge_by_edge_in_its_order(driven: list[Route]) -> None:
    fleet = Fleet(driven[:1], Robots(driven[:1]))
    ends, poses = driven[0].ends, fleet.robots.poses
    for place, reached in ((ends[1], 0), (ends[0], 1), (ends[2], 1), (ends[1], 2), (ends[2], 3)):
        poses[0, :2] = place
        fleet.count(np.zeros(1, int))
        assert fleet.reached[0] == reached
    poses[0, :2] = ends[3]
    fleet.count(np.zeros(0, int))  # its time is over: where it goes on to counts no more
    assert fleet.reached[0] == 3
    assert by_truth(fleet) == [driven[0].plan[3]]
    assert not fleet.wholly[0]


def test_walls_stop_a_robot(driven: list[Route]) -> None:
    robots = Robots(driven)
    for _ in range(150):
        robots.move(np.zeros(len(driven)))
    cells = (robots.poses[:, :2] / 0.5).astype(int)
    assert not robots.walls[robots.which, cells[:, 1], cells[:, 0]].any()


def test_each_case_is_steered_by_its_own_behaviour_and_memory(steering: Steering) -> None:
    torch.manual_seed(2)
    seen, asks = torch.randn(5, 64), torch.tensor([4, 0, 2, 1, 3])
    memory = torch.randn(5, 2 * MEMORY)
    together, after = steering.step(seen, asks, memory)
    for n in range(5):
        alone = steering.step(seen[n : n + 1], asks[n : n + 1], memory[n : n + 1])
        torch.testing.assert_close(together[n], alone[0][0])
        torch.testing.assert_close(after[n], alone[1][0])
    forgetful, _ = steering.step(seen, asks, no_memory(5))
    differs = (forgetful != together).any(1)
    assert [int(one) for one in asks[differs]] == [4, 2, 3]
    assert set(RECURRENT) == {2, 3, 4}


def test_frames_in_a_row_are_scored_as_the_robot_meets_them(
    drives: Drives, steering: Steering
) -> None:
    scores, before = said(steering, drives)
    first = int(np.flatnonzero(drives.behaviours() == RECURRENT[0])[0])
    own = np.arange(first, first + 6)
    seen = heights(brightness(drives.levels[own]))
    with torch.no_grad():
        run = steering.run(seen, RECURRENT[0], torch.ones(1, 6, dtype=torch.bool))
        again, _ = steering.step(seen, torch.full((6,), RECURRENT[0]), before[own])
    torch.testing.assert_close(scores[own], run)
    torch.testing.assert_close(scores[own], again)


def test_a_robot_learns_also_from_where_it_came_by_itself(driven: list[Route]) -> None:
    torch.manual_seed(3)
    steering = Steering().eval()
    own = record(driven[:2], 1, own_turns(steering, driven[:2]))
    taught = record(driven[:2], 1)
    assert len(own.edges) < len(taught.edges)  # it lost its way
    scores, _ = said(steering, own)
    # What was recorded is what the teacher would do there; the robot did what it would do itself
    assert not np.allclose(rates_of(scores).numpy(), own.rates, atol=0.05)
    robots = Robots(driven[:1])
    for levels, rate in zip(own.levels[own.route == 0], rates_of(scores).numpy(), strict=False):
        assert (levels_of(robots.see(np.array([0])))[0] == levels).all()
        robots.move(np.array([float(rate)]))
    both = joined(taught, own)
    assert len(both.routes) == 4
    first = len(taught.edges)
    assert (both.began[first:] >= first).all()
    assert (both.entered[first:] >= first).all()
    assert (both.behaviours() == [*taught.behaviours(), *own.behaviours()]).all()
    torch.testing.assert_close(said(steering, both)[0][first:], scores)


def test_what_robots_met_ends_where_they_left_their_route(
    driven: list[Route], steering: Steering
) -> None:
    journeys = drive(driven, by_truth, steering, "test", patience=0.8)
    found = met(driven, journeys)
    for number, one in enumerate(driven):
        near = [(moment, place) for moment in journeys.moments
                for place in np.flatnonzero(moment.robots == number)]  # fmt: skip
        lost = [moment.away[place] > CLOSE for moment, place in near]
        own = found.route == number
        assert own.sum() == (lost.index(True) if any(lost) else len(lost))
        assert set(found.edges[own]) <= set(one.plan)
        for (moment, place), levels, rate in zip(
            near, found.levels[own], found.rates[own], strict=False
        ):
            assert (moment.levels[place] == levels).all()
            assert moment.rates[place] == rate
    assert len(found.edges) < sum(len(moment.robots) for moment in journeys.moments)


def test_runs_begin_a_little_before_their_edge(drives: Drives) -> None:
    frames = np.flatnonzero(drives.behaviours() == RECURRENT[0])
    entered, route = drives.entered, drives.route
    early = set()
    for run in next(runs(drives, frames, np.random.default_rng(0))):
        told = run[run >= 0]
        assert (run[: len(told)] == np.arange(told[0], told[-1] + 1)).all()
        assert len(set(route[told])) == 1
        edge = entered[told[-1]]
        assert told[-1] == np.flatnonzero(entered == edge)[-1] or len(told) == LONGEST
        assert edge in entered[frames]
        early.add(int(edge - told[0]))
    assert early <= set(range(EARLY + 1))
    assert len(early) > 1
    alone = next(singles(drives, frames, np.random.default_rng(0)))[:, 0]
    ahead = drives.behaviours()[np.minimum(alone + EARLY, len(entered) - 1)]
    assert ((drives.behaviours()[alone] == RECURRENT[0]) | (ahead == RECURRENT[0])).all()
    assert not np.isin(alone, frames).all()


def test_cloning_turns_as_the_teacher_turned(drives: Drives) -> None:
    torch.manual_seed(0)
    learning = Steering()
    own = drives.behaviours() == BEHAVIOURS.index("find door")
    wanted = torch.from_numpy(shares(drives.rates[own])).float()
    losses = []
    for steps in (0, 3):
        if steps:
            train(learning, drives, steps, seed=0)
        scores = said(learning.eval(), drives)[0][torch.from_numpy(own)]
        losses.append(-(wanted * scores.log_softmax(1)).sum(1).mean().item())
    assert losses[1] < losses[0]


def test_the_network_reads_the_picture_that_people_see(drives: Drives, steering: Steering) -> None:
    network = network_of(steering)
    some = np.array([10, 200])
    context = [{"behaviour": "find door"}, {"context": {"behaviour": "turn left"}, "photos": None}]
    images = network.prepare([picture(one) for one in drives.levels[some]])
    scores = network.asked(context).predict(images)
    seen = heights(brightness(drives.levels[some]))
    asks = torch.tensor([BEHAVIOURS.index("find door"), BEHAVIOURS.index("turn left")])
    expected, _ = steering.step(seen, asks, no_memory(2))
    torch.testing.assert_close(scores.log_softmax(1), expected.log_softmax(1), atol=1e-3, rtol=0)
    for entry, why in (
        ({"behaviour": "fly"}, "no behaviour is 'fly'; there are find door, "),
        ({"behaviour": "straight", "memory": [1.0]}, "a list of 32 numbers"),
    ):
        with pytest.raises(ExplainerError, match=why):
            network.asked([entry]).predict(images[:1])  # fmt: skip
    found = explain(network, images, None, ["grad_cam", "occlusion"], context=context)
    assert found.maps["grad_cam"].shape[0] == 2
    assert tuple(network.labels) == ACTIONS


def test_columns_of_the_door_look_past_it(driven: list[Route]) -> None:
    views = facing(driven, 6, seed=0)
    robots = Robots(driven)
    seen = cast(robots.walls, robots.which[views.which], views.poses)
    for pose, number, door, depths in zip(views.poses, views.which, views.doors, seen, strict=True):
        one = driven[number]
        place = np.array(one.building.map.edges[one.plan[0]].path[-1]) - pose[:2]
        ahead = place @ [np.cos(pose[2]), np.sin(pose[2])]
        inner = np.flatnonzero(door)[1:-1]
        assert (depths[inner] > ahead).all()


def drawn(said_: str, right: tuple[str, ...], one: Route) -> Frame:
    levels = levels_of(np.linspace(1, 9, 64))
    return Frame(one, levels, "find door", [0.0], one.plan[0], right, said_)


def test_half_of_the_frames_are_right(driven: list[Route]) -> None:
    rights = [drawn(one, (one,), driven[0]) for one in ACTIONS for _ in range(5)]
    wrongs = [drawn("left", ("right",), driven[0])] * 5
    taken = chosen([*rights, *wrongs], 6, seed=0)
    assert sorted(one.said for one in taken[:3]) == sorted(ACTIONS)
    assert all(one.said in one.right for one in taken[:3])
    assert len(taken) == 6
    assert not any(one.said in one.right for one in taken[3:])
    with pytest.raises(MakingError, match="wrong about 5 frames, and the study asks about 6"):
        chosen([*rights, *wrongs], 12, seed=0)


def test_what_is_asked_is_what_the_robot_was_asked(
    driven: list[Route], steering: Steering, tmp_path: Path
) -> None:
    journeys = drive(driven, by_truth, steering, "test", patience=0.3)
    found = list(frames(driven, journeys, steering))
    network = network_of(steering)
    images = network.prepare([picture(one.levels) for one in found])
    asked = network.asked([one.context for one in found])
    answers = [ACTIONS[n] for n in asked.predict(images).argmax(1).tolist()]
    assert answers == [one.said for one in found]
    assert all(one.right for one in found)
    write_frames(found[:2], tmp_path / "photos")
    written = sorted(one.name for one in (tmp_path / "photos").iterdir())
    assert written == ["0001.png", "0002.png", "annotations.json", "cases.csv", "maps"]
