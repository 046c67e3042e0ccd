"""What moves a map: each choice that the papers leave open is held where methods.md pins it."""

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import Network, explain, load_network
from explainer.pictures.resizing import resize
from tests.explainer.references import layer_and_gradient
from tests.explainer.small_networks import noise

SIZE = (96, 96)
CLASS = 7


@cache
def network() -> Network:
    """AlexNet without in-place calls, so that a hook can see the convolution and its ReLU."""
    found = load_network("alexnet", weights=None, seed=2)
    for child in found.module.modules():
        if isinstance(child, nn.ReLU):
            child.inplace = False
    return found


def image() -> Tensor:
    return noise(1, 3, *SIZE, seed=4)


def coarse(layer: str = "features.11", *, probability: bool = False) -> Tensor:
    """Σ_k α_k A^k before any ReLU, 1×u×v, by hook and `.backward()`."""
    module = network().module
    twin = nn.Sequential(module, nn.Softmax(1)) if probability else module
    A, g = layer_and_gradient(twin, module.get_submodule(layer), image()[0], CLASS)
    alpha = torch.from_numpy(g).mean((1, 2), keepdim=True)
    return (alpha * torch.from_numpy(A)).sum(0, keepdim=True)


def enlarged(map: Tensor, **how: object) -> Tensor:
    settings = {"mode": "bilinear", "align_corners": False} | how
    return functional.interpolate(map[:, None], size=SIZE, **settings)[:, 0]


def stretched(map: Tensor) -> Tensor:
    return (map - map.min()) / (map.max() - map.min())


OTHERS: dict[str, Callable[[], Tensor]] = {
    "aligned corners": lambda: enlarged(torch.relu(coarse()), align_corners=True),
    "nearest neighbours": lambda: enlarged(
        torch.relu(coarse()), mode="nearest", align_corners=None
    ),
    "bicubic": lambda: enlarged(torch.relu(coarse()), mode="bicubic"),
    "the ReLU after resizing": lambda: torch.relu(enlarged(coarse())),
    "the probability": lambda: enlarged(torch.relu(coarse(probability=True))),
    "the convolution before its ReLU": lambda: enlarged(torch.relu(coarse("features.10"))),
    "an earlier layer": lambda: enlarged(torch.relu(coarse("features.9"))),
}


def ours() -> Tensor:
    return stretched(resize(explain(network(), image(), [CLASS])["grad_cam"], SIZE))


def test_the_map_is_the_pinned_one() -> None:
    expected = stretched(enlarged(torch.relu(coarse())))
    torch.testing.assert_close(ours(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("choice", OTHERS)
def test_the_map_is_not_what_another_choice_gives(choice: str) -> None:
    assert float((ours() - stretched(OTHERS[choice]())).abs().max()) > 0.02


def test_the_enlarged_map_of_guided_grad_cam_is_the_pinned_one() -> None:
    found = explain(network(), image(), [CLASS], ("guided_grad_cam", "guided_backprop"))
    expected = enlarged(torch.relu(coarse()))[:, None] * found["guided_backprop"]
    scale = float(expected.abs().max())
    torch.testing.assert_close(found["guided_grad_cam"], expected, rtol=1e-3, atol=1e-5 * scale)
