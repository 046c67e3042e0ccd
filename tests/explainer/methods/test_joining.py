"""Any CAM over several layers, and CAMs without their last ReLU."""

from typing import Any

import pytest
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from explainer import METHODS, ExplainerError, Network, explain, load_network, settings_digest
from explainer.methods.base import CamSettings, SignedCamSettings
from explainer.methods.masks import minmax
from explainer.pictures.resizing import resize
from tests.explainer.graphs.test_tokens import LAST_READ, vit
from tests.explainer.layered_networks import Tokens
from tests.explainer.small_networks import QUICK, noise, seeded, small

CAMS = [name for name, m in METHODS.items() if issubclass(m.settings, CamSettings)]
SIGNED = [name for name in CAMS if issubclass(METHODS[name].settings, SignedCamSettings)]
BOTH = ("first > relu", "second")


def maps(network: Network, images: Tensor, method: str, **settings: Any) -> Tensor:
    own = QUICK.get(method, {}) | settings
    return explain(network, images, [1, 3], [method], settings={method: own})[method]


def by_hand(network: Network, images: Tensor, method: str, layers: tuple[str, ...]) -> Tensor:
    """Each layer explained by itself, enlarged and stretched; their mean."""
    found = []
    for layer in layers:
        found.append(minmax(resize(maps(network.at(layer), images, method), (12, 14))))
    return torch.stack(found).mean(0)


@pytest.mark.parametrize("method", CAMS)
def test_a_cam_over_several_layers_is_the_mean_of_each_layers_map(method: str) -> None:
    network, images = Network(small(), "second"), noise(2, 3, 12, 14)
    found = maps(network, images, method, layers=list(BOTH))
    expected = by_hand(network, images, method, BOTH)
    assert found.shape == (2, 12, 14)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(found, by_hand(network, images, method, BOTH[:1]), atol=1e-3)


@pytest.mark.parametrize("method", CAMS)
def test_the_layers_may_be_the_last_of_each_size(method: str) -> None:
    network, images = Network(small()), noise(2, 3, 12, 14)
    stages = network.stages(images)
    assert len(stages) == 2
    for count in (1, 2):
        found = maps(network, images, method, stages=count)
        named = maps(network, images, method, layers=list(stages[-count:]))
        assert torch.equal(found, named)
    with pytest.raises(ExplainerError, match=r"stages = 3, .* maps of 2 sizes: use 1 to 2"):
        maps(network, images, method, stages=3)


def test_layer_cam_over_several_layers_is_gam() -> None:
    network, images = Network(small()), noise(2, 3, 12, 14)
    for settings in ({"layers": ["first", "second"]}, {"stages": 2}):
        both = {"layer_cam": settings, "gam": settings}
        found = explain(network, images, [1, 3], ["layer_cam", "gam"], settings=both)
        assert torch.equal(found["layer_cam"], found["gam"])


def test_pytorch_grad_cam_agrees_about_grad_cam_over_several_layers() -> None:
    network = load_network("resnet18", weights=None, seed=1)
    for child in network.module.modules():
        if isinstance(child, nn.ReLU):
            child.inplace = False
    images, names = noise(2, 3, 96, 96, seed=5), ["layer2", "layer3", "layer4"]
    found = maps(network, images, "grad_cam", layers=names)
    layers = [network.module.get_submodule(name) for name in names]
    targets = [ClassifierOutputTarget(1), ClassifierOutputTarget(3)]
    with GradCAM(network.module, layers) as peer:
        peer(images, targets)
        theirs = peer.compute_cam_per_layer(images, targets, False)
    each = [minmax(torch.from_numpy(one[:, 0])) for one in theirs]  # stretched once enlarged
    torch.testing.assert_close(found, torch.stack(each).mean(0), rtol=0, atol=5e-6)


@pytest.mark.parametrize("method", SIGNED)
def test_without_its_last_relu_a_cam_keeps_what_the_relu_would_take(method: str) -> None:
    network, images = Network(vit(), LAST_READ), noise(2, 3, 32, 32, seed=2)
    both, plain = maps(network, images, method, signed=True), maps(network, images, method)
    if method != "integrated_grad_cam":  # whose ReLU is inside its sum
        torch.testing.assert_close(both.relu(), plain, rtol=1e-5, atol=1e-7)
    assert both.min() < 0 < both.max()


def test_signed_maps_of_several_layers_keep_their_zero() -> None:
    network, images = Network(small(), "second"), noise(2, 3, 12, 14)
    found = maps(network, images, "hires_cam", signed=True, layers=list(BOTH))
    each = [maps(network.at(layer), images, "hires_cam", signed=True) for layer in BOTH]
    large = [resize(one, (12, 14)) for one in each]
    expected = sum(one / one.abs().amax((1, 2), keepdim=True) for one in large) / 2
    torch.testing.assert_close(found, expected)
    assert found.min() < 0


