"""The CAMs that are free beside Grad-CAM: against plain loops, peers and each other."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from explainer import Network, explain, load_network
from explainer.methods.checks import MOST, relative
from explainer.pictures.resizing import resize
from tests.explainer.slow_methods import Subject
from tests.explainer.small_networks import Convolutions, noise, seeded, small

PEERS = {"grad_cam": GradCAM, "xgrad_cam": XGradCAM, "layer_cam": LayerCAM, "hires_cam": HiResCAM}


def stretched(maps: Tensor) -> Tensor:
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low)


@pytest.mark.parametrize("method", PEERS)
@pytest.mark.parametrize(("name", "layer"), [("alexnet", "features.11"), ("resnet18", "layer4")])
def test_pytorch_grad_cam_agrees(method: str, name: str, layer: str) -> None:
    network = load_network(name, weights=None, seed=1)
    for child in network.module.modules():
        if isinstance(child, nn.ReLU):
            child.inplace = False  # their hooks keep what an in-place call then overwrites
    size = 224 if name == "alexnet" else 96
    images, targets = noise(2, 3, size, size, seed=5), [7, 9]
    found = explain(network, images, targets, [method], layer=layer)
    ours = stretched(resize(found[method], (size, size)))
    with PEERS[method](network.module, [network.module.get_submodule(layer)]) as peer:
        theirs = torch.from_numpy(peer(images, [ClassifierOutputTarget(t) for t in targets]))
    shown = ~found.empty[method]
    assert shown.any()
    torch.testing.assert_close(ours[shown], stretched(theirs)[shown], rtol=0, atol=2e-6)


def test_pytorch_grad_cams_plus_plus_agrees_once_gradients_dwarf_its_epsilon() -> None:
    module = small()
    images = noise(1, 3, 9, 9)

    class Steep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: Tensor) -> Tensor:
            return 1e4 * module(x)

    steep = Steep().eval()
    ours = explain(Network(steep, "inner.second"), images, [3], ["grad_cam_pp"])["grad_cam_pp"]
    with GradCAMPlusPlus(steep, [module.second]) as peer:
        theirs = torch.from_numpy(peer(images, [ClassifierOutputTarget(3)]))
    torch.testing.assert_close(
        stretched(resize(ours, (9, 9))), stretched(theirs), rtol=0, atol=1e-4
    )


class Gap(nn.Module):
    """Global average pooling and a linear head: where CAM itself is defined."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.body(x)).mean((2, 3)))


def test_cam_grad_cam_and_xgrad_cam_are_one_on_gap_and_a_linear_head() -> None:
    module = seeded(Gap)
    images, target = noise(2, 3, 12, 12), 2
    found = explain(Network(module), images, [target] * 2, ("grad_cam", "xgrad_cam"))
    with torch.no_grad():
        activations = torch.relu(module.body(images))
        weights = module.head.weight[target][None, :, None, None]
        cam = torch.relu((weights * activations).sum(1)) / (12 * 12)
    torch.testing.assert_close(found["grad_cam"], cam, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found["xgrad_cam"], cam, rtol=1e-6, atol=1e-6)


def test_xgrad_cam_conserves_the_sum_of_activation_times_gradient(tmp_path: Path) -> None:
    subject, images = Subject("second > relu", tmp_path), noise(1, 3, 9, 9)
    found = explain(subject.network, images, [list(range(5))], FREE)
    for k in range(5):
        A, g = subject.layer(images[0], k)
        alpha = (A * g).sum((1, 2)) / (A.sum((1, 2)) + 1e-7)
        signed = (alpha[:, None, None] * A).sum(0)
        assert math.isclose(signed.sum(), (A * g).sum(), rel_tol=1e-4)
        np.testing.assert_allclose(
            found["xgrad_cam"][0, k], np.maximum(signed, 0), rtol=1e-4, atol=1e-7
        )


FREE = ("counterfactual_grad_cam", *PEERS, "grad_cam_pp")


