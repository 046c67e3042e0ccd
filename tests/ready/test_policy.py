"""The ready study of a policy: its mazes and shortest ways, what is made, and what is measured."""

import csv
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from explainer import open_photo
from ready.measures import APART, table
from ready.policy import check, checks, policy, runs
from ready.policy.blind import most_often, of_place
from ready.policy.checks import (
    on,
    one_of_each_thing,
    painted_out,
    peak_cell,
    peaks,
    steps_of,
)
from ready.policy.frames import SHRUNK, TILE, cells_of, picture, shrunk, stacked, without_robot
from ready.policy.materials import Frame, Sizes, read_frames, write
from ready.policy.mazes import (
    ACTIONS,
    FORWARD,
    SIDE,
    Maze,
    State,
    after,
    mazes,
    parted,
    starts,
    ways,
)
from ready.policy.network import Policy, network_of, normalised
from ready.policy.runs import Game, play
from ready.policy.side_by_side import acts_right, alike, map_rows
from ready.policy.training import SEED, Lessons

SMALL = Sizes(taught=6, held_out=2, apart=20, along=1, early=4, steps=12)
MAZE = Maze(door=(3, 2), key=(1, 4), goal=(5, 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made") / "policy"
    write(made, SMALL)
    return made


def test_the_robot_moves_as_minigrid_moves_it() -> None:
    chance = random.Random(1)
    met = set()
    for number in range(6):
        maze = chance.choice(mazes())
        found = ways(maze)
        state = chance.choice(starts(maze))
        game = Game(maze, state)
        for _ in range(60):
            assert game.state == state
            action = chance.choice([*found.best(state), chance.randrange(len(ACTIONS))])
            met.add((number % 2, action))
            state = after(maze, state, action)
            game.act(action)
            if game.run.arrived:
                break
        assert game.run.arrived == (state.cell == maze.goal)
    assert {action for _, action in met} == set(range(len(ACTIONS)))


def test_a_shortest_way_fetches_the_key_opens_the_door_and_arrives() -> None:
    start = State((1, 1), 1)
    found = ways(MAZE)
    way = found.way(start, "1")
    names = [ACTIONS[action] for _, action in way]
    assert len(way) == found.steps[start] == 14
    assert (names.count("pick up"), names.count("open")) == (1, 1)
    assert found.best(State((1, 1), 3)) == (0, 1)  # turned round either way
    assert all(after(MAZE, state, action) in found.steps for state, action in way)


def test_no_frame_of_a_maze_that_is_held_out_can_be_seen_in_training() -> None:
    taught, held_out = parted(3, 40)
    assert len({*taught, *held_out}) == len(mazes()) == 1000
    assert len({maze.room for maze in held_out}) == 40

    def looks(some: list[Maze]) -> set[bytes]:
        taken = State((1, 1), 0, has_key=True)
        return {cells_of(maze, taken).tobytes() for maze in some}

    assert not looks(taught) & looks(held_out)


def test_the_network_learns_from_what_it_is_shown_in_a_study() -> None:
    grid = cells_of(MAZE, State((2, 2), 0, has_key=True))
    images = network_of(Policy()).prepare([picture(grid)])
    seen = network_of(Policy()).module.shrink(images)
    torch.testing.assert_close(seen, normalised(shrunk(stacked([grid]))), atol=1e-5, rtol=1e-4)


def test_what_is_made_holds_a_frame_of_each_maze_with_its_right_actions(folder: Path) -> None:
    frames = list(read_frames(folder))
    with (folder / "names.csv").open(encoding="utf-8") as file:
        classes = {row["name"]: row["classes"].split("|") for row in csv.DictReader(file)}
    assert {one.source for one in frames} == {"early", "late", "shortest way"}
    for one in frames:
        shown = open_photo((folder / "photos" / one.photo).read_bytes())
        assert shown.tobytes() == picture(cells_of(one.maze, one.state)).tobytes()
        assert classes[one.folder] == [ACTIONS[action] for action in one.right]
    assert {one.maze for one in frames} <= set(parted(SEED, SMALL.held_out)[1])
    assert len({(folder / "photos" / one.photo).read_bytes() for one in frames}) == len(frames)
    assert policy(folder / "early.safetensors").labels == ACTIONS


def test_the_early_policy_is_the_late_one_before_its_training_was_over(folder: Path) -> None:
    trained = {
        name: load_file(folder / f"{name}.safetensors")["look.1.num_batches_tracked"].item()
        for name in ("early", "late", "map_only")
    }
    assert trained == {"early": SMALL.early, "late": SMALL.steps, "map_only": SMALL.steps}


def test_what_was_cut_off_is_not_taken_for_whole(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "policy"
    with pytest.raises(ValueError, match="Sample larger than population"):
        write(broken, Sizes(taught=1, held_out=1, apart=-1, along=0, early=1, steps=1))
    assert not broken.exists()
    before = (folder / "early.safetensors").read_bytes()
    write(folder, SMALL)
    assert (folder / "early.safetensors").read_bytes() == before


def test_controls_see_only_what_they_are_named_for() -> None:
    here, there = State((1, 1), 0), State((1, 1), 1)
    grids = stacked([cells_of(MAZE, one) for one in (here, here, here, there)])
    best = torch.eye(len(ACTIONS), dtype=torch.bool)[[2, 2, 2, 0]]
    seen = Lessons(grids, best)
    elsewhere = stacked([cells_of(Maze((2, 5), (1, 5), (4, 4)), one) for one in (here, there)])
    assert most_often(seen)(elsewhere).tolist() == [FORWARD, FORWARD]
    assert of_place(seen)(elsewhere).tolist() == [FORWARD, 0]
    bare = without_robot(grids)
    assert torch.equal(bare[0], bare[3])


def test_a_network_that_looks_for_the_key_is_found_to_do_so(folder: Path) -> None:
    steps = [one for maze in mazes()[:40:8] for one in steps_of(maze)]
    frames = list(one_of_each_thing(steps))[::3]
    assert all(not one.state.has_key for one in frames)
    network = network_of(KeySeer())
    (found,) = painted_out(network, frames)
    assert found.score.value == 1
    images = network.prepare([picture(cells_of(one.maze, one.state)) for one in frames])
    yellow = images[:, 0] - images[:, 2]
    cells = [peak_cell(one) for one in yellow.clamp(min=0)]
    names = [one.maze.name for one in frames]
    assert on(cells, [one.maze.door for one in frames], names).value == 1


def test_peaks_are_held_against_random_weights_and_other_mazes() -> None:
    steps = [one for maze in mazes()[:400:300] for one in steps_of(maze)]
    frames = list(one_of_each_thing(steps))
    found = list(peaks([network_of(RobotSeer(), "seer")], frames))
    robot = [one for one in found if one.controls]
    assert len(robot) == len(checks.METHODS)
    for one in robot:
        assert one.score.value == 1, one.what
        assert all(control.value < 1 for control in one.controls.values()), one
    assert {one.score.value for one in found if one.what.endswith("comes next")} == {0}


class RobotSeer(nn.Module):
    """Its maps are of what is red."""

    def __init__(self) -> None:
        super().__init__()
        self.shrink = nn.AvgPool2d(SHRUNK)
        red = nn.Conv2d(3, 1, TILE // SHRUNK, TILE // SHRUNK)
        with torch.no_grad():
            red.weight[:] = torch.tensor([1.0, -1.0, -1.0])[:, None, None]
            red.bias.zero_()  # type: ignore[union-attr]
        self.relate = nn.Sequential(red, nn.ReLU())
        self.decide = nn.Linear(SIDE * SIDE, len(ACTIONS), bias=False)
        with torch.no_grad():
            self.decide.weight[:] = torch.eye(len(ACTIONS))[:, :1]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.decide(self.relate(self.shrink(images)).flatten(1))


class Middle(RobotSeer):
    """Its maps are of the corner of the maze, whatever stands there."""

    def __init__(self) -> None:
        super().__init__()
        self.relate = nn.Sequential(nn.AvgPool2d(TILE // SHRUNK), Corner(), nn.ReLU())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.decide(self.relate(self.shrink(images)).flatten(1))


class Corner(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        here = torch.zeros(SIDE, SIDE)
        here[0, 0] = 1
        return values.mean(1, keepdim=True) * 0 + here


class KeySeer(Policy):
    """Goes forward while there is yellow left of the door, and picks up otherwise."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        yellow = (images[:, 0] - images[:, 2]).clamp(min=0)[:, :, :128].mean((1, 2))
        return torch.stack([yellow * 0, yellow * 0, 99 * yellow, yellow * 0, yellow * 0], 1)


def test_every_measure_has_its_controls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "EXPLAINED", 1)
    monkeypatch.setattr(checks, "METHODS", ("hires_cam",))
    monkeypatch.setattr(runs, "MOST", 6)
    found = check(folder)
    names = {one.what: set(one.controls) for one in found}
    blind = {"most frequent action", "position only", "position, key and door only", "map only"}
    assert names["late policy: reaches the goal of a new maze"] == blind
    assert names["late policy: right action"] == {*blind, "last action"}
    peak = names["early, hires_cam: peak on the robot"]
    assert peak == {"map of another maze", "random weights"}
    assert "painted out" in table(found)
    for what in ("reaches the goal", "right action"):
        assert any(one.what.endswith(f": {what}") and one.controls == APART for one in found)


def test_policies_are_compared_step_by_step_and_by_their_maps(folder: Path) -> None:
    steps = [one for maze in mazes()[:200:100] for one in steps_of(maze)]
    best = {cells_of(one.maze, one.state).tobytes(): one.right[0] for one in steps}

    def right(grids: torch.Tensor) -> torch.Tensor:
        return torch.tensor([best[grid.numpy().tobytes()] for grid in grids])

    def wrong_at_first(grids: torch.Tensor) -> torch.Tensor:
        wrong = next(act for act in range(len(ACTIONS)) if act not in steps[0].right)
        return torch.cat([torch.tensor([wrong]), right(grids)[1:]])

    found = acts_right({"late": right, "early": wrong_at_first}, steps)
    assert found.score.value == pytest.approx(1 / len(steps))
    assert found.controls == APART

    frames = [Frame(one.maze, one.state, one.right, "late") for one in one_of_each_thing(steps)]
    networks = {"late": network_of(RobotSeer(), "late"), "early": network_of(Middle(), "early")}
    rows = {one.what: one.score.value for one in map_rows(networks, frames)}
    told = "the same right action, hires_cam: "
    assert rows[f"{told}both peaks in one cell"] == 0
    assert rows[f"{told}late's peak on the robot, less early's (no demand)"] == 1
    assert rows[f"{told}late's peak on what comes next, less early's (no demand)"] == 0


def test_only_frames_with_one_right_action_of_both_are_compared() -> None:
    frame = Frame(MAZE, State((1, 1), 3), (0, 1), "late")
    assert alike(frame, (1, 1))
    assert not alike(frame, (0, 1))
    assert not alike(frame, (2, 2))


def test_a_robot_that_only_turns_never_arrives() -> None:
    runs = play(lambda grids: torch.zeros(len(grids), dtype=torch.long), mazes()[:2])
    assert [run.arrived for run in runs] == [False, False]
