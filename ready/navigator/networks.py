"""The robot's networks, from their files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from explainer import Network, Preprocess, load_weights
from ready.navigator.behaviours import Steering, asked
from ready.navigator.frames import SIDE
from ready.navigator.localiser import Localiser
from ready.navigator.routes import ACTIONS

STEERING, LOCALISER, BLIND = (
    f"{name}.safetensors" for name in ("steering", "localiser", "blind-localiser")
)


def ask(module: nn.Module, images: Tensor, context: Sequence[Any]) -> Any:
    """An entry is {"behaviour": …, "memory": […]}, or that under `context`, beside the map, which
    is for people: the networks that steer get no map."""
    entries = [one.get("context", one) for one in context]
    behaviours, memories = asked(entries)
    return module(images, behaviours.to(images.device), memories.to(images))


def network_of(module: Steering) -> Network:
    preprocess = Preprocess(size=SIDE, resize=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    return Network(module, "seen", ACTIONS, preprocess, call=ask, name="steering")


def steering(weights: str) -> Network:
    """What turns the robot: the answer is an action, the case a view with what is to be done."""
    return network_of(read_steering(Path(weights)))


def read_steering(path: Path) -> Steering:
    module = Steering()
    load_weights(module, path)
    return module.eval()


def read_localiser(folder: Path, blind: bool = False) -> Localiser:
    module = Localiser(blind)
    load_weights(module, folder / (BLIND if blind else LOCALISER))
    return module.eval()
