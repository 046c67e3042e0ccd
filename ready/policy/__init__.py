"""A policy that fetches a key, opens a door and goes to a goal, seen frame by frame.

`python -m ready make policy` writes var/demo/policy, which is all that
`fixtures/studies/policy.toml` names: `late.safetensors` and `early.safetensors`, one training at
its end and before its middle; `photos`, a frame of each maze that was held out, in folders named by
the actions that are right in it; `names.csv`, what these names mean. `frames.csv` says whose run a
frame is of; `map_only.safetensors` is a network that never saw the robot, for `check`.
"""

from pathlib import Path

from explainer import Network, load_weights
from ready.measures import Measured

from .network import Policy, network_of


def policy(weights: Path) -> Network:
    """The network of a study: a frame of 448×448 pixels, and five actions."""
    module = Policy()
    load_weights(module, weights)
    return network_of(module, weights.stem)


def make(folder: Path) -> None:
    """Some two minutes."""
    from .materials import FULL, write

    write(folder, FULL)


def check(folder: Path) -> list[Measured]:
    """Some minutes."""
    from .checks import measured
    from .side_by_side import compared

    return [*measured(folder), *compared(folder)]
