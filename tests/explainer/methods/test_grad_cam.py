"""Grad-CAM and its products against plain loops."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from explainer import Network, explain
from tests.explainer import references
from tests.explainer.references import layer_and_gradient, pixel_map, slow_relu
from tests.explainer.small_networks import Convolutions, noise, seeded, with_relu


@pytest.mark.parametrize(("method", "sign"), [("grad_cam", 1), ("counterfactual_grad_cam", -1)])
def test_grad_cam_is_the_papers_two_equations(method: str, sign: int) -> None:
    module = seeded(Convolutions, functional.relu)
    images, targets = noise(3, 3, 9, 9), [0, 3, 4]
    found = explain(Network(module, "second"), images, targets, [method])[method]
    for n, target in enumerate(targets):
        A, g = layer_and_gradient(module, module.second, images[n], target)
        np.testing.assert_allclose(found[n], references.grad_cam(A, g, sign), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("rule", ["guided_backprop", "deconvnet"])
def test_the_guided_maps_are_products_with_the_enlarged_map(rule: str) -> None:
    name = {"guided_backprop": "guided_grad_cam", "deconvnet": "deconv_grad_cam"}[rule]
    module = seeded(Convolutions, functional.relu)
    images, targets = noise(2, 3, 9, 9), [1, 2]
    found = explain(Network(module, "second"), images, targets, [name])[name]
    pixels = pixel_map(with_relu(module, slow_relu(rule)), images, targets)
    for n, target in enumerate(targets):
        A, g = layer_and_gradient(module, module.second, images[n], target)
        coarse = references.bilinear(references.grad_cam(A, g), (9, 9))
        np.testing.assert_allclose(found[n], coarse * pixels[n].numpy(), rtol=1e-3, atol=1e-9)
    assert found.abs().max() > 0


def test_the_counterfactual_is_grad_cam_of_the_negated_score() -> None:
    network = Network(seeded(Convolutions, functional.relu))
    images = noise(2, 3, 9, 9)
    counter = explain(network, images, [1, 1], ["counterfactual_grad_cam"])
    negated = explain(network, images, lambda output: -output[:, 1], ["grad_cam"])
    torch.testing.assert_close(counter["counterfactual_grad_cam"], negated["grad_cam"])


def test_several_classes_share_the_forward_pass_and_equal_one_at_a_time() -> None:
    module = seeded(Convolutions, functional.relu)
    passes = []
    module.register_forward_hook(lambda *_: passes.append(1))
    network = Network(module, "second")
    images, methods = noise(2, 3, 9, 9), ("grad_cam", "guided_grad_cam")
    together = explain(network, images, [[0, 3], [2, 2]], methods)
    assert len(passes) == 1
    assert together["grad_cam"].shape[:2] == (2, 2)
    assert together.empty["grad_cam"].shape == (2, 2)
    for k, targets in enumerate([[0, 2], [3, 2]]):
        alone = explain(network, images, targets, methods)
        for method in methods:
            assert torch.equal(together[method][:, k], alone[method])


def test_an_empty_map_keeps_its_flag() -> None:
    network = Network(seeded(Convolutions, functional.relu), "second")
    found = explain(network, noise(1, 3, 9, 9), lambda out: 0 * out[:, 0], ("grad_cam", "gradient"))
    assert found.empty["grad_cam"].tolist() == [True]
    assert found.empty["gradient"].tolist() == [True]