def test_six_cams_walk_the_graph_as_often_as_grad_cam_alone() -> None:
    module = small()
    backwards: list[int] = []

    def count(_: nn.Module, __: object, out: Tensor) -> None:
        if out.requires_grad:
            out.register_hook(lambda gradient: backwards.append(1))

    forwards: list[int] = []
    module.register_forward_hook(lambda *_: forwards.append(1))
    module.hidden.register_forward_hook(count)
    for methods in (("grad_cam",), FREE):
        forwards.clear()
        backwards.clear()
        explain(Network(module, "second"), noise(1, 3, 9, 9), [0], methods)
        assert (len(forwards), len(backwards)) == (1, 1)


class Signed(nn.Module):
    """A map with both signs, in each of whose channels they nearly cancel out."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.map = nn.InstanceNorm2d(3), nn.Identity()
        self.head = nn.Linear(3 * 36, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.map(self.norm(x) + 1e-4).flatten(1))


def test_xgrad_cam_says_how_far_its_weights_go_beyond_any_gradient() -> None:
    module = seeded(Signed)
    images = noise(2, 3, 6, 6)
    found = explain(Network(module, "map"), images, [[1, 2], [0, 3]], ["xgrad_cam", "grad_cam"])
    largest = found.checks["xgrad_cam"]["largest_weight"]
    assert largest.shape == found.checks["xgrad_cam"]["conservation_error"].shape == (2, 2)
    A = (module.norm(images) + 1e-4).double()
    for n, targets in enumerate([[1, 2], [0, 3]]):
        for k, target in enumerate(targets):
            g = module.head.weight[target].detach().double().reshape(3, 6, 6)
            alpha = (A[n] * g).sum((1, 2)) / (A[n].sum((1, 2)) + 1e-7)
            expected = float(alpha.abs().max() / g.abs().max())
            assert expected > 100
            assert float(largest[n, k]) == pytest.approx(expected, rel=0.05)
    assert found.manifest()["checks"]["xgrad_cam"]["largest_weight"] == largest.tolist()
    assert "grad_cam" not in found.checks


def test_on_a_map_without_negative_values_xgrad_cams_weights_are_means_of_the_gradient() -> None:
    network = Network(seeded(Convolutions, torch.relu))
    found = explain(network, noise(3, 3, 12, 12), [0, 1, 2], ["xgrad_cam"])
    checks = found.checks["xgrad_cam"]
    assert (checks["largest_weight"] > 0).all()
    assert (checks["largest_weight"] <= 1 + 1e-5).all()
    assert (checks["conservation_error"] < 1e-4).all()
    parts = explain(network, noise(3, 3, 12, 12), [0, 1, 2], ["xgrad_cam"], memory=1)
    torch.testing.assert_close(parts.checks["xgrad_cam"], checks)


class LinearHead(nn.Module):
    """A map without negative values, its mean, and a linear head with a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.map, self.head = nn.Conv2d(3, 5, 3), nn.Linear(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.map(x)).mean((2, 3)))


def test_of_a_linear_head_only_the_bias_is_not_in_a_map_that_adds_up_to_the_score() -> None:
    module = seeded(LinearHead)
    network, images = Network(module, "map > relu"), noise(2, 3, 9, 9)
    found = explain(network, images, [1, 2], ["hires_cam", "xgrad_cam", "layer_cam"])
    targets = torch.tensor([1, 2])
    scores = network.predict(images)[[0, 1], targets]
    expected = (module.head.bias.detach()[targets] / scores).abs()
    for method in ("hires_cam", "xgrad_cam"):
        told = found.checks[method]["score_error"]
        torch.testing.assert_close(told, expected, rtol=1e-3, atol=1e-5)
    A = torch.relu(module.map(images)).detach().mean((2, 3))
    evidence = A * module.head.weight.detach()[targets]
    left_out = -evidence.clamp(max=0).sum(1) / evidence.abs().sum(1)
    assert (left_out > 0).all()
    torch.testing.assert_close(found.checks["layer_cam"]["left_out"], left_out)


def test_a_check_compares_with_nothing_in_numbers_that_json_holds() -> None:
    parts, whole = torch.tensor([0.0, 3, -1, float("nan")]), torch.tensor([0.0, 0, -4, 1])
    assert relative(parts, whole).tolist() == [0, MOST, 0.25, MOST]
