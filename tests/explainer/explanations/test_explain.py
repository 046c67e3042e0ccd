"""`explain` leaves everything as it was, and says what is wrong with what it can't explain."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import METHODS, ExplainerError, Network, explain, settings_digest
from explainer.graphs.way import RULE
from tests.explainer.small_networks import EVERY, QUICK, Convolutions, noise, seeded, small
from tests.running import at_once

ALL = EVERY


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
    network = small()
    network(noise(1, 3, 9, 9)).sum().backward()
    network.first.weight.requires_grad_(False)
    images = noise(2, 3, 9, 9)
    before, pixels = state(network), images.clone()
    explain(Network(network, "second"), images, [1, 2], ALL, settings=QUICK)
    assert same(before, state(network))
    assert torch.equal(pixels, images)
    assert not images.requires_grad


@pytest.mark.parametrize(
    ("method", "scored"), [("grad_cam", 0), ("occlusion", 2), ("integrated_grad_cam", 1)]
)
def test_everything_is_as_before_after_an_error_too(method: str, scored: int) -> None:
    network = small()
    before = state(network)
    met: list[int] = []

    def fails(output: Tensor) -> Tensor:
        torch.rand(3)
        met.append(1)
        if len(met) > scored:
            raise RuntimeError("no score")
        return output[:, 0]

    with pytest.raises(RuntimeError, match="no score"):
        explain(Network(network, "second"), noise(1, 3, 9, 9), fails, [method], settings=QUICK)
    with pytest.raises(ExplainerError):
        explain(Network(network, "hidden"), noise(1, 3, 9, 9), [0])
    assert same(before, state(network))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_the_callers_gradient_mode_does_not_matter(mode: Callable[[], Any]) -> None:
    network = Network(small(), "second")
    images = noise(2, 3, 9, 9)
    expected = explain(network, images, [0, 1], ALL, settings=QUICK)
    with mode():  # images and targets are made in that mode too
        targets = torch.tensor([0, 1])
        found = explain(network, noise(2, 3, 9, 9), targets, ALL, settings=QUICK)
    for method in ALL:
        assert torch.equal(found[method], expected[method])


def test_frozen_weights_change_nothing() -> None:
    network = small()
    images = noise(2, 3, 9, 9)
    expected = explain(Network(network, "second"), images, [0, 1], ALL, settings=QUICK)
    network.requires_grad_(False)
    found = explain(Network(network, "second"), images, [0, 1], ALL, settings=QUICK)
    for method in ALL:
        assert torch.equal(found[method], expected[method])


def test_under_autocast_maps_are_float32_and_near() -> None:
    network = Network(small(), "second")
    images = noise(2, 3, 9, 9)
    expected = explain(network, images, [0, 3], ALL, settings=QUICK)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = explain(network, images, [0, 3], ALL, settings=QUICK)
    for method in ALL:
        assert found[method].dtype == torch.float32
        if METHODS[method].family == "perturbation":
            continue  # differences of scores: smaller than half precision tells apart
        scale = expected[method].abs().max()
        assert (found[method] - expected[method]).abs().max() < 0.1 * scale


def test_two_threads_with_one_network_do_not_disturb_each_other() -> None:
    network = Network(small(), "second")
    batches = [(noise(4, 3, 33, 33, seed=seed), [seed % 5] * 4) for seed in range(6)]
    expected = [explain(network, *batch, ALL, settings=QUICK) for batch in batches]
    wrong: list[int] = []

    def run(number: int) -> None:
        for _ in range(2):
            found = explain(network, *batches[number], ALL, settings=QUICK)
            if any(not torch.equal(found[m], expected[number][m]) for m in ALL):
                wrong.append(number)

    at_once(6, run)
    assert wrong == []


def test_an_in_place_call_after_the_layer_does_not_change_its_map() -> None:
    network = Network(seeded(Convolutions, lambda x: functional.relu(x, inplace=True)), "first")
    plain = Network(small(), "first")
    images = noise(1, 3, 9, 9)
    assert torch.equal(
        explain(network, images, [0])["grad_cam"], explain(plain, images, [0])["grad_cam"]
    )


def test_targets_may_be_names_and_default_to_the_first_class() -> None:
    network = Network(small(), "second", ["ant", "bee", "cat", "dog", "elk"])
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
        ({"images": torch.zeros(0, 3, 9, 9)}, "batch is empty"),
        ({"images": torch.zeros(3, 9, 9)}, "give a float tensor"),
        ({"images": torch.zeros(1, 3, 9, 9, dtype=torch.uint8)}, "give a float tensor"),
        ({"images": torch.full((1, 3, 9, 9), torch.nan)}, "not finite"),
        ({"targets": [9]}, "out of range"),
        ({"targets": [-1]}, "out of range"),
        ({"targets": [0.5]}, "not an integer"),
        ({"targets": [True]}, "class index True is not an integer"),
        ({"targets": [[torch.tensor(True)]]}, "is not an integer"),
        ({"targets": [np.float32(1.7)]}, "is not an integer"),
        ({"targets": [None]}, "class index None is not an integer"),
        ({"targets": [0, 1]}, "one class per image"),
        ({"targets": [[0], [1, 2]]}, "same number of classes"),
        ({"targets": "cat"}, "not a sequence"),
        ({"targets": ["cat"]}, "no labels"),
        ({"targets": lambda out: out}, "one scalar per image"),
        ({"targets": lambda out: torch.ones(1)}, "does not depend on the layer"),
        ({"methods": "grad_cam"}, "give names"),
        ({"methods": ["gradcam"]}, "did you mean grad_cam"),
        ({"methods": [3]}, 'no method "3"'),
        ({"layer": "usd"}, "did you mean used"),
        ({"layer": 3}, "give a module's name"),
        ({"layer": ["used"]}, "give a module's name"),
        ({"layer": "unused"}, "takes no part"),
        ({"layer": "side"}, "does not depend on the layer"),
        ({"layer": nn.ReLU()}, "not a module inside"),
        ({"settings": {"gradient": {"groups": 3}}}, "no settings"),
        ({"methods": ["grad_cam"], "settings": {"gradcam": {}}}, "did you mean grad_cam"),
        ({"methods": ["grad_cam"], "settings": {"group_cam": {"group": 3}}}, "did you mean groups"),
        ({"settings": {"group_cam": 32}}, "a mapping of names to values"),
        ({"settings": {"group_cam": {"group": 3}}}, "did you mean groups"),
        ({"settings": {"group_cam": {"groups": 3.5}}}, "must be int"),
        ({"settings": {"group_cam": {"groups": 0}}}, "1 or more"),
        ({"settings": {"group_cam": {"percentile": 100}}}, "below 100"),
        ({"settings": {"group_cam": {"blur_size": 50}}}, "odd number"),
        ({"settings": {"group_cam": {"blur_sigma": 0}}}, "above 0"),
        ({"settings": {"occlusion": {"patch": 8, "stride": 9}}}, "pixels are left out"),
        ({"settings": {"occlusion": {"patch": 0}}}, "1 or more"),
        ({"settings": {"integrated_grad_cam": {"steps": 0}}}, "1 or more"),
        ({"settings": {"integrated_grad_cam": {"baseline": "grey"}}}, "black"),
        ({"settings": {"smooth_grad": {"noise": -1.0}}}, "0 or more"),
        ({"settings": {"smooth_grad": {"samples": 0}}}, "1 or more"),
        ({"settings": {"gam": {"stages": 0}}}, "1 or more"),
        ({"settings": {"gam": {"layers": ["usd"]}}}, "did you mean used"),
        ({"settings": {"gam": {"layers": [3]}}}, "must be list"),
        ({"settings": {"edges": {"grid": -1}}}, "0 or more"),
        ({"settings": {"centre_prior": {"spread": 0}}}, "above 0"),
        ({"targets": lambda out: out[:1, 0].expand(2)}, "2 scores for 1 images"),
        (
            {
                "targets": lambda out: out[:1, 0].expand(2),
                "settings": {"occlusion": {"patch": 3, "stride": 3}},
            },
            "2 scores for 1 images",
        ),
    ],
)
def test_bad_input_is_told_in_one_line(asked: dict[str, Any], told: str) -> None:
    given = {"images": noise(1, 3, 9, 9), "targets": [0], "layer": "used"} | asked
    given.setdefault("methods", list(given.get("settings", {})) or ["grad_cam"])
    with pytest.raises(ExplainerError, match=told) as caught:
        explain(Network(Bad().eval()), given.pop("images"), **given)
    assert "\n" not in str(caught.value)


def test_an_unknown_class_name_is_told_with_the_nearest() -> None:
    network = Network(small(), "second", ["ant", "bee", "cat", "dog", "elk"])
    with pytest.raises(ExplainerError, match="did you mean bee"):
        explain(network, noise(1, 3, 9, 9), ["beee"])


def test_labels_of_another_number_are_refused() -> None:
    with pytest.raises(ExplainerError, match="2 labels for 5 outputs"):
        explain(Network(small(), None, ["a", "b"]), noise(1, 3, 9, 9), [0])


def test_training_mode_is_refused_even_in_a_submodule() -> None:
    network = small()
    network.hidden.train()
    with pytest.raises(ExplainerError, match='"hidden" is in training mode'):
        explain(Network(network), noise(1, 3, 9, 9), [0])


@pytest.mark.parametrize("part", ["all of it", "one weight", "a buffer"])
def test_a_network_made_under_inference_mode_is_refused(part: str) -> None:
    network = small()
    with torch.inference_mode():
        if part == "all of it":
            network = small()
        elif part == "one weight":
            network.hidden = nn.Linear(8 * 4 * 4, 10).eval()
        else:
            network.register_buffer("scale", torch.ones(1))
    with pytest.raises(ExplainerError, match="inference_mode"):
        explain(Network(network), noise(1, 3, 9, 9), [0])


def test_a_layer_given_to_the_call_counts_in_the_digest() -> None:
    network, images = Network(small(), "second"), noise(1, 3, 9, 9)
    own = explain(network, images, [0])
    other = explain(network, images, [0], layer="first")
    assert other.layer == "first"
    digests = [found.provenance["settings_digests"]["grad_cam"] for found in (own, other)]
    assert digests[0] != digests[1] == settings_digest(network.at("first"), "grad_cam")


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_networks_of_another_precision_give_float32_maps(dtype: torch.dtype) -> None:
    network, images = Network(small(), "second"), noise(2, 3, 9, 9)
    expected = explain(network, images, [0, 3], ALL, settings=QUICK)
    network.module.to(dtype)
    found = explain(network, images.to(dtype), [0, 3], ALL, settings=QUICK)
    for method in ALL:
        assert found[method].dtype == torch.float32
        if dtype == torch.float64:
            scale = float(expected[method].abs().max())
            torch.testing.assert_close(
                found[method], expected[method], rtol=1e-3, atol=1e-4 * scale
            )


def test_channels_last_changes_nothing_but_rounding() -> None:
    network, images = Network(small(), "second"), noise(2, 3, 9, 9)
    expected = explain(network, images, [0, 1], ALL, settings=QUICK)
    network.module.to(memory_format=torch.channels_last)
    last = images.contiguous(memory_format=torch.channels_last)
    found = explain(network, last, [0, 1], ALL, settings=QUICK)
    for method in ALL:
        torch.testing.assert_close(found[method], expected[method], rtol=1e-3, atol=1e-5)


def test_settings_digests_tell_layers_methods_and_preprocessing_apart() -> None:
    one, other = Network(small(), "first"), Network(small(), "second")
    digests = {settings_digest(network, name) for network in (one, other) for name in METHODS}
    layered = sum(method.layer == "map" for method in METHODS.values())
    assert len(digests) == len(METHODS) + layered
    assert len(digests | {settings_digest(Network(small()), "grad_cam")}) == len(digests) + 1
    found = explain(one, noise(1, 3, 9, 9), [0])
    assert found.provenance["settings_digests"]["grad_cam"] == settings_digest(one, "grad_cam")


def as_digested(layer: str) -> str:
    """The digest of Grad-CAM's settings at `layer`, as it has always been taken."""
    told = {"layer": layer, "preprocess": None, "method": "grad_cam", "version": "1",
            "settings": {}}  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


