"""Further passes may lay their images channels last, where that changes no answer."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import Network, explain
from explainer.networks.channels_last import bears_both, laid_out
from tests.explainer.pretended_card import PretendedCard
from tests.explainer.small_networks import noise, seeded, small

METHODS = ("score_cam", "group_cam", "occlusion", "smooth_grad", "integrated_gradients")
SETTINGS = {"occlusion": {"patch": 8, "stride": 4}, "smooth_grad": {"samples": 6},
            "integrated_gradients": {"steps": 6}}  # fmt: skip


class Reading(nn.Module):
    """A network that reads a map's memory: by `view`, or by strides that it takes for granted."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.first, self.classes, self.how = nn.Conv2d(3, 6, 4, 4), nn.Linear(6 * 16, 5), how

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        if self.how == "view":
            x = x.view(len(x), -1)
        elif self.how == "strides":
            x = torch.as_strided(x, (len(x), 96), (96, 1))
        elif self.how == "gradient":
            x = Mixing.apply(x).flatten(1)
        return self.classes(x.flatten(1))


class Mixing(torch.autograd.Function):
    """Passes its input on; its gradient takes the strides of that for its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.strides = x.stride()
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return torch.as_strided(gradient.contiguous(), gradient.shape, ctx.strides).clone()


def layouts(module: nn.Module) -> list[bool]:
    """Whether the images of each pass of several lie channels last."""
    seen: list[bool] = []

    def look(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        last = args[0].is_contiguous(memory_format=torch.channels_last)
        seen.append(last and not args[0].is_contiguous())

    module.register_forward_pre_hook(look)
    return seen


@pytest.mark.parametrize("graph", [False, True])
def test_images_lie_channels_last_and_keep_their_values(graph: bool) -> None:
    images = noise(3, 3, 24, 24)
    found = laid_out(Network(small()), images, graph=graph)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(found, images)


@pytest.mark.parametrize("how", ["view", "strides"])
def test_a_network_that_reads_memory_gets_its_images_as_they_were(how: str) -> None:
    network, images = Network(seeded(Reading, how)), noise(2, 3, 16, 16)
    assert all(laid_out(network, images, graph=graph) is images for graph in (False, True))


def test_a_gradient_by_the_order_in_memory_is_noticed() -> None:
    network, images = Network(seeded(Reading, "gradient")), noise(2, 3, 16, 16)
    assert laid_out(network, images, graph=False) is not images
    assert laid_out(network, images, graph=True) is images


def test_nothing_is_told_from_answers_that_are_alike_for_all_images() -> None:
    network, images = Network(seeded(Reading, "flatten")), noise(2, 3, 16, 16)
    with torch.no_grad():
        network.module.get_parameter("classes.weight").zero_()
    assert laid_out(network, images, graph=False) is images


def test_one_image_and_other_types_stay_as_they_are() -> None:
    network = Network(small())
    for images in (noise(1, 3, 24, 24), noise(2, 3, 24, 24).double()):
        assert laid_out(network, images, graph=True) is images


def test_the_maps_of_many_passes_are_those_of_passes_one_by_one() -> None:
    network, images = Network(small(), "second"), noise(2, 3, 24, 24)
    many = explain(network, images, [1, 2], METHODS, settings=SETTINGS)
    seen = layouts(network.module)
    one = explain(network, images, [1, 2], METHODS, settings=SETTINGS, memory=1)
    assert not any(seen)
    for method in METHODS:
        scale = float(one[method].abs().max())
        torch.testing.assert_close(many[method], one[method], rtol=0, atol=1e-5 * scale)


def test_further_passes_of_several_images_are_channels_last() -> None:
    network, images = Network(small(), "second"), noise(2, 3, 24, 24)
    for method in METHODS:
        explain(network, images, [1, 2], [method], settings=SETTINGS)  # what is found once
        seen = layouts(network.module)
        explain(network, images, [1, 2], [method], settings=SETTINGS)
        assert any(seen), method
        network.module._forward_pre_hooks.clear()


@pytest.mark.parametrize("graph", [False, True])
def test_the_check_runs_where_the_images_lie(graph: bool) -> None:
    network, images = Network(small()), noise(2, 3, 24, 24).to("meta")
    network.module.to("meta")
    with (
        PretendedCard() as card
    ):  # refuses calls on tensors of two devices, which the check notices
        assert bears_both(network.of([0, 1]), images, graph=graph)
    assert card.sent == 0
    assert laid_out(network, images, graph=graph) is images
