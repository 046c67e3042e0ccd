"""Classes that keep something between passes, in another file than the modules that hold them."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from torch import Tensor, nn


class Memory:
    def __init__(self) -> None:
        self.hidden: Tensor | None = None
        self.seen: list[Tensor] = []
        self.turns = 0


@dataclass
class Belief:
    hidden: Tensor | None = None
    within: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Slotted:
    hidden: Tensor | None = None
    turns: int = 0


class Kind(Enum):
    KNOWN = "known"


class Keeper(nn.Module):
    """A module that a list of another one hides from its submodules."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("hidden", None)
        self.turns = 0
