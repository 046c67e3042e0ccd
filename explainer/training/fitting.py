"""The steps of a training, each decided by the seed and its own number alone.

So a training that was stopped at any step goes on as if it had not been: a checkpoint needs the
weights, the optimiser's state and the step.
"""

import io
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from explainer.errors import ExplainerError
from explainer.passes.devices import device_of
from explainer.passes.targets import Probabilities

from .features import Features, written

EVERY = 10.0  # seconds between checkpoints


@dataclass(frozen=True)
class Pace:
    """How a training runs: passes over the photos, photos a step, the highest rate, the penalty on
    the squared weights, and the seed of all that is drawn."""

    epochs: int
    batch: int
    rate: float
    l2: float
    seed: int

    def __post_init__(self) -> None:
        for name, value in (("epochs", self.epochs), ("batch", self.batch)):
            if value < 1:
                raise ExplainerError(f"{name}={value}", "use a whole number above 0")
        if not 0 <= self.seed < 2**63:
            raise ExplainerError(f"seed={self.seed}", "use a whole number, 0 or more")
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise ExplainerError(f"rate={self.rate:g}", "use a number above 0, such as 0.01")
        if not (self.l2 >= 0 and math.isfinite(self.l2)):
            raise ExplainerError(f"l2={self.l2:g}", "use a number from 0, such as 0.001")

    def steps(self, photos: int) -> int:
        return self.epochs * math.ceil(photos / self.batch)

    def rate_at(self, step: int, steps: int) -> float:
        """From the highest rate down to 0, by half a cosine."""
        return self.rate * 0.5 * (1 + math.cos(math.pi * step / steps))

    def taken(self, step: int, photos: int) -> Tensor:
        """The places of the photos of a step: those of an epoch in an order of its own."""
        epoch, place = divmod(step, math.ceil(photos / self.batch))
        order = torch.randperm(photos, generator=_generator(self.seed, epoch))
        return order[place * self.batch : (place + 1) * self.batch]


def _generator(seed: int, number: int) -> torch.Generator:
    return torch.Generator().manual_seed(_mixed(seed, number))


def _mixed(seed: int, number: int) -> int:
    return (seed * 1_000_003 + number) % 2**63


def fit(
    rest: nn.Module,
    features: Features,
    answers: Tensor,
    pace: Pace,
    *,
    probabilities: Probabilities,
    checkpoint: Path,
    every: float,
) -> Iterator[tuple[int, float]]:
    """Train `rest` in place by Adam; yields the number of steps done, and the loss of the last.

    `answers`: N×classes of 1 and 0, −1 where it is not judged. The state is kept in the file
    `checkpoint` every so many seconds; where it is there already, the training goes on from it.
    Batch normalisation keeps its statistics, dropout drops. In evaluation mode afterwards.
    """
    optimiser = torch.optim.Adam(rest.parameters(), lr=pace.rate)
    done = _taken_up(checkpoint, rest, optimiser)
    steps, device = pace.steps(len(features)), device_of(rest)
    saved = time.monotonic()
    rest.train()
    for child in rest.modules():
        if isinstance(child, _BatchNorm):
            child.eval()
    for step in range(done, steps):
        taken = pace.taken(step, len(features))
        for group in optimiser.param_groups:
            group["lr"] = pace.rate_at(step, steps)
        with _reproducible(_mixed(pace.seed, step), device):
            scores = rest(features.at(taken).to(device))
            loss = loss_of(scores, answers[taken].to(device), probabilities)
            optimiser.zero_grad()
            penalised: Any = loss + pace.l2 / 2 * _squares(rest)
            penalised.backward()
            optimiser.step()
        if not math.isfinite(loss.item()):
            raise ExplainerError(
                f"the loss is not finite after {step + 1} steps", "train with a lower --rate"
            )
        if time.monotonic() - saved >= every:
            _keep(checkpoint, rest, optimiser, step + 1)
            saved = time.monotonic()
        yield step + 1, loss.item()
    rest.eval()


def loss_of(scores: Tensor, answers: Tensor, probabilities: Probabilities) -> Tensor:
    """The mean cross entropy; of sigmoids, that of the classes that are judged."""
    if probabilities == "softmax":
        return functional.cross_entropy(scores, answers.argmax(1))
    judged = (answers >= 0).to(scores.dtype)
    wanted = answers.clamp(min=0).to(scores.dtype)
    each = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    return (each * judged).sum() / judged.sum().clamp(min=1)


def _squares(rest: nn.Module) -> Tensor:
    """The sum of all squared weights, without biases and scales."""
    squares = [values.square().sum() for values in rest.parameters() if values.dim() > 1]
    return torch.stack(squares).sum()


@contextmanager
def _reproducible(seed: int, device: torch.device) -> Iterator[None]:
    """What is drawn inside follows from the seed, and sums are added in one order."""
    before = torch.are_deterministic_algorithms_enabled()
    cards = [device] if device.type == "cuda" else []
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=cards):
            torch.manual_seed(seed)
            yield
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        raise ExplainerError(
            f"the card can't repeat a step to the bit ({str(error).splitlines()[0]})",
            "train the head, or give --device cpu",
        ) from error
    finally:
        torch.use_deterministic_algorithms(before)


def _keep(checkpoint: Path, rest: nn.Module, optimiser: torch.optim.Adam, step: int) -> None:
    out = io.BytesIO()
    state = {"step": step, "rest": rest.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save(state, out)
    written(checkpoint, out.getvalue())


def _taken_up(checkpoint: Path, rest: nn.Module, optimiser: torch.optim.Adam) -> int:
    """Fill both from the checkpoint, if it is there; the steps that were done."""
    if not checkpoint.exists():
        return 0
    try:
        state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
        rest.load_state_dict(state["rest"])
        optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])
    except Exception as error:  # whatever damaged bytes do to a reader of pickles
        raise ExplainerError(
            f"{checkpoint} can't be read as a checkpoint", f"remove {checkpoint.parent}"
        ) from error


class Scale:
    """Features of photos moved to the mean 0 and divided by one number, their root mean square.

    So the same penalty and rate do for every trunk; `folded_into` gives the layer that does the
    same to features as they are.
    """

    def __init__(self, features: Features) -> None:
        assert features.kept is not None
        values = features.kept.double()
        self.mean = values.mean(0)
        self.size = float((values - self.mean).square().mean().sqrt()) or 1.0
        features.kept = ((values - self.mean) / self.size).float()

    @torch.no_grad()
    def folded_into(self, layer: nn.Linear) -> None:
        weight = layer.weight.double() / self.size
        if layer.bias is not None:
            layer.bias.sub_((weight @ self.mean.to(weight.device)).to(layer.bias.dtype))
        layer.weight.copy_(weight)
