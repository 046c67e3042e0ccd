"""Where peers are right they agree; where they are silently wrong the slow reference tells."""

import copy
import warnings

import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop, LayerGradCam, Saliency
from torch import Tensor, nn
from torch.nn import functional

from explainer import Network, explain, load_network
from tests.explainer.references import pixel_map, slow_relu
from tests.explainer.small_networks import noise

BIT_FOR_BIT = {
    "alexnet": "features.11",
    "resnet18": "layer4",
    "squeezenet1_1": "classifier.2",
}
CAPTUM = {"guided_backprop": GuidedBackprop, "deconvnet": Deconvolution}


def loaded(name: str) -> Network:
    network = load_network(name, weights=None, seed=1)
    for module in network.module.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False  # captum's hooks can't bear in-place calls
    return network


def input_for(network: Network, count: int = 1) -> Tensor:
    size = network.preprocess.size
    return noise(count, 3, size, size)


@pytest.mark.parametrize("name", BIT_FOR_BIT)
def test_captum_agrees_bit_for_bit(name: str) -> None:
    network = loaded(name)
    images, target = input_for(network), 7
    found = explain(network, images, [target], ("grad_cam", "guided_backprop", "deconvnet"))
    assert found.layer == BIT_FOR_BIT[name]
    layer = network.module.get_submodule(BIT_FOR_BIT[name])
    theirs = LayerGradCam(network.module, layer).attribute(images, target, relu_attributions=True)
    assert torch.equal(found["grad_cam"], theirs[:, 0].detach())
    module = without_reuse(network.module) if name == "resnet18" else network.module
    for method, attribution in CAPTUM.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # captum tells that it sets hooks
            theirs = attribution(module).attribute(images.clone().requires_grad_(), target)
        assert torch.equal(found[method], theirs.detach()), method


def without_reuse(module: nn.Module) -> nn.Module:
    """The same network with a ReLU module of its own for every call, as captum needs."""
    twin = copy.deepcopy(module)
    for block in twin.modules():
        if hasattr(block, "conv2") and hasattr(block, "relu"):
            block.forward = _basic_block(block, nn.ReLU(), nn.ReLU())
    return twin


def _basic_block(block: nn.Module, first: nn.Module, second: nn.Module) -> object:
    block.first, block.second = first, second

    def forward(x: Tensor) -> Tensor:
        out = block.bn2(block.conv2(block.first(block.bn1(block.conv1(x)))))
        out = out + (x if block.downsample is None else block.downsample(x))
        return block.second(out)

    return forward


WRONG_PEERS = {"mobilenet_v2": 6.0, "googlenet": None}


@pytest.mark.parametrize("name", WRONG_PEERS)
def test_captum_silently_gives_the_gradient_where_the_reference_agrees_with_us(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = loaded(name)
    images, target = noise(1, 3, 96, 96), 7
    found = explain(network, images, [target], ("guided_backprop", "deconvnet", "gradient"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrong = GuidedBackprop(network.module).attribute(images.clone().requires_grad_(), target)
        plain = Saliency(network.module).attribute(
            images.clone().requires_grad_(), target, abs=False
        )
    torch.testing.assert_close(wrong, plain, rtol=1e-3, atol=1e-3 * float(plain.abs().max()))
    for rule in ("guided_backprop", "deconvnet"):
        with monkeypatch.context() as patch:
            slow = slow_relu(rule, WRONG_PEERS[name])
            for spelling in ("relu", "relu6", "hardtanh"):
                patch.setattr(functional, spelling, lambda x, *_, slow=slow, **__: slow(x))
            reference = pixel_map(network.module, images, [target])
        scale = float(reference.abs().max())
        torch.testing.assert_close(found[rule], reference, rtol=1e-4, atol=1e-5 * scale)
        assert not torch.allclose(found[rule], found["gradient"], atol=0.1 * scale)
