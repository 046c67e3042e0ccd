"""Every kind of network: right where it can be explained, refused where it can't."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from explainer import METHODS, ExplainerError, Network, explain, load_network
from tests.explainer.references import pixel_map, slow_relu
from tests.explainer.small_networks import EVERY, noise

RELU = {  # the layer that is explained by default, and the side of the input
    "alexnet": ("features.11", 64),
    "vgg16": ("features.29", 32),
    "resnet18": ("layer4", 64),
    "resnet50": ("layer4", 64),
    "densenet121": ("features > relu", 64),
    "squeezenet1_1": ("classifier.2", 64),
    "mobilenet_v2": ("features", 64),
    "googlenet": ("inception5b", 64),
    "inception_v3": ("Mixed_7c", 107),
    "shufflenet_v2_x1_0": ("conv5", 64),
    "efficientnet_lite0": ("_bn1 > hardtanh", 64),
    "efficientnet_lite2": ("_bn1 > hardtanh", 64),
}
SMOOTH = {"efficientnet_b0": "features", "convnext_tiny": "features"}
QUICK: dict[str, dict[str, Any]] = {
    "integrated_grad_cam": {"steps": 2},
    "integrated_gradients": {"steps": 2},
    "smooth_grad": {"samples": 2},
    "occlusion": {"patch": 32, "stride": 32},
    "group_cam": {"groups": 2},
}
CAMS = [name for name, method in METHODS.items() if method.family == "cam"]


@cache
def network(name: str) -> Network:
    options = {"size": 64} if name.startswith("efficientnet_lite") else {"num_classes": 12}
    return load_network(name, weights=None, seed=1, **options)


@pytest.fixture(scope="module", autouse=True)
def forget_networks() -> Iterator[None]:
    yield
    network.cache_clear()


def reference(
    name: str, rule: str, images: Tensor, targets: list[int], patch: pytest.MonkeyPatch
) -> Tensor:
    """∂y/∂x with each of the library's ReLU functions replaced by the slow one."""
    with patch.context() as patched:
        plain, six = slow_relu(rule), slow_relu(rule, 6.0)
        patched.setattr(functional, "relu", lambda x, inplace=False: plain(x))
        patched.setattr(functional, "relu6", lambda x, inplace=False: six(x))
        patched.setattr(functional, "hardtanh", lambda x, *_, **__: six(x))
        return pixel_map(network(name).module, images, targets)


@pytest.mark.parametrize("name", RELU)
def test_relus_follow_their_rule_however_the_network_spells_them(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    side, rules = RELU[name][1], ("gradient", "guided_backprop", "deconvnet")
    images, targets = noise(2, 3, side, side, seed=3), [7, 2]
    found = explain(network(name), images, targets, rules)
    for rule in rules:
        expected = reference(name, rule, images, targets, monkeypatch)
        scale = float(expected.abs().max())
        assert scale > 0
        torch.testing.assert_close(found[rule], expected, rtol=1e-3, atol=1e-4 * scale)


def by_hook(
    subject: Network, layer: str, images: Tensor, targets: list[int], patch: pytest.MonkeyPatch
) -> Tensor:
    """Grad-CAM by a hook that keeps the layer's map, and `.backward()`."""
    address, *calls = layer.split(" > ")
    before: list[Tensor] = []
    kept: list[Tensor] = []

    def keep(out: Tensor) -> Tensor:
        out.retain_grad()
        kept.append(out)
        return out.clone()

    def hook(_: torch.nn.Module, __: Any, out: Tensor) -> Tensor:
        before.append(out)
        return out if calls else keep(out)

    with patch.context() as patched:
        for call in calls:
            original = getattr(functional, call)

            def followed(x: Tensor, *args: Any, original: Any = original, **named: Any) -> Tensor:
                out: Tensor = original(x, *args, **named)
                return keep(out) if before and x is before[0] else out

            patched.setattr(functional, call, followed)
        handle = subject.module.get_submodule(address).register_forward_hook(hook)
        scores = subject.module(images.clone().requires_grad_())
        scores[range(len(targets)), targets].sum().backward()
        handle.remove()
    alpha = kept[0].grad.mean((2, 3), keepdim=True)
    return torch.relu((alpha * kept[0].detach()).sum(1))


@pytest.mark.parametrize("name", RELU)
def test_grad_cam_is_taken_at_the_last_activated_map(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, side = RELU[name]
    images, targets = noise(2, 3, side, side, seed=3), [7, 2]
    found = explain(network(name), images, targets)
    assert found.layer == layer
    expected = by_hook(network(name), layer, images, targets, monkeypatch)
    scale = float(expected.max())
    torch.testing.assert_close(found["grad_cam"], expected, rtol=1e-3, atol=1e-5 * scale)


@pytest.mark.parametrize("name", [*RELU, *SMOOTH])
def test_every_method_works_or_is_refused_for_smooth_activations(name: str) -> None:
    side = RELU.get(name, ("", 64))[1]
    images, targets = noise(2, 3, side, side, seed=3), [7, 2]
    asked = [m for m in EVERY if name not in SMOOTH or not METHODS[m].needs_relu]
    by_channels = {"score_cam", "ablation_cam"} if name != "squeezenet1_1" else set()
    asked = [m for m in asked if m not in by_channels]  # a pass a channel
    asked = [m for m in asked if m != "lrp" or name not in SMOOTH]  # it has no rule for these
    asked = [m for m in asked if m != "random_weights" or name != "vgg16"]  # half a gigabyte more
    found = explain(network(name), images, targets, asked, settings=QUICK)
    u, v = found["grad_cam"].shape[1:]
    shapes = {"layer": (2, u, v), "image": (2, side, side), "input": (2, 3, side, side)}
    for method in asked:
        assert found[method].shape == shapes[METHODS[method].shape]
        assert torch.isfinite(found[method]).all()
    for method in {m for m in METHODS if METHODS[m].needs_relu} - set(asked):
        with pytest.raises(ExplainerError, match=r"rectifies by (silu|gelu)"):
            explain(network(name), images, targets, [method])


@pytest.mark.parametrize("name", SMOOTH)
def test_cams_of_smooth_networks_are_taken_after_their_activation(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, targets = noise(2, 3, 64, 64, seed=3), [7, 2]
    found = explain(network(name), images, targets, CAMS, settings=QUICK)
    assert found.layer == SMOOTH[name]
    expected = by_hook(network(name), SMOOTH[name], images, targets, monkeypatch)
    torch.testing.assert_close(found["grad_cam"], expected, rtol=1e-3, atol=1e-9)
