"""Gradient activation maps: several layers, a class's logit or two images' likeness."""

import torch
from pytorch_grad_cam import LayerCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from explainer import Network, explain, load_network, similarity_to
from explainer.methods.masks import minmax
from explainer.pictures.resizing import resize
from tests.explainer.small_networks import noise, small

LAYERS = {"gam": {"layers": ["first", "second"]}}


def test_one_layer_of_it_is_layer_cam() -> None:
    network = Network(small(), "second")
    images = noise(2, 3, 12, 12)
    one = {"gam": {"layers": ["second"]}}
    found = explain(network, images, [1, 3], ("gam", "layer_cam"), settings=one)
    expected = minmax(resize(found["layer_cam"], (12, 12)))
    torch.testing.assert_close(found["gam"], expected)


def test_pytorch_grad_cams_layer_cam_over_several_layers_agrees_map_by_map() -> None:
    network = load_network("resnet18", weights=None, seed=1)
    for child in network.module.modules():
        if isinstance(child, nn.ReLU):
            child.inplace = False
    images = noise(2, 3, 96, 96, seed=5)
    found = explain(network, images, [7, 9], ["gam"])
    assert network.stages(images)[-3:] == ("layer2", "layer3", "layer4")
    layers = [network.module.layer2, network.module.layer3, network.module.layer4]
    with LayerCAM(network.module, layers) as peer:
        targets = [ClassifierOutputTarget(7), ClassifierOutputTarget(9)]
        peer(images, targets)
        theirs = peer.compute_cam_per_layer(images, targets, False)
    each = [minmax(torch.from_numpy(maps[:, 0])) for maps in theirs]  # stretched once enlarged
    torch.testing.assert_close(found["gam"], torch.stack(each).mean(0), rtol=0, atol=5e-6)


def test_it_explains_why_two_images_are_alike() -> None:
    module = small()
    network = Network(module, "second")
    images, others = noise(2, 3, 12, 12), noise(2, 3, 12, 12, seed=9)
    embeddings = network.predict(others)
    found = explain(network, images, similarity_to(embeddings), ["gam"], settings=LAYERS)

    def cosine(out: torch.Tensor) -> torch.Tensor:
        return (out * embeddings).sum(1) / (out.norm(dim=1) * embeddings.norm(dim=1))

    by_hand = explain(network, images, cosine, ["gam"], settings=LAYERS)
    torch.testing.assert_close(found["gam"], by_hand["gam"], rtol=1e-4, atol=1e-5)
    assert found["gam"].max() > 0
    assert found.targets is None


def test_its_layers_share_one_walk_with_grad_cam() -> None:
    module = small()
    walks: list[int] = []

    def count(_: nn.Module, __: object, out: torch.Tensor) -> None:
        out.register_hook(lambda gradient: walks.append(1))

    module.hidden.register_forward_hook(count)
    explain(Network(module, "second"), noise(1, 3, 9, 9), [0], ("grad_cam", "gam"), settings=LAYERS)
    assert len(walks) == 1
