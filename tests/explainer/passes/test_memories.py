"""Wherever a module keeps its state, every pass begins with the state that it was given with."""

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explainer import ExplainerError, Network, explain
from tests.explainer.room_of_memories import Belief, Keeper, Kind, Memory, Slotted
from tests.explainer.small_networks import QUICK, noise, seeded

METHODS = ["grad_cam", "occlusion", "smooth_grad", "integrated_gradients"]


class Policy(nn.Module):
    """Mixes what it saw before into what it sees, by `turn`."""

    def __init__(self, turn: Callable[[Any, Tensor], Tensor], keeps: dict[str, Any]) -> None:
        super().__init__()
        self.first, self.classes = nn.Conv2d(3, 6, 3), nn.Linear(6, 5)
        self.turn = turn
        for name, value in keeps.items():
            setattr(self, name, value)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.relu(self.first(x)).mean((2, 3))
        return self.classes(self.turn(self, seen))


def mixed(room: Any, name: str, seen: Tensor) -> Tensor:
    before = getattr(room, name)
    now = seen if before is None else torch.tanh(seen + before.mean(0))
    setattr(room, name, now)
    return now


def in_memory(module: Any, seen: Tensor) -> Tensor:
    module.memory.turns += 1
    module.memory.seen.append(seen)
    return mixed(module.memory, "hidden", seen) * module.memory.turns


def in_belief(module: Any, seen: Tensor) -> Tensor:
    within = module.belief.within.setdefault("turns", [])
    within.append(seen)
    return mixed(module.belief, "hidden", seen) * len(within)


def in_slots(module: Any, seen: Tensor) -> Tensor:
    module.slots.turns += 1
    return mixed(module.slots, "hidden", seen) * module.slots.turns


class Private:
    """Its slots have other names than they are given."""

    __slots__ = ("__turns",)

    def __init__(self) -> None:
        self.__turns = 0

    def turn(self) -> int:
        self.__turns += 1
        return self.__turns


class Under(Slotted):
    """Has a dictionary, and the slots of the class above."""


def in_private_slots(module: Any, seen: Tensor) -> Tensor:
    turns: int = module.slots.turn()
    return seen * turns


def in_a_list(module: Any, seen: Tensor) -> Tensor:
    keeper = module.hidden_modules[0]
    keeper.turns += 1
    return mixed(keeper, "hidden", seen) * keeper.turns


def with_a_helper(module: Any, seen: Tensor) -> Tensor:
    """The helper knows the memory as the module does: both have to see one and the same."""
    assert module.helpers["same"] is module.memory
    module.helpers["same"].turns += 1
    return mixed(module.memory, "hidden", seen) * module.memory.turns


def by_torch(module: Any, seen: Tensor) -> Tensor:
    return seen + torch.randn(6, generator=module.generator)


def by_python(module: Any, seen: Tensor) -> Tensor:
    return seen + module.draw.random()


def by_numpy(module: Any, seen: Tensor) -> Tensor:
    return seen + float(module.draw.normal())


def by_a_new_layer(module: Any, seen: Tensor) -> Tensor:
    turns = sum(name.startswith("turn_") for name in module._modules)
    module.add_module(f"turn_{turns}", nn.Identity())
    module.register_parameter(f"weight_{turns}", nn.Parameter(torch.ones(1)))
    return seen * (turns + 1)


KEPT: dict[str, tuple[Callable[[Any, Tensor], Tensor], Callable[[], dict[str, Any]]]] = {
    "object of another file": (in_memory, lambda: {"memory": Memory(), "kind": Kind.KNOWN}),
    "dataclass": (in_belief, lambda: {"belief": Belief()}),
    "slots": (in_slots, lambda: {"slots": Slotted()}),
    "private slots": (in_private_slots, lambda: {"slots": Private()}),
    "slots and a dictionary": (in_slots, lambda: {"slots": Under()}),
    "module in a list": (in_a_list, lambda: {"hidden_modules": [Keeper()]}),
    "an object that two know": (
        with_a_helper,
        lambda: (lambda memory: {"memory": memory, "helpers": {"same": memory}})(Memory()),
    ),
    "torch's generator": (by_torch, lambda: {"generator": torch.Generator().manual_seed(1)}),
    "Python's generator": (by_python, lambda: {"draw": random.Random(1)}),
    "NumPy's generator": (by_numpy, lambda: {"draw": np.random.default_rng(1)}),
    "NumPy's old generator": (by_numpy, lambda: {"draw": np.random.RandomState(1)}),
    "layers and weights": (by_a_new_layer, dict),
}


