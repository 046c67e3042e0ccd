"""XGrad-CAM's axioms: where they must hold exactly, and what Grad-CAM's errors are by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from explainer import Network
from explainer.networks.pooled import Pooled
from ready.axioms import axiom_errors, last_convolution
from ready.maps_and_masks import Explained

SIDE, CHANNELS = 16, 70  # more than a batch of channels


def network(*, bias: bool = False, rectified: bool = True) -> Network:
    torch.manual_seed(5)
    layers: list[nn.Module] = [nn.Conv2d(3, CHANNELS, 3), nn.ReLU()]
    layers += [nn.Conv2d(CHANNELS, 6, 3, bias=bias), nn.ReLU() if rectified else nn.Identity()]
    module = Pooled(nn.Sequential(*layers), 6, 3).eval()
    if not bias:
        nn.init.zeros_(module.classifier.bias)
    return Network(module.requires_grad_(False), "features.3", ["a", "b", "c"], name="small")


def seen(small: Network) -> Explained:
    images = torch.randn(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    targets = small.predict(images).argmax(1)
    masks = np.ones((4, SIDE, SIDE), dtype=bool)
    return Explained(images, targets, torch.rand(4, 8, 8), masks, list("abcd"), [True] * 4)


def test_without_biases_xgrad_cam_conserves_the_score_and_grad_cam_does_not() -> None:
    small = network()
    errors = axiom_errors(small, seen(small))["conservation"]
    assert errors["xgrad_cam"] == pytest.approx(np.zeros(4), abs=1e-4)
    assert (errors["grad_cam"] > 1e-3).all()


def test_what_is_lost_to_biases_is_an_error() -> None:
    small = network(bias=True)
    assert (axiom_errors(small, seen(small))["conservation"]["xgrad_cam"] > 1e-3).all()


def test_a_linear_rest_falls_by_just_what_xgrad_cam_says_of_each_channel() -> None:
    small = network(rectified=False)
    errors = axiom_errors(small, seen(small))["sensitivity"]
    assert errors["xgrad_cam"] == pytest.approx(np.zeros(4), abs=1e-3)
    assert (errors["grad_cam"] > 1e-3).all()


def test_sensitivity_as_by_hand() -> None:
    small = network()
    photos = seen(small)
    module, target = small.module, int(photos.targets[0])
    assert last_convolution(module.features) == 2
    maps = module.features[:2](photos.images[:1]).requires_grad_(True)
    rest = nn.Sequential(module.features[2:], module.pool, nn.Flatten(), module.classifier)
    score = rest(maps)[0, target]
    (slope,) = torch.autograd.grad(score, maps)
    lost = total = 0.0
    for channel in range(CHANNELS):
        silent = maps.detach().clone()
        silent[0, channel] = 0
        fall = float((score - rest(silent)[0, target]).detach())
        share = slope[0, channel].mean() * maps[0, channel].detach().sum()
        lost += abs(fall - float(share))
        total += abs(fall)
    errors = axiom_errors(small, photos)["sensitivity"]["grad_cam"]
    assert errors[0] == pytest.approx(lost / total, rel=1e-3)
