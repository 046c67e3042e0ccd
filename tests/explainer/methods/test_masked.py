"""Group-CAM and Score-CAM against plain loops and peers."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torchcam.methods import ScoreCAM
from torchvision.transforms.functional import gaussian_blur

from explainer import Network, explain
from explainer.methods.masks import blur, minmax
from tests.explainer import references
from tests.explainer.references import layer_and_gradient
from tests.explainer.small_networks import Convolutions, noise, seeded


def module() -> nn.Module:
    return seeded(Convolutions, functional.relu)


def probability(network: nn.Module, image: Tensor, target: int) -> float:
    with torch.no_grad():
        return float(network(image[None]).softmax(1)[0, target])


@pytest.mark.parametrize("groups", [4, 3, 32])
def test_group_cam_is_the_papers_steps(groups: int) -> None:
    network, targets = module(), [3, 1]
    images = noise(2, 3, 28, 28)
    wanted = {"group_cam": {"groups": groups}}
    found = explain(Network(network, "second"), images, targets, ["group_cam"], settings=wanted)
    for n, target in enumerate(targets):
        A, g = layer_and_gradient(network, network.second, images[n], target)
        blurred = gaussian_blur(images[n], [51, 51], [50.0, 50.0])
        without = probability(network, blurred, target)
        total = np.zeros((28, 28))
        for mask in references.group_masks(A, g, groups, (28, 28)):
            N = torch.from_numpy(mask).float()
            seen = images[n] * N + blurred * (1 - N)
            total += (probability(network, seen, target) - without) * mask
        expected = np.maximum(total, 0)
        np.testing.assert_allclose(found["group_cam"][n], expected, atol=2e-6)
    assert found["group_cam"].max() > 1e-4


def test_a_callable_score_is_used_by_group_cam_as_it_is() -> None:
    network = Network(module(), "second")
    images = noise(2, 3, 28, 28)
    by_class = explain(network, images, [3, 3], ["group_cam"])["group_cam"]
    by_score = explain(network, images, lambda out: out[:, 3], ["group_cam"])["group_cam"]
    assert not torch.allclose(by_class, by_score)
    ours = explain(network, images, lambda out: out.softmax(1)[:, 3], ["group_cam"])["group_cam"]
    assert ours.shape == by_class.shape


def test_the_blur_is_torchvisions_and_has_no_smallest_image() -> None:
    images = noise(2, 3, 40, 64)
    theirs = gaussian_blur(images, [51, 51], [50.0, 50.0])
    torch.testing.assert_close(blur(images), theirs, rtol=1e-4, atol=1e-5)
    plain = torch.full((1, 3, 5, 7), 2.5)
    torch.testing.assert_close(blur(plain), plain)


def test_a_constant_mask_holds_nothing() -> None:
    maps = torch.stack([torch.full((2, 2), 3.0), torch.tensor([[1.0, 3.0], [2.0, 5.0]])])
    expected = torch.tensor([[[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.5], [0.25, 1.0]]])
    torch.testing.assert_close(minmax(maps), expected)


def slow_score_cam(
    network: nn.Module, A: NDArray[np.float32], image: Tensor, target: int
) -> NDArray[np.float64]:
    size = (image.shape[1], image.shape[2])
    scores = []
    for channel in A:
        mask = references.minmax(references.bilinear(channel, size))
        with torch.no_grad():
            seen = image * torch.from_numpy(mask).float()
            scores.append(float(network(seen[None])[0, target]))
    alpha = np.exp(np.array(scores) - max(scores))
    alpha /= alpha.sum()
    coarse = np.maximum(sum(a * channel for a, channel in zip(alpha, A, strict=True)), 0)
    return references.bilinear(coarse, size)


def test_score_cam_is_the_papers_steps() -> None:
    network, images, targets = module(), noise(2, 3, 12, 12), [4, 0]
    found = explain(Network(network, "second"), images, targets, ["score_cam"])["score_cam"]
    for n, target in enumerate(targets):
        A, _ = layer_and_gradient(network, network.second, images[n], target)
        expected = slow_score_cam(network, A, images[n], target)
        np.testing.assert_allclose(found[n], expected, rtol=1e-4, atol=1e-6)


def test_torchcams_score_cam_agrees_where_nothing_is_enlarged() -> None:
    network, images = module(), noise(1, 3, 12, 12)
    found = explain(Network(network, "first"), images, [2], ["score_cam"])["score_cam"]
    with ScoreCAM(network, "first", input_shape=(3, 12, 12)) as extractor:
        network(images)
        theirs = extractor(class_idx=2)[0]
    torch.testing.assert_close(minmax(found), minmax(theirs.detach()), rtol=1e-4, atol=1e-5)
