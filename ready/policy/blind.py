"""What chooses actions without seeing all of a frame: controls that a policy has to beat."""

import torch
from torch import Tensor

from .frames import THINGS, without_robot
from .mazes import STEPS
from .network import Policy
from .training import Choose, Lessons, chosen

POSES = len(STEPS) + 1


def most_often(seen: Lessons) -> Choose:
    """Always the action that is most often right."""
    return _table(seen, lambda grids: torch.zeros(len(grids), dtype=torch.long), 1)


def of_place(seen: Lessons) -> Choose:
    """By the robot's cell and direction alone."""
    return _table(seen, _place, seen.grids[0].numel() * POSES)


def of_place_and_deeds(seen: Lessons) -> Choose:
    """By the robot's cell and direction, whether it has the key, and how the door is; not by where
    key, door and goal are."""

    def told(grids: Tensor) -> Tensor:
        key, shut, opened = (_holds(grids, thing) for thing in ("key", "shut", "open"))
        return ((_place(grids) * 2 + key) * 2 + shut) * 2 + opened

    return _table(seen, told, seen.grids[0].numel() * POSES * 8)


def map_only(module: Policy) -> Choose:
    """By everything but the robot: a network that learnt without it."""
    return lambda grids: chosen(module, without_robot(grids))


def _place(grids: Tensor) -> Tensor:
    flat = grids.flatten(1).long()
    cell = (flat % POSES).argmax(1)
    return cell * POSES + flat.gather(1, cell[:, None])[:, 0] % POSES


def _holds(grids: Tensor, thing: str) -> Tensor:
    return (grids // POSES == THINGS.index(thing)).flatten(1).any(1).long()


def _table(seen: Lessons, read: Choose, size: int) -> Choose:
    """The action that was right most often where `read` gave the same number; of numbers that were
    never met, the one that was right most often in all."""
    right = seen.best.float()
    counts = torch.zeros(size, right.shape[1]).index_add(0, read(seen.grids), right)
    counts += 1e-6 * right.sum(0) / right.sum()
    best = counts.argmax(1)
    return lambda grids: best[read(grids)]
