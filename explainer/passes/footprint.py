"""How much memory one image's pass takes, so that chunks can be cut to a budget."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .layers import tensors_in
from .state import passing

BUDGET = 512 * 2**20
# Larger blocks go back to the kernel after each use (glibc's M_MMAP_THRESHOLD is at most 32 MB).
# Fetching them again costs more than larger batches win: EfficientNet-Lite took three times as
# long.
KEPT_BLOCK = 24 * 2**20
# On a card, kernels count a tensor's places in 32 bits.
LARGEST_ON_CARD = 2**31
MOST_KEPT = 1000  # no network that we know keeps more than some 500 times its input's bytes
ALIVE_AT_ONCE = 4  # a layer's input and output, a skip, and the convolution's work space


@dataclass(frozen=True)
class Footprint:
    """Bytes of one image's forward pass: `largest` of one tensor, `total` of all of them.

    `weights`: bytes that every pass reads beside them, however many images it has.
    """

    largest: int
    total: int
    on_cpu: bool = True
    weights: int = 0

    def images_within(self, budget: int, *, graph: bool) -> int:
        """How many images `budget` bytes hold, at least one; with `graph`, all tensors stay.

        No more than keep the largest tensor within KEPT_BLOCK, on a card within LARGEST_ON_CARD.
        """
        most = self.held_by(budget, graph=graph)
        largest = KEPT_BLOCK if self.on_cpu else LARGEST_ON_CARD
        return max(1, min(most, largest // max(1, self.largest)))

    def sharing_a_pass(self, budget: int, *, graph: bool) -> int:
        """How many of a batch's images go through the first pass together, at least one.

        On a processor and without a graph no more than keep the largest tensor within KEPT_BLOCK,
        or than give a part as many bytes as the weights have, if that is more.
        """
        most = self.held_by(budget, graph=graph)
        if graph or not self.on_cpu:
            return most
        worth_reading = -(-self.weights // max(1, self.total))
        return max(1, min(most, max(KEPT_BLOCK // max(1, self.largest), worth_reading)))

    def held_by(self, budget: int, *, graph: bool) -> int:
        """How many images `budget` bytes hold, whatever the allocator does with large blocks."""
        each = self.total if graph else ALIVE_AT_ONCE * self.largest
        return max(1, budget // max(1, each))


class _Ledger(TorchFunctionMode):
    """Adds up what each call of the pass gives."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = [0]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.sizes += [tensor.nbytes for tensor in tensors_in((out,))]
        return out


def footprint(
    module: nn.Module, image: Tensor, run: Callable[[Tensor], Any]
) -> tuple[Footprint, Any]:
    """Measured by one forward pass of `image` (1×C×H×W), without a graph; and what it gave.

    `run` runs the module on images.
    """
    with torch.no_grad(), passing(module), _Ledger() as ledger:
        outputs = run(image.clone())
    weights = sum(one.nbytes for one in module.parameters())
    on_cpu = image.device.type == "cpu"
    found = Footprint(max(ledger.sizes), sum(ledger.sizes), on_cpu, weights)
    return found, outputs
