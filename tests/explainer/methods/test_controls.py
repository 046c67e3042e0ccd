"""The control arms: pictures that look like explanations and explain nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from explainer import METHODS, ExplainerError, Network, Preprocess, explain, load_network, targets
from explainer.pictures.resizing import resize
from tests.explainer.small_networks import Convolutions, noise, seeded, small
from tests.explainer.small_segmenter import detector, picture, segmenter
from tests.explainer.small_transformers import vit

CONTROLS = ("edges", "centre_prior", "random_weights", "other_image")


def network() -> Network:
    module = small()
    return Network(module, "second", preprocess=Preprocess(size=12, resize=12))


def test_all_have_the_images_size_and_none_is_signed() -> None:
    found = explain(network(), noise(2, 3, 12, 14), [[0, 1], [2, 3]], CONTROLS)
    for name in CONTROLS:
        assert found[name].shape == (2, 2, 12, 14)
        assert (found[name] >= 0).all()


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_its_map_depends_on(name: str, tmp_path: Path) -> None:
    Image.fromarray(np.arange(432, dtype=np.uint8).reshape(12, 12, 3)).save(tmp_path / "a.png")
    settings = {
        "other_image": {"photo": str(tmp_path / "a.png")},
        "occlusion": {"patch": 4, "stride": 2},
    }
    chosen = {name: settings[name]} if name in settings else {}

    def maps(seed: int = 1, target: int = 0, photo: int = 0) -> torch.Tensor:
        if METHODS[name].attention:
            subject, image = Network(vit(seed)), noise(1, 3, 32, 32, seed=photo)
        else:
            module = seeded(Convolutions, functional.relu, seed=seed)
            subject = Network(module, "second", preprocess=Preprocess(size=12, resize=12))
            image = noise(1, 3, 12, 12, seed=photo)
        return explain(subject, image, [target], [name], settings=chosen)[name]

    changed = {"network": maps(seed=2), "class": maps(target=3), "photo": maps(photo=1)}
    influences = {what for what, other in changed.items() if not torch.equal(maps(), other)}
    assert METHODS[name].depends_on == influences


def test_edges_can_be_as_coarse_as_a_cam() -> None:
    image = noise(1, 3, 12, 12)
    fine = explain(network(), image, [0], ["edges"])["edges"]
    wanted = {"edges": {"grid": 4}}
    coarse = explain(network(), image, [0], ["edges"], settings=wanted)["edges"]
    expected = resize(fine.unflatten(2, (4, 3)).unflatten(1, (4, 3)).mean((2, 4)), (12, 12))
    torch.testing.assert_close(coarse, expected)


def test_the_centre_prior_is_a_gaussian_that_knows_no_photo() -> None:
    found = explain(network(), noise(2, 3, 12, 16), [0, 1], ["centre_prior"])["centre_prior"]
    assert torch.equal(found[0], found[1])
    for i, j in ((0, 0), (5, 8), (11, 3)):
        down, across = (i - 5.5) / (0.25 * 12), (j - 7.5) / (0.25 * 16)
        expected = np.exp(-(down**2 + across**2) / 2)
        assert float(found[0, i, j]) == pytest.approx(expected, rel=1e-5)


def test_random_weights_explains_a_twin_that_learnt_nothing() -> None:
    subject, images = network(), noise(2, 3, 12, 12)
    before = {name: values.clone() for name, values in subject.module.state_dict().items()}
    found = explain(subject, images, [1, 2], ("random_weights", "grad_cam"))
    assert all(torch.equal(before[name], v) for name, v in subject.module.state_dict().items())
    twin = subject.redrawn(0)
    assert not torch.equal(twin.first.weight, subject.module.first.weight)
    own = explain(Network(twin, "second"), images, [1, 2])["grad_cam"]
    torch.testing.assert_close(found["random_weights"], resize(own, (12, 12)))
    other = explain(
        subject, images, [1, 2], ["random_weights"], settings={"random_weights": {"seed": 3}}
    )
    assert not torch.equal(other["random_weights"], found["random_weights"])


def test_redrawn_weights_keep_the_scale_of_activations_even_far_down() -> None:
    subject = load_network("efficientnet_lite0", weights=None, size=64)
    images = noise(2, 3, 64, 64)
    maps = explain(subject, images, [3, 700], ["random_weights"])["random_weights"]
    assert torch.isfinite(maps).all()
    assert 1e-3 < float(subject.redrawn(0)(images).detach().std()) < 1e3


def test_a_network_that_cannot_be_copied_is_told() -> None:
    class Locked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = small()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x)

        def __deepcopy__(self, memo: object) -> nn.Module:
            raise TypeError("locked")

    with pytest.raises(ExplainerError, match="can't be copied"):
        explain(Network(Locked().eval(), "body.second"), noise(1, 3, 9, 9), [0], ["random_weights"])


def test_the_other_image_is_the_next_different_one_of_the_batch() -> None:
    images = noise(3, 3, 12, 12)
    batch = torch.stack([images[0], images[0], images[1], images[2]])
    found = explain(network(), batch, [0, 1, 2, 3], ("other_image", "grad_cam"))
    expected = resize(found["grad_cam"][[2, 2, 3, 0]], (12, 12))
    torch.testing.assert_close(found["other_image"], expected)


def test_the_other_image_may_have_another_methods_map() -> None:
    batch = noise(2, 3, 12, 12)
    asked, own = ("other_image", "layer_cam", "grad_cam"), {"other_image": {"of": "layer_cam"}}
    found = explain(network(), batch, [0, 1], asked, settings=own)
    of_others = resize(found["layer_cam"][[1, 0]], (12, 12))
    torch.testing.assert_close(found["other_image"], of_others)
    assert not torch.allclose(of_others, resize(found["grad_cam"][[1, 0]], (12, 12)))


def test_without_another_image_that_control_is_refused() -> None:
    for count in (1, 2):
        with pytest.raises(ExplainerError, match="no other image in the batch"):
            explain(network(), noise(1, 3, 12, 12).repeat(count, 1, 1, 1), None, ["other_image"])


def test_the_other_image_may_be_a_photo_of_its_own(tmp_path: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    photo = Image.fromarray(pixels)
    photo.save(tmp_path / "other.png")
    subject = network()
    wanted = {"other_image": {"photo": str(tmp_path / "other.png")}}
    found = explain(
        subject, noise(2, 3, 12, 12), [[0, 1], [2, 3]], ["other_image"], settings=wanted
    )
    own = resize(explain(subject, subject.prepare([photo]))["grad_cam"], (12, 12))[0]
    torch.testing.assert_close(found["other_image"], own.expand(2, 2, 12, 12))


@pytest.mark.parametrize(
    ("make", "kind"),
    [(segmenter, targets.PredictedRegion), (detector, targets.SurestBox)],
)
def test_another_photo_is_explained_in_its_own_region_or_box_as_the_batch_is(
    tmp_path: Path, make: Callable[[], Network], kind: type[targets.Target]
) -> None:
    subject, other = make(), picture("green", "red")
    other.save(tmp_path / "other.png")
    wanted = {"other_image": {"photo": str(tmp_path / "other.png")}}
    images = subject.prepare([picture("blue", "red"), picture("", "blue")])
    found = explain(subject, images, kind(3), ["other_image"], settings=wanted)["other_image"]
    image = subject.prepare([other])
    answer = int(subject.predict(image).argmax())
    own = resize(explain(subject, image, kind(answer))["grad_cam"], (24, 24))[0]
    torch.testing.assert_close(found, own.expand(2, 24, 24))
    by_score = resize(explain(subject, image, [answer])["grad_cam"], (24, 24))[0]
    assert answer != 3
    assert not torch.allclose(own, by_score)


def test_another_photo_in_which_nothing_is_seen_is_told(tmp_path: Path) -> None:
    picture().save(tmp_path / "other.png")
    wanted = {"other_image": {"photo": str(tmp_path / "other.png")}}
    subject = detector()
    images = subject.prepare([picture("blue", "red")])
    said = "the photo of other_image: there is no detection of class 0: name one in which"
    with pytest.raises(ExplainerError, match=said):
        explain(subject, images, targets.SurestBox(3), ["other_image"], settings=wanted)
    several = [targets.SurestBox(3), targets.Channel(0)]
    with pytest.raises(ExplainerError, match="as targets of several kinds are: explain images"):
        explain(subject, images.repeat(2, 1, 1, 1), several, ["other_image"], settings=wanted)
