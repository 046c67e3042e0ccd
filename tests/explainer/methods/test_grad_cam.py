"""Grad-CAM and its products against plain loops."""

import torch

from explainer import Network, explain
from tests.explainer.small_networks import noise, small


def test_the_counterfactual_is_grad_cam_of_the_negated_score() -> None:
    network = Network(small())
    images = noise(2, 3, 9, 9)
    counter = explain(network, images, [1, 1], ["counterfactual_grad_cam"])
    negated = explain(network, images, lambda output: -output[:, 1], ["grad_cam"])
    torch.testing.assert_close(counter["counterfactual_grad_cam"], negated["grad_cam"])


def test_several_classes_share_the_forward_pass_and_equal_one_at_a_time() -> None:
    module = small()
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
    network = Network(small(), "second")
    found = explain(network, noise(1, 3, 9, 9), lambda out: 0 * out[:, 0], ("grad_cam", "gradient"))
    assert found.empty["grad_cam"].tolist() == [True]
    assert found.empty["gradient"].tolist() == [True]