# Settings that their methods have not always had, at values other than their defaults
LATER: dict[str, list[dict[str, Any]]] = {
    "integrated_gradients": [{"points": "middle"}],
    "integrated_grad_cam": [
        {"points": "right"},
        {"signed": True},
        {"layers": ["first"]},
        {"stages": 1},
    ],
    "smooth_grad": [{"statistic": "square"}],
    **{
        name: [{"signed": True}, {"layers": ["first"]}, {"stages": 1}]
        for name in ("grad_cam", "xgrad_cam", "layer_cam", "hires_cam", "grad_cam_pp", "group_cam")
    },
    **{
        name: [{"layers": ["first"]}, {"stages": 1}]
        for name in ("counterfactual_grad_cam", "score_cam")
    },
    "occlusion": [{"width": 16}, {"stride_across": 8}, {"colour": "grey", "fill": "colour"}],
}


@pytest.mark.parametrize("method", LATER)
def test_a_setting_that_came_later_is_digested_only_where_it_is_not_at_its_default(
    method: str,
) -> None:
    network, defaults = Network(small(), "second"), METHODS[method].defaults()
    later = {next(iter(values)) for values in LATER[method]}
    ever = {key: value for key, value in defaults.items() if key not in later}
    said = {"layer": "second" if METHODS[method].layer == "map" else None, "preprocess": None,
            "method": method, "version": METHODS[method].version, "settings": ever}  # fmt: skip
    as_before = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    assert settings_digest(network, method) == as_before
    assert settings_digest(network, method, defaults) == as_before
    others = {settings_digest(network, method, values) for values in LATER[method]}
    assert len({*others, as_before}) == len(LATER[method]) + 1


def test_a_settings_digest_says_by_which_rule_the_default_layer_was_found() -> None:
    network, one = Network(small()), noise(1, 3, 9, 9)
    found = explain(network, one, [0]).provenance["settings_digests"]["grad_cam"]
    # The days when the last convolution was taken, whatever the score
    assert found != as_digested("last convolution")
    assert found == as_digested(RULE)


def test_digests_of_named_layers_are_those_of_before_and_other_precisions_have_their_own() -> None:
    network = Network(small(), "second")
    expected = as_digested("second")
    assert settings_digest(network, "grad_cam") == expected
    found = {expected}
    for dtype in (torch.float64, torch.bfloat16):
        found.add(settings_digest(Network(small().to(dtype), "second"), "grad_cam"))
    assert len(found) == 3
