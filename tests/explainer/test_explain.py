"""`explain` leaves everything as it was, and says what is wrong with what it can't explain."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import METHODS, ExplainerError, Network, explain, settings_digest

from .small_networks import Convolutions, noise, seeded

RELU_METHODS = ("grad_cam", "guided_backprop", "deconvnet", "guided_grad_cam", "deconv_grad_cam")


def module() -> nn.Module:
    return seeded(Convolutions, functional.relu)


def state(network: nn.Module) -> dict[str, Any]:
    """Everything of the caller's that might be disturbed."""
    return {
        "training": [child.training for child in network.modules()],
        "hooks": [len(child._forward_hooks) for child in network.modules()],
        "requires_grad": [weights.requires_grad for weights in network.parameters()],
        "grad": [None if w.grad is None else w.grad.clone() for w in network.parameters()],
        "weights": [weights.detach().clone() for weights in network.parameters()],
        "random": torch.random.get_rng_state(),
        "grad mode": torch.is_grad_enabled(),
    }


def same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    def equal(a: Any, b: Any) -> bool:
        if isinstance(a, list):
            return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
        return bool(torch.equal(a, b)) if isinstance(a, Tensor) else bool(a == b)

    return all(equal(before[key], after[key]) for key in before)


def test_everything_of_the_callers_is_as_before() -> None:
    network = module()
    network(noise(1, 3, 9, 9)).sum().backward()
    network.first.weight.requires_grad_(False)
    images = noise(2, 3, 9, 9)
    before, pixels = state(network), images.clone()
    explain(Network(network, "second"), images, [1, 2], RELU_METHODS)
    assert same(before, state(network))
    assert torch.equal(pixels, images)
    assert not images.requires_grad


def test_everything_is_as_before_after_an_error_too() -> None:
    network = module()
    before = state(network)

    def fails(output: Tensor) -> Tensor:
        torch.rand(3)
        raise RuntimeError("no score")

    with pytest.raises(RuntimeError, match="no score"):
        explain(Network(network, "second"), noise(1, 3, 9, 9), fails, RELU_METHODS)
    with pytest.raises(ExplainerError):
        explain(Network(network, "hidden"), noise(1, 3, 9, 9), [0])
    assert same(before, state(network))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_the_callers_gradient_mode_does_not_matter(mode: Callable[[], Any]) -> None:
    network = Network(module(), "second")
    images = noise(2, 3, 9, 9)
    expected = explain(network, images, [0, 1], RELU_METHODS)
    with mode():
        found = explain(network, noise(2, 3, 9, 9), [0, 1], RELU_METHODS)
    for method in RELU_METHODS:
        assert torch.equal(found[method], expected[method])


def test_frozen_weights_change_nothing() -> None:
    network = module()
    expected = explain(Network(network, "second"), noise(1, 3, 9, 9), [0], RELU_METHODS)
    network.requires_grad_(False)
    found = explain(Network(network, "second"), noise(1, 3, 9, 9), [0], RELU_METHODS)
    for method in RELU_METHODS:
        assert torch.equal(found[method], expected[method])


