"""A layer that runs several times is explained at the run that its address names.

The reference is the same network with a module of its own for each run.
"""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import METHODS, ExplainerError, Network, explain, settings_digest
from explainer.methods.base import Method
from explainer.passes.layers import address_of
from tests.explainer.layered_networks import Again, Siamese
from tests.explainer.small_networks import QUICK, noise, seeded


class Apart(nn.Module):
    """The pair of photos, each by an encoder of its own."""

    def __init__(self, of: Siamese) -> None:
        super().__init__()
        self.first, self.second = copy.deepcopy(of.encoder), copy.deepcopy(of.encoder)
        self.classes = of.classes

    def forward(self, x: Tensor) -> Tensor:
        pair = [self.first(x[:, :3]).mean((2, 3)), self.second(x[:, 3:]).mean((2, 3))]
        return self.classes(torch.cat(pair, 1))


class Unrolled(nn.Module):
    """The block that runs three times, as three blocks."""

    def __init__(self, of: Again) -> None:
        super().__init__()
        self.stem, self.classes = of.stem, of.classes
        self.blocks = nn.ModuleList(copy.deepcopy(of.block) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = torch.relu(block(x)) + x
        return self.classes(x.mean((2, 3)))


class Looped(nn.Module):
    """Patches through one block of attention, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.classes = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.classes(self.block(self.block(tokens)).square().mean(1))


class LoopedApart(nn.Module):
    def __init__(self, of: Looped) -> None:
        super().__init__()
        self.patches, self.classes = of.patches, of.classes
        self.first, self.second = copy.deepcopy(of.block), copy.deepcopy(of.block)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.classes(self.second(self.first(tokens)).square().mean(1))


def is_of_one_map(method: Method) -> bool:
    return method.layer == "map" and not method.refuse


# Re-drawn weights are one block's here, and two blocks' there.
METHODS_OF_A_MAP = [
    name for name, m in METHODS.items() if is_of_one_map(m) and name != "random_weights"
]
PAIRS = {
    "siamese, first": (Siamese, Apart, 6, "encoder:0", "first"),
    "siamese, second": (Siamese, Apart, 6, "encoder:1", "second"),
    "siamese, last": (Siamese, Apart, 6, "encoder:last", "second"),
    "siamese, inside": (Siamese, Apart, 6, "encoder.0:0", "first.0"),
    "recurrent, first": (Again, Unrolled, 3, "block:0", "blocks.0"),
    "recurrent, middle": (Again, Unrolled, 3, "block:1", "blocks.1"),
    "recurrent, a call": (Again, Unrolled, 3, "block:1 > relu", "blocks.1 > relu"),
    "recurrent, last": (Again, Unrolled, 3, "block:2", "blocks.2"),
    "tokens, first": (Looped, LoopedApart, 3, "block:0", "first"),
    "tokens, second": (Looped, LoopedApart, 3, "block:1", "second"),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_map_of_a_run_is_that_of_a_layer_of_its_own(pair: str) -> None:
    make, apart, channels, run, layer = PAIRS[pair]
    module = seeded(make)
    images = noise(3, channels, 20, 20)
    methods = [name for name in METHODS_OF_A_MAP if make is not Looped or fits_tokens(name)]
    settings = {name: own for name, own in QUICK.items() if name in methods}
    for memory in (None, 1):
        asked: dict[str, Any] = {"settings": settings, "memory": memory}
        if memory and "other_image" in methods:
            methods.remove("other_image")  # it looks at the whole batch
        found = explain(Network(module, run), images, [1, 2, 0], methods, **asked)
        expected = explain(
            Network(apart(module).eval(), layer), images, [1, 2, 0], methods, **asked
        )
        assert found.layer == run
        for name in methods:
            torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-6)


def fits_tokens(name: str) -> bool:
    return not METHODS[name].needs_relu


def test_the_gradient_of_a_run_is_worked_by_hand() -> None:
    module, images = seeded(Siamese), noise(2, 6, 12, 12)
    first = module.encoder(images[:, :3]).detach().requires_grad_()
    second = module.encoder(images[:, 3:]).detach()
    scores = module.classes(torch.cat([first.mean((2, 3)), second.mean((2, 3))], 1))
    (gradient,) = torch.autograd.grad(scores[[0, 1], [1, 2]].sum(), first)
    expected = (gradient.mean((2, 3), keepdim=True) * first).sum(1).relu()
    found = explain(Network(module, "encoder:0"), images, [1, 2])
    torch.testing.assert_close(found["grad_cam"], expected.detach())


@pytest.mark.parametrize("layer", [None, "encoder", "encoder.0"])
def test_a_layer_that_stands_for_two_photos_is_refused_with_the_names_of_its_runs(
    layer: str | None,
) -> None:
    name = layer or "encoder"
    said = rf'name one of its runs \(layer="{name}:0", layer="{name}:1"\), or name a layer after'
    with pytest.raises(ExplainerError, match=said):
        explain(Network(seeded(Siamese)), noise(2, 6, 12, 12), [1, 2], layer=layer)


def test_a_run_that_never_comes_is_refused_with_how_many_there_are() -> None:
    for run in ("encoder:2", "encoder:17"):
        said = f'"encoder" runs 2 times in the forward pass, so there is no "{run}": count'
        with pytest.raises(ExplainerError, match=said):
            explain(Network(seeded(Siamese), run), noise(1, 6, 12, 12), [1])


def test_an_address_names_runs_by_whole_numbers() -> None:
    module = seeded(Siamese)
    assert address_of(module, " encoder:01 > relu") == "encoder:1 > relu"
    assert address_of(module, "encoder:last") == "encoder:last"
    for run in ("first", "-1", "", "1.0"):
        with pytest.raises(
            ExplainerError, match=r'no layer named|layer "encoder" has no run .*: c'
        ):
            address_of(module, f"encoder:{run}")
    with pytest.raises(ExplainerError, match='no layer named "encodr": did you mean'):
        address_of(module, "encodr:0")


def test_a_module_may_have_a_name_that_looks_like_a_run() -> None:
    module = nn.Sequential()
    module.add_module("conv:0", nn.Conv2d(3, 4, 3))
    module.add_module("pool", nn.AdaptiveAvgPool2d(1))
    module.add_module("flat", nn.Flatten())
    found = explain(Network(module.eval(), "conv:0"), noise(1, 3, 9, 9), [1])
    plain = nn.Sequential(*module).eval()
    expected = explain(Network(plain, "0"), noise(1, 3, 9, 9), [1])
    torch.testing.assert_close(found["grad_cam"], expected["grad_cam"])
    assert address_of(module, "conv:0:0") == "conv:0:0"
    runs = explain(Network(module.eval(), "conv:0:0"), noise(1, 3, 9, 9), [1])
    torch.testing.assert_close(runs["grad_cam"], expected["grad_cam"])


def test_runs_of_a_layer_have_digests_of_their_own() -> None:
    digests = {
        settings_digest(Network(seeded(Siamese), layer), "grad_cam")
        for layer in ("encoder", "encoder:0", "encoder:1", "encoder:last")
    }
    assert len(digests) == 4