def test_a_signed_map_of_evidence_against_alone_is_not_empty() -> None:
    network, images = Network(small(), "second"), noise(2, 3, 12, 14)
    signed = {"grad_cam": {"signed": True}}
    nothing = explain(network, images, lambda out: out[:, 1] * 0, ["grad_cam"], settings=signed)
    assert nothing.empty["grad_cam"].all()
    both = explain(network, images, [1, 3], ["grad_cam"], settings=signed)
    negated = explain(network, images, lambda out: -out[[0, 1], [1, 3]], settings=signed)
    torch.testing.assert_close(negated["grad_cam"], -both["grad_cam"])
    assert not negated.empty["grad_cam"].any()


def test_named_layers_need_no_default_layer() -> None:
    network, images = Network(seeded(Tokens)), noise(2, 3, 16, 16)
    with pytest.raises(ExplainerError, match="sequence of tokens"):
        explain(network, images, [1, 2], ["grad_cam"])
    named = {"grad_cam": {"layers": ["patches"]}}
    found = explain(network, images, [1, 2], ["grad_cam"], settings=named)
    assert found.layer is None
    assert found.settings["grad_cam"]["layers"] == ("patches",)
    own = settings_digest(network, "grad_cam", {"layers": ["patches"]})
    assert own == settings_digest(network.at("patches"), "grad_cam", {"layers": ["patches"]})
    assert own != settings_digest(network, "grad_cam")


def test_tokens_of_several_blocks_are_joined() -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    names = ["encoder.layers.encoder_layer_0.ln_1", LAST_READ]
    found = maps(network, images, "grad_cam", layers=names)
    each = [minmax(resize(maps(network.at(n), images, "grad_cam"), (32, 32))) for n in names]
    torch.testing.assert_close(found, torch.stack(each).mean(0))


def test_rounding_at_one_of_several_layers_is_refused() -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    names = [LAST_READ, "encoder.layers.encoder_layer_0"]
    with pytest.raises(ExplainerError, match=r'at layer ".*ln_1" or "encoder\.layers\.'):
        maps(network, images, "hires_cam", layers=names)
    assert maps(network, images, "hires_cam", layers=names[:1]).any()


class Overflowing(nn.Module):
    """Its first map is not finite in one channel, and what is read of it is clamped."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3)
        with torch.no_grad():
            self.first.bias[0] = torch.inf

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).clamp(max=1.0)).mean((2, 3))


@pytest.mark.parametrize(
    ("method", "settings"), [("grad_cam", {}), ("grad_cam", {"signed": True}), ("gam", {})]
)
def test_a_layer_of_several_that_is_not_finite_is_refused(
    method: str, settings: dict[str, Any]
) -> None:
    network, images = Network(seeded(Overflowing)), noise(2, 3, 12, 14)
    assert maps(network.at("second"), images, "grad_cam").any()
    with pytest.raises(ExplainerError, match="not finite"):
        maps(network, images, method, layers=["first", "second"], **settings)


def test_a_check_of_several_layers_is_the_worst_of_them() -> None:
    network, images = Network(small(), "second"), noise(2, 3, 12, 14)
    settings = {"xgrad_cam": {"layers": list(BOTH)}}
    found = explain(network, images, [1, 3], ["xgrad_cam"], settings=settings).checks["xgrad_cam"]
    each = [
        explain(network, images, [1, 3], ["xgrad_cam"], layer=layer).checks["xgrad_cam"]
        for layer in BOTH
    ]
    for name, values in found.items():
        torch.testing.assert_close(values, torch.maximum(each[0][name], each[1][name]))


@pytest.mark.parametrize("method", ["score_cam", "group_cam", "integrated_grad_cam"])
def test_half_precision_changes_no_joined_map_of_several_passes(method: str) -> None:
    module = small().bfloat16()
    half, images = Network(module, "second"), noise(2, 3, 24, 24).bfloat16()
    full = Network(small().bfloat16().float(), "second")
    found = maps(half, images, method, layers=list(BOTH))
    expected = maps(full, images.float(), method, layers=list(BOTH))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_parts_and_chunks_change_no_joined_map() -> None:
    # Ablation-CAM takes differences of scores, of which float32 leaves much rounding
    network, images = Network(small().double(), "second"), noise(4, 3, 24, 24).double()
    settings = {name: QUICK.get(name, {}) | {"layers": list(BOTH)} for name in CAMS}
    found = [
        explain(network, images, [1, 3, 0, 2], CAMS, settings=settings, memory=memory)
        for memory in (1, 2**40)
    ]
    for name in CAMS:
        torch.testing.assert_close(found[0][name], found[1][name], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stages": -1}, "stages = -1: use 1 or more, or 0 for one layer"),
        ({"stages": 2, "layers": ["first"]}, "stages = 2 too: give one of the two"),
        ({"layers": ["third"]}, 'no layer named "third"'),
        ({"layers": ["hidden"]}, 'layer "hidden" gives .* not a map'),
        ({"layers": "first"}, r"grad_cam.layers = 'first': it must be list\[str\]"),
    ],
)
def test_layers_that_can_not_be_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ExplainerError, match=said):
        maps(Network(small()), noise(2, 3, 12, 14), "grad_cam", **settings)