def test_under_autocast_maps_are_float32_and_near() -> None:
    network = Network(module(), "second")
    images = noise(2, 3, 9, 9)
    expected = explain(network, images, [0, 3], RELU_METHODS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = explain(network, images, [0, 3], RELU_METHODS)
    for method in RELU_METHODS:
        assert found[method].dtype == torch.float32
        scale = expected[method].abs().max()
        assert (found[method] - expected[method]).abs().max() < 0.1 * scale


def test_two_threads_with_one_network_do_not_disturb_each_other() -> None:
    network = Network(module(), "second")
    batches = [(noise(4, 3, 33, 33, seed=seed), [seed % 5] * 4) for seed in range(6)]
    expected = [explain(network, *batch, RELU_METHODS) for batch in batches]
    wrong: list[int] = []

    def run(number: int) -> None:
        for _ in range(5):
            found = explain(network, *batches[number], RELU_METHODS)
            if any(not torch.equal(found[m], expected[number][m]) for m in RELU_METHODS):
                wrong.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_in_place_call_after_the_layer_does_not_change_its_map() -> None:
    network = Network(seeded(Convolutions, lambda x: functional.relu(x, inplace=True)), "first")
    plain = Network(module(), "first")
    images = noise(1, 3, 9, 9)
    assert torch.equal(
        explain(network, images, [0])["grad_cam"], explain(plain, images, [0])["grad_cam"]
    )


def test_targets_may_be_names_and_default_to_the_first_class() -> None:
    network = Network(module(), "second", ["ant", "bee", "cat", "dog", "elk"])
    images = noise(3, 3, 9, 9)
    named = explain(network, images, ["bee", "elk", "ant"])
    assert torch.equal(named["grad_cam"], explain(network, images, [1, 4, 0])["grad_cam"])
    first = explain(network, images)
    assert first.targets.tolist() == network.predict(images).argmax(1).tolist()
    torch.testing.assert_close(first.outputs, network.predict(images))


class Bad(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
        self.side = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.side(x)
        return torch.relu(self.used(x)).mean((2, 3))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"images": torch.zeros(0, 3, 9, 9)}, "empty batch"),
        ({"images": torch.zeros(3, 9, 9)}, "give a float tensor"),
        ({"images": torch.zeros(1, 3, 9, 9, dtype=torch.uint8)}, "give a float tensor"),
        ({"images": torch.full((1, 3, 9, 9), torch.nan)}, "not finite"),
        ({"targets": [9]}, "out of range"),
        ({"targets": [-1]}, "out of range"),
        ({"targets": [0.5]}, "not an integer"),
        ({"targets": [0, 1]}, "one class per image"),
        ({"targets": [[0], [1, 2]]}, "as many classes"),
        ({"targets": "cat"}, "not a sequence"),
        ({"targets": ["cat"]}, "no labels"),
        ({"targets": lambda out: out}, "one scalar per image"),
        ({"targets": lambda out: torch.ones(1)}, "does not depend on the layer"),
        ({"methods": "grad_cam"}, "give names"),
        ({"methods": ["gradcam"]}, "did you mean grad_cam"),
        ({"layer": "usd"}, "did you mean used"),
        ({"layer": "unused"}, "takes no part"),
        ({"layer": "side"}, "does not depend on the layer"),
        ({"layer": nn.ReLU()}, "not a module inside"),
        ({"settings": {"grad_cam": {"groups": 3}}}, "no settings"),
        ({"settings": {"gradcam": {}}}, "did you mean grad_cam"),
    ],
)
def test_bad_input_is_told_in_one_line(asked: dict[str, Any], told: str) -> None:
    given = {"images": noise(1, 3, 9, 9), "targets": [0], "layer": "used"} | asked
    with pytest.raises(ExplainerError, match=told) as caught:
        explain(Network(Bad().eval()), given.pop("images"), **given)
    assert "\n" not in str(caught.value)


def test_an_unknown_class_name_is_told_with_the_nearest() -> None:
    network = Network(module(), "second", ["ant", "bee", "cat", "dog", "elk"])
    with pytest.raises(ExplainerError, match="did you mean bee"):
        explain(network, noise(1, 3, 9, 9), ["beee"])


def test_labels_of_another_number_are_refused() -> None:
    with pytest.raises(ExplainerError, match="2 labels for 5 outputs"):
        explain(Network(module(), None, ["a", "b"]), noise(1, 3, 9, 9), [0])


def test_training_mode_is_refused_even_in_a_submodule() -> None:
    network = module()
    network.hidden.train()
    with pytest.raises(ExplainerError, match='"hidden" is in training mode'):
        explain(Network(network), noise(1, 3, 9, 9), [0])


def test_a_network_made_under_inference_mode_is_refused() -> None:
    with torch.inference_mode():
        network = seeded(Convolutions, functional.relu)
    with pytest.raises(ExplainerError, match="inference_mode"):
        explain(Network(network), noise(1, 3, 9, 9), [0])


def test_settings_digests_tell_layers_methods_and_preprocessing_apart() -> None:
    one, other = Network(module(), "first"), Network(module(), "second")
    digests = {settings_digest(network, name) for network in (one, other) for name in METHODS}
    layered = sum(method.needs_layer for method in METHODS.values())
    assert len(digests) == len(METHODS) + layered
    found = explain(one, noise(1, 3, 9, 9), [0])
    assert found.provenance["settings_digests"]["grad_cam"] == settings_digest(one, "grad_cam")
