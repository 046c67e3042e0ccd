"""What a module keeps between its passes is put back, and nothing found keeps a graph alive."""

import copy
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from explainer import ExplainerError, Network, explain
from explainer.laboratory.metrics import METRICS
from tests.explainer.small_networks import EVERY, QUICK, Convolutions, noise, seeded, small
from tests.running import at_once


class Policy(Convolutions):
    """Keeps its state, a count, what it saw, and a buffer that it changes in place."""

    def __init__(self) -> None:
        super().__init__(functional.relu)
        self.state: Tensor | None = None
        self.seen: list[Tensor] = []
        self.recent: deque[int] = deque(maxlen=2)
        self.maps: dict[str, list[Tensor]] = {"first": []}
        self.memory = SimpleNamespace(passes=0)
        self.passes = 0
        self.register_buffer("total", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        first = functional.relu(self.first(x))
        self.maps["first"].append(first)
        pooled = functional.adaptive_avg_pool2d(functional.relu(self.second(first)), 4)
        hidden = functional.relu(self.hidden(pooled.flatten(1)))
        self.state = hidden if self.state is None else hidden + 0.5 * self.state
        self.seen.append(hidden)
        self.passes += 1
        self.recent.append(self.passes)
        self.total += 1
        self.last = hidden
        return self.head(self.state) * self.total


@pytest.mark.parametrize("started", [False, True])
def test_a_module_with_a_state_of_its_own_is_left_as_it_was(started: bool) -> None:
    module, images = seeded(Policy), noise(2, 3, 9, 9)
    if started:
        with torch.no_grad():
            module(noise(1, 3, 9, 9, seed=5))
    state, total = module.state, module.total
    number, passes, recent = float(total), module.passes, list(module.recent)
    with torch.no_grad():
        expected = copy.deepcopy(module)(images)
    network = Network(module, "second")
    found = explain(network, images, [0, 1], EVERY, settings=QUICK)
    assert module.state is state
    assert module.total is total
    assert float(total) == number
    assert not total.requires_grad
    assert module.passes == passes
    assert list(module.recent) == recent
    assert len(module.seen) == len(module.maps["first"]) == passes
    assert hasattr(module, "last") == started
    torch.testing.assert_close(found.outputs, expected)  # one pass from the state, not two
    again = explain(network, images, [0, 1], EVERY, settings=QUICK)
    for method in EVERY:
        assert torch.equal(found[method], again[method]), method
    METRICS["average_drop"].compute(network, images, found["grad_cam"], [0, 1])
    network.predict(images)
    assert module.state is state
    assert module.passes == passes


def test_every_step_of_a_path_starts_from_the_same_state() -> None:
    module, images = seeded(Policy), noise(2, 3, 9, 9)
    network = Network(module, "second")
    settings = {"integrated_gradients": {"steps": 6}}
    whole = explain(network, images, [0, 1], ["integrated_gradients"], settings=settings)
    in_parts = explain(
        network, images, [0, 1], ["integrated_gradients"], settings=settings, memory=1
    )
    torch.testing.assert_close(
        in_parts["integrated_gradients"], whole["integrated_gradients"], rtol=1e-4, atol=1e-6
    )


def test_state_is_put_back_after_an_error_too() -> None:
    class Failing(Policy):
        def forward(self, x: Tensor) -> Tensor:
            super().forward(x)
            raise ValueError("no answer")

    module = seeded(Failing)
    with pytest.raises(ValueError, match="no answer"):
        explain(Network(module, "second"), noise(1, 3, 9, 9), [0])
    assert (module.state, module.passes, module.seen) == (None, 0, [])


def test_threads_take_turns_at_a_module_that_keeps_something() -> None:
    network = Network(seeded(Policy), "second")
    batches = [noise(2, 3, 9, 9, seed=seed) for seed in range(4)]
    expected = [explain(network, images, [0, 1])["grad_cam"] for images in batches]
    wrong: list[int] = []

    def run(number: int) -> None:
        for _ in range(10):
            found = explain(network, batches[number], [0, 1])["grad_cam"]
            if not torch.equal(found, expected[number]):
                wrong.append(number)

    at_once(4, run)
    assert wrong == []
    assert network.module.passes == 0


class Pair(NamedTuple):
    logits: Tensor
    map: Tensor


@dataclass(frozen=True)
class Answer:
    logits: Tensor
    more: dict[str, list[Tensor]]


class Output(OrderedDict):
    """As Hugging Face's: a mapping whose entries are attributes too."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        object.__setattr__(self, key, value)


FORMS: dict[str, tuple[Callable[[Tensor, Tensor], Any], Callable[[Any], Tensor]]] = {
    "dict": (lambda y, m: {"out": y, "maps": [m]}, lambda out: out["out"]),
    "tuple": (lambda y, m: (y, (m, "name")), lambda out: out[0]),
    "list": (lambda y, m: [y, {"m": m}], lambda out: out[0]),
    "named tuple": (Pair, lambda out: out.logits),
    "dataclass": (lambda y, m: Answer(y, {"maps": [m]}), lambda out: out.logits),
    "object": (lambda y, m: SimpleNamespace(y=y, m=m), lambda out: out.y),
    "mapping": (lambda y, m: Output(logits=y, map=m), lambda out: out.logits),
    "tensor": (lambda y, m: y[:, None], lambda out: out[:, 0]),
}


def found_in(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    parts: list[Any] = [*value.values()] if isinstance(value, dict) else []
    parts += [*value] if isinstance(value, (list, tuple)) else []
    parts += [*vars(value).values()] if hasattr(value, "__dict__") else []
    return [tensor for part in parts for tensor in found_in(part)]


@pytest.mark.parametrize("form", FORMS)
def test_what_a_network_gave_holds_no_graph_in_whatever_form(form: str) -> None:
    make, logits = FORMS[form]

    class Formed(Convolutions):
        def forward(self, x: Tensor) -> Any:
            return make(super().forward(x), self.first(x))

    network = Network(seeded(Formed, functional.relu), "second")
    images = noise(2, 3, 9, 9)
    outputs = explain(network, images, lambda out: logits(out)[:, 0], ["gradient"]).outputs
    assert type(outputs) is type(network.module(images))
    assert len(found_in(outputs)) >= 1
    for tensor in found_in(outputs):
        assert tensor.grad_fn is None
        assert not tensor.requires_grad
    torch.testing.assert_close(logits(outputs), logits(network.module(images)).detach())


def test_images_of_another_size_or_type_are_told() -> None:
    network = Network(small(), "second")
    for method in ("gradient", "grad_cam", "occlusion"):
        with pytest.raises(ExplainerError, match="size and channels that its preprocessing makes"):
            explain(network, noise(2, 1, 9, 9), [0, 1], [method])
        with pytest.raises(ExplainerError, match="images are float64, the weights float32"):
            explain(network, noise(2, 3, 9, 9).double(), [0, 1], [method])
