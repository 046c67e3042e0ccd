"""Occlusion against captum and plain loops."""

import pytest
import torch
from captum.attr import Occlusion
from torch import nn
from torchvision.transforms.functional import gaussian_blur

from explainer import ExplainerError, Network, explain
from tests.explainer.small_networks import noise, seeded, small


@pytest.mark.parametrize(("size", "patch", "stride"), [(12, 4, 2), (13, 5, 3), (9, 9, 9)])
def test_captum_agrees(size: int, patch: int, stride: int) -> None:
    module = small()
    images, targets = noise(2, 3, size, size), [1, 3]
    wanted = {"occlusion": {"patch": patch, "stride": stride}}
    found = explain(Network(module), images, targets, ["occlusion"], settings=wanted)["occlusion"]
    theirs = Occlusion(module).attribute(
        images,
        sliding_window_shapes=(3, patch, patch),
        strides=(3, stride, stride),
        target=torch.tensor(targets),
        baselines=0,
    )
    torch.testing.assert_close(found, theirs[:, 0].float(), rtol=1e-4, atol=1e-6)


def test_captum_agrees_about_a_window_that_is_wider_than_high() -> None:
    module = small()
    images, targets = noise(2, 3, 12, 12), [1, 3]
    wanted = {"occlusion": {"patch": 2, "width": 6, "stride": 2, "stride_across": 3}}
    found = explain(Network(module), images, targets, ["occlusion"], settings=wanted)["occlusion"]
    theirs = Occlusion(module).attribute(
        images, (3, 2, 6), strides=(3, 2, 3), target=torch.tensor(targets), baselines=0
    )
    torch.testing.assert_close(found, theirs[:, 0].float(), rtol=1e-4, atol=1e-6)


def test_hidden_pixels_show_the_blurred_photo_whatever_comes_with_it() -> None:
    module, images = small(), noise(3, 3, 56, 56)
    wanted = {"occlusion": {"patch": 28, "stride": 28, "fill": "blur"}}
    found = explain(Network(module), images, [1, 3, 0], ["occlusion"], settings=wanted)["occlusion"]
    for n, target in enumerate([1, 3, 0]):
        hidden = images[n].clone()
        hidden[:, :28, 28:] = gaussian_blur(images[n], [51, 51], [50.0, 50.0])[:, :28, 28:]
        fall = (module(images[n : n + 1]) - module(hidden[None]))[0, target]
        torch.testing.assert_close(found[n, :28, 28:], fall.detach().expand(28, 28))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"width": -1}, r"width = -1: use 1 or more pixels, or 0 for a square"),
        ({"width": 4}, r"moves 16 pixels across and is 4 wide.*give stride_across = 1 to 4"),
        ({"stride_across": 40}, r"moves 40 pixels across and is 32 wide"),
        ({"fill": "colour"}, r'fill = "colour" with colour = "".*give both'),
        ({"colour": "grey"}, r'fill = "zeros" with colour = "grey".*give both'),
        ({"fill": "colour", "colour": "greyish"}, r'colour = "greyish": use a name'),
        ({"fill": "colour", "colour": "#80808080"}, r'colour = "#80808080": use a name'),
    ],
)
def test_windows_and_fills_that_can_not_be_are_refused(
    settings: dict[str, object], said: str
) -> None:
    with pytest.raises(ExplainerError, match=said):
        explain(Network(small()), noise(1, 3, 40, 40), [0], settings={"occlusion": settings})


def test_a_colour_is_refused_where_a_network_sees_other_channels() -> None:
    network = Network(seeded(lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten())))
    of = {"patch": 2, "stride": 2, "fill": "colour"}
    grey = {"occlusion": {**of, "colour": "#808080"}}
    assert explain(network, noise(1, 1, 6, 6), [0], ["occlusion"], settings=grey)
    red = {"occlusion": {**of, "colour": "red"}}
    with pytest.raises(
        ExplainerError, match="the images have 1 channels, not colours: name a grey"
    ):
        explain(network, noise(1, 1, 6, 6), [0], ["occlusion"], settings=red)


def test_a_patch_larger_than_the_image_is_refused() -> None:
    network = Network(small())
    with pytest.raises(ExplainerError, match="make it smaller"):
        explain(network, noise(1, 3, 9, 9), [0], ["occlusion"])
