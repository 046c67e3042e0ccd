"""Crops and tensors are what the networks were trained on; people see the same region sharp."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import Inception_V3_Weights, ResNet50_Weights

from explainer import ExplainerError, Network, Preprocess, load_network, settings_digest


def photo(width: int, height: int, grain: int = 8) -> Image.Image:
    shape = (height // grain, width // grain, 3)
    values = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", [(400, 300), (333, 501), (120, 90), (299, 299)])
@pytest.mark.parametrize("weights", [ResNet50_Weights.IMAGENET1K_V1, Inception_V3_Weights.DEFAULT])
def test_tensors_equal_torchvisions_own(size: tuple[int, int], weights: object) -> None:
    preset = weights.transforms()
    name = {224: "resnet50", 299: "inception_v3"}[preset.crop_size[0]]
    network = load_network(name, weights=None)
    torch.testing.assert_close(network.prepare([photo(*size)])[0], preset(photo(*size)))


def test_torchvisions_own_transforms_will_do_and_what_tells_no_region_is_refused() -> None:
    preset = ResNet50_Weights.IMAGENET1K_V2.transforms()
    network = Network(torch.nn.Conv2d(3, 4, 3).eval(), preprocess=preset)
    torch.testing.assert_close(network.prepare([photo(400, 300)])[0], preset(photo(400, 300)))
    assert network.preprocess.crop(photo(400, 300), 448).size == (448, 448)
    with pytest.raises(ExplainerError, match="which region of a photo"):
        Network(torch.nn.Conv2d(3, 4, 3).eval(), preprocess=lambda photo: photo)


def test_lite_networks_normalise_by_127_and_128_after_a_bicubic_resize() -> None:
    seen = photo(500, 400)
    network = load_network("efficientnet_lite0", weights=None)
    short = seen.resize((320, 256), Image.Resampling.BICUBIC).crop((48, 16, 272, 240))
    expected = (torch.from_numpy(np.array(short)).permute(2, 0, 1).float() - 127) / 128
    torch.testing.assert_close(network.prepare([seen])[0], expected)


def test_near_sight_blurs_the_tensor_and_never_the_picture_for_people() -> None:
    sharp = Preprocess(interpolation="bicubic")
    blurred = Preprocess(interpolation="bicubic", shrink_to=96)
    seen = photo(400, 300)
    assert sharp.crop(seen, 448).tobytes() == blurred.crop(seen, 448).tobytes()
    assert not torch.equal(sharp.tensor(sharp.crop(seen)), blurred.tensor(blurred.crop(seen)))
    assert sharp.digest() != blurred.digest()


def test_a_crop_at_another_size_shows_the_same_region() -> None:
    steps, seen = Preprocess(), photo(640, 480, grain=32)
    small = np.asarray(steps.crop(seen), dtype=float)
    large = np.asarray(steps.crop(seen, 448).resize((224, 224), Image.Resampling.BOX), dtype=float)
    apart = np.abs(small - large).mean()

    assert apart < np.abs(small[:, 2:] - large[:, :-2]).mean() / 2


def test_a_crop_of_another_size_is_refused_by_tensor() -> None:
    with pytest.raises(ExplainerError, match="give tensor"):
        Preprocess().tensor(photo(448, 448))


def test_shrinking_to_nothing_or_to_the_same_size_is_refused() -> None:
    for shrink_to in (0, 224):
        with pytest.raises(ExplainerError, match="shrinks nothing"):
            Preprocess(shrink_to=shrink_to)


OWN_STEPS = {"size": 64, "resize": 72, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4],
             "interpolation": "bicubic"}  # fmt: skip


def test_a_torchvision_network_takes_the_preprocessing_that_it_was_trained_with() -> None:
    network = load_network("squeezenet1_1", weights=None, num_classes=3, **OWN_STEPS)
    seen = photo(120, 90)
    expected = Preprocess(64, 72, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), "bicubic")
    assert network.steps == expected
    assert torch.equal(network.prepare([seen])[0], expected.tensor(expected.crop(seen)))
    assert settings_digest(network, "gradient") != settings_digest(
        load_network("squeezenet1_1", weights=None, num_classes=3), "gradient"
    )


def test_without_steps_of_its_own_a_network_has_those_of_its_weights_and_their_digest() -> None:
    network = load_network("squeezenet1_1", weights=None, num_classes=3)
    assert network.steps == Preprocess()
    assert network.steps.digest() == Preprocess().digest()
    larger = load_network("squeezenet1_1", weights=None, num_classes=3, size=112)
    assert (larger.steps.size, larger.steps.resize) == (112, 128)


def test_networks_that_count_positions_are_built_for_the_size() -> None:
    network = load_network("vit_b_32", weights=None, num_classes=3, size=64)
    assert network.predict(torch.zeros(1, 3, 64, 64)).shape == (1, 3)


@pytest.mark.parametrize(("name", "size"), [("vit_b_32", 225), ("maxvit_t", 200)])
def test_a_size_that_a_network_can_not_be_built_for_is_refused(name: str, size: int) -> None:
    with pytest.raises(ExplainerError, match=rf"can't make {name} with .*{size}.*another size"):
        load_network(name, weights=None, size=size)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("size", 0, "use a whole number above 0"),
        ("resize", 8.0, "use a whole number above 0"),
        ("interpolation", ["bilinear"], "use bilinear or"),
        ("mean", [0.5], "give three numbers, of red, green and blue"),
        ("mean", 0.5, "give three numbers"),
        ("mean", [0.5, 0.5, float("nan")], "give three numbers"),
        ("mean", [123.7, 116.8, 103.9], "from 0 to 1: divide numbers for bytes by 255"),
        ("mean", [0.5, 0.5, -0.1], "from 0 to 1"),
        ("std", [58.4, 57.1, 57.4], "from 0 to 1, above 0: divide numbers for bytes by 255"),
        ("std", [0.5, 0.5, 0.0], "give three numbers.*above 0"),
        ("std", [True, 1, 1], "give three numbers"),
        ("interpolation", "nearest", "use bilinear or bicubic"),
        ("resize", 100, "can't crop 224 pixels out of 100"),
    ],
)
def test_steps_that_no_photo_can_take_are_refused(option: str, value: Any, said: str) -> None:
    with pytest.raises(ExplainerError, match=said):
        load_network("squeezenet1_1", weights=None, num_classes=3, **{option: value})