@pytest.mark.parametrize("kind", KEPT)
def test_every_pass_begins_with_the_state_that_was_given(kind: str) -> None:
    turn, keeps = KEPT[kind]
    module, images = seeded(Policy, turn, keeps()), noise(2, 3, 9, 9)
    with torch.no_grad():
        expected = copy.deepcopy(module)(images)
    network = Network(module, "first")
    settings = {name: own for name, own in QUICK.items() if name in METHODS}
    once, again = (explain(network, images, [1, 2], METHODS, settings=settings) for _ in range(2))
    parted = explain(network, images, [1, 2], METHODS, settings=settings, memory=1)
    torch.testing.assert_close(once.outputs, expected)
    for method in METHODS:
        assert torch.equal(once[method], again[method]), method
        torch.testing.assert_close(parted[method], once[method], rtol=1e-4, atol=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(network.predict(images), expected)
        torch.testing.assert_close(module(images), expected)


def test_an_object_that_is_kept_stays_the_same_object() -> None:
    module = seeded(Policy, in_memory, {"memory": Memory(), "kind": Kind.KNOWN})
    memory, seen = module.memory, module.memory.seen
    met: list[Any] = []
    module.register_forward_pre_hook(lambda module, args: met.append(module.memory))
    explain(Network(module, "first"), noise(2, 3, 9, 9), [1, 2], METHODS, settings=QUICK)
    assert {id(one) for one in met} == {id(memory)}
    assert module.memory is memory
    assert module.memory.seen is seen
    assert (memory.turns, memory.hidden, seen) == (0, None, [])
    assert module.kind is Kind.KNOWN


def test_a_pass_that_changes_weights_is_refused() -> None:
    def learning(module: Any, seen: Tensor) -> Tensor:
        with torch.no_grad():
            module.classes.weight.add_(0.1)
        return seen

    network = Network(seeded(Policy, learning, {}), "first")
    said = r'changes its weights "weight" \(Linear\) while it runs: let it work on a copy'
    with pytest.raises(ExplainerError, match=said):
        explain(network, noise(1, 3, 9, 9), [1])
    with pytest.raises(ExplainerError, match=said):
        network.predict(noise(1, 3, 9, 9))


def test_a_pass_that_changes_weights_and_then_puts_others_in_their_place_is_refused() -> None:
    def swapping(module: Any, seen: Tensor) -> Tensor:
        weight = module.classes.weight
        with torch.no_grad():
            weight.mul_(1.5)
        module.classes.weight = nn.Parameter(weight.detach().clone())
        return seen

    network = Network(seeded(Policy, swapping, {}), "first")
    with pytest.raises(ExplainerError, match=r'changes its weights "weight" \(Linear\)'):
        explain(network, noise(1, 3, 9, 9), [1])


def test_words_whose_length_is_limited_are_no_change_of_weights() -> None:
    def worded(module: Any, seen: Tensor) -> Tensor:
        return seen + module.words(torch.zeros(len(seen), dtype=torch.long))

    network = Network(seeded(Policy, worded, {"words": nn.Embedding(2, 6, max_norm=1.0)}), "first")
    explain(network, noise(1, 3, 9, 9), [1])


def state_in(module: nn.Module, images: Tensor, context: Any) -> Any:
    for entry in context:
        entry["hidden"].add_(1)
    return module(images) + torch.stack([entry["hidden"] for entry in context])


def state_put(module: nn.Module, images: Tensor, context: Any) -> Any:
    found = module(images)
    for entry, row in zip(context, found, strict=True):
        entry["hidden"] = row.detach()
    return found


def state_grown(module: nn.Module, images: Tensor, context: Any) -> Any:
    for entry in context:
        entry["turns"].append(1)
    return module(images) * len(context[0]["turns"])


def state_of_an_object(module: nn.Module, images: Tensor, context: Any) -> Any:
    for entry in context:
        entry["belief"].hidden = torch.ones(1)
    return module(images)


@pytest.mark.parametrize("call", [state_in, state_put, state_grown, state_of_an_object])
def test_a_call_that_changes_its_context_is_refused(call: Any) -> None:
    network = Network(seeded(Policy, lambda module, seen: seen, {}), "first", call=call)
    context = [{"hidden": torch.zeros(5), "turns": [], "belief": Belief()} for _ in range(2)]
    for method in ("grad_cam", "occlusion"):
        with pytest.raises(ExplainerError, match=r"changes an entry of its context.*change a copy"):
            explain(network, noise(2, 3, 9, 9), [1, 2], [method], context=context)
    with pytest.raises(ExplainerError, match="changes an entry of its context"):
        network.asked(context[:1]).predict(noise(1, 3, 9, 9))
