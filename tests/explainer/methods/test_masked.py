"""Group-CAM and Score-CAM against plain loops and peers."""

import torch
from torchcam.methods import ScoreCAM
from torchvision.transforms.functional import gaussian_blur

from explainer import Network, explain
from explainer.methods.masks import blur, minmax
from tests.explainer.small_networks import noise, small


def test_a_callable_score_is_used_by_group_cam_as_it_is() -> None:
    network = Network(small(), "second")
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


def test_torchcams_score_cam_agrees_where_nothing_is_enlarged() -> None:
    network, images = small(), noise(1, 3, 12, 12)
    found = explain(Network(network, "first"), images, [2], ["score_cam"])["score_cam"]
    with ScoreCAM(network, "first", input_shape=(3, 12, 12)) as extractor:
        network(images)
        theirs = extractor(class_idx=2)[0]
    torch.testing.assert_close(minmax(found), minmax(theirs.detach()), rtol=1e-4, atol=1e-5)
