"""Methods that read attention: as peers compute them, of the tokens that a network has."""

from typing import Any

import pytest
import torch
from torchcam.methods import LeGrad

from explainer import Network, explain
from tests.explainer.small_networks import OF_ATTENTION, noise
from tests.explainer.small_transformers import TRANSFORMERS, by_hand, timm, vit


def test_torchcams_legrad_agrees() -> None:
    module, images, targets = vit(), noise(3, 3, 32, 32), [0, 1, 4]
    found = explain(Network(module), images, targets, ["legrad"])["legrad"]
    with LeGrad(module, list(module.encoder.layers)) as extractor:
        (theirs,) = extractor(targets, module(images), normalized=False)
    assert found.abs().max() > 0
    torch.testing.assert_close(found, theirs)


def test_a_softmax_by_hand_gives_the_maps_of_the_kernel() -> None:
    images = noise(2, 3, 32, 32)
    expected = explain(Network(timm()), images, [1, 2], OF_ATTENTION)
    found = explain(Network(by_hand()), images, [1, 2], OF_ATTENTION)
    for name in OF_ATTENTION:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_maps_lie_on_the_patches_and_only_rollout_is_one_for_all_classes(name: str) -> None:
    network, images = Network(TRANSFORMERS[name]()), noise(2, 3, 32, 32)
    found = explain(network, images, [[0, 1], [2, 3]], OF_ATTENTION)
    for method in OF_ATTENTION:
        assert found[method].shape == (2, 2, 4, 4)
        assert (found[method] >= 0).all()
        assert found[method].abs().max() > 0
        shares = found.checks[method]["share_of_patches"]
        assert ((shares >= 0) & (shares <= 1 + 1e-5)).all()
        same = torch.equal(found[method][:, 0], found[method][:, 1])
        assert same == (method == "attention_rollout")


def test_the_share_of_patches_is_all_where_there_are_no_other_tokens() -> None:
    images = noise(2, 3, 32, 32)
    pooled = explain(Network(TRANSFORMERS["mean"]()), images, [0, 1], OF_ATTENTION)
    with_registers = explain(Network(TRANSFORMERS["registers"]()), images, [0, 1], OF_ATTENTION)
    for method in OF_ATTENTION:
        torch.testing.assert_close(pooled.checks[method]["share_of_patches"], torch.ones(2))
        assert (with_registers.checks[method]["share_of_patches"] < 0.999).all()


def test_a_row_of_rollout_adds_up_to_one_and_the_mean_is_taken_of_all_that_are_read() -> None:
    images = noise(2, 3, 32, 32)
    rows = {"torchvision": (0,), "distilled": (0, 1), "mean": tuple(range(16))}
    for name, expected in rows.items():
        assert Network(TRANSFORMERS[name]()).blocks(images).rows == expected
    map = explain(Network(TRANSFORMERS["mean"]()), images, [0, 1], ["attention_rollout"])
    torch.testing.assert_close(map["attention_rollout"].sum((1, 2)), torch.ones(2))


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_a_batch_in_parts_gives_the_maps_of_the_whole(method: str) -> None:
    network, images = Network(vit()), noise(5, 3, 32, 32)
    whole = explain(network, images, [0, 1, 2, 3, 4], [method])
    parts = explain(network, images, [0, 1, 2, 3, 4], [method], memory=300_000)
    torch.testing.assert_close(parts[method], whole[method])
    one = explain(network, images[3:4], [3], [method])
    torch.testing.assert_close(one[method][0], whole[method][3])


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_a_score_of_the_callers_own_is_explained_as_its_class_is(method: str) -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    expected = explain(network, images, [3, 3], [method])[method]
    found = explain(network, images, lambda output: output[:, 3], [method])[method]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("method", OF_ATTENTION)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions_give_float32_maps_that_are_near(method: str, dtype: Any) -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    expected = explain(network, images, [1, 2], [method])[method]
    network.module.to(dtype)
    found = explain(network, images.to(dtype), [1, 2], [method])[method]
    assert found.dtype == torch.float32
    near = 0.15 if dtype == torch.bfloat16 else 1e-4
    assert (found - expected).abs().max() < near * expected.abs().max()


def test_photos_that_are_not_square_have_their_own_grid() -> None:
    module = TRANSFORMERS["PyTorch's"]()
    for size in ((32, 24), (24, 32), (32, 32)):
        found = explain(Network(module), noise(2, 3, *size), [1, 2], OF_ATTENTION)
        for method in OF_ATTENTION:
            assert found[method].shape == (2, size[0] // 8, size[1] // 8)
