"""Averages over many nearby inputs, against plain loops and captum."""

import pytest
import torch
from captum.attr import IntegratedGradients
from PIL import Image
from torch import Tensor

from explainer import ExplainerError, Network, Preprocess, explain
from tests.explainer.small_networks import noise, small

STEPS = Preprocess(size=9, resize=9)
BLACK = torch.tensor([(0 - m) / s for m, s in zip(STEPS.mean, STEPS.std, strict=True)])


def black() -> Tensor:
    return BLACK[None, :, None, None].expand(1, 3, 9, 9)


def test_integrated_gradients_is_captums_right_riemann_sum() -> None:
    network = Network(small(), preprocess=STEPS)
    images = noise(2, 3, 9, 9)
    found = explain(network, images, [3, 0], ["integrated_gradients"])["integrated_gradients"]
    theirs = IntegratedGradients(network.module).attribute(
        images, baselines=black(), target=torch.tensor([3, 0]), n_steps=50, method="riemann_right"
    )
    torch.testing.assert_close(found, theirs.float(), rtol=1e-4, atol=1e-6)
    scores = network.predict(images) - network.predict(black())
    gained = found.sum((1, 2, 3))
    torch.testing.assert_close(gained, scores[[0, 1], [3, 0]], rtol=0.05, atol=0.01)


CAPTUMS = {"left": "riemann_left", "middle": "riemann_middle", "gauss_legendre": "gausslegendre"}


@pytest.mark.parametrize("points", CAPTUMS)
def test_captum_agrees_about_other_points(points: str) -> None:
    network, images = Network(small(), preprocess=STEPS), noise(2, 3, 9, 9)
    settings = {"integrated_gradients": {"points": points, "steps": 20}}
    found = explain(network, images, [3, 0], ["integrated_gradients"], settings=settings)
    theirs = IntegratedGradients(network.module).attribute(
        images, black(), target=torch.tensor([3, 0]), n_steps=20, method=CAPTUMS[points]
    )
    torch.testing.assert_close(found["integrated_gradients"], theirs.float(), rtol=1e-4, atol=1e-6)


def test_a_trapezoid_of_one_step_is_refused() -> None:
    settings = {"integrated_gradients": {"points": "trapezoid", "steps": 1}}
    with pytest.raises(ExplainerError, match="has two ends, and there is 1 step: use 2 steps"):
        explain(Network(small()), noise(1, 3, 9, 9), [0], ["integrated_gradients"],
                settings=settings)  # fmt: skip


def test_the_variance_of_gradients_that_are_all_alike_is_zero() -> None:
    settings = {"smooth_grad": {"noise": 0.0, "samples": 3, "statistic": "variance"}}
    network, images = Network(small()), 1e3 * noise(2, 3, 9, 9)
    found = explain(network, images, [1, 2], ["smooth_grad", "gradient"], settings=settings)
    scale = float(found["gradient"].square().max())
    assert float(found["smooth_grad"].max()) <= 1e-12 * scale


def test_smooth_grad_does_not_depend_on_the_batch() -> None:
    network = Network(small())
    images = noise(3, 3, 9, 9)
    together = explain(network, images, [1, 2, 3], ["smooth_grad"])["smooth_grad"]
    alone = explain(network, images[1:2], [2], ["smooth_grad"])["smooth_grad"]
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-6)


def test_black_is_black_before_the_preprocessing() -> None:
    images = noise(1, 3, 9, 9)
    torch.testing.assert_close(Network(small(), preprocess=STEPS).plain(images, 0), black())
    assert torch.equal(Network(small()).plain(images, 0), torch.zeros(1, 3, 9, 9))
    white = Network(small(), preprocess=Preprocess(size=32, resize=32)).plain(images, 255)
    expected = STEPS.tensor(Image.new("RGB", (9, 9), "white"))
    torch.testing.assert_close(white[0], expected)


class Vignette:
    """A preprocessing in which a black photo is not plain."""

    size = 12

    def crop(self, photo: Image.Image, size: int | None = None) -> Image.Image:
        return photo

    def tensor(self, crop: Image.Image) -> Tensor:
        return torch.linspace(0, 1, 12).expand(3, 12, 12)

    def digest(self) -> str:
        return "vignette"


def test_a_baseline_of_another_size_is_refused_where_it_is_not_plain() -> None:
    network = Network(small(), "second", preprocess=Vignette())
    assert network.plain(noise(1, 3, 12, 12), 0).shape == (1, 3, 12, 12)
    with pytest.raises(ExplainerError, match="of the size that the preprocessing makes"):
        explain(network, noise(1, 3, 9, 9), [0], ["integrated_grad_cam"])


def test_integrated_gradients_say_how_far_their_sum_is_from_the_scores_change() -> None:
    network = Network(small(), preprocess=STEPS)
    images, settings = noise(2, 3, 9, 9), {"integrated_gradients": {"steps": 3}}
    found = explain(network, images, [[3, 1], [0, 2]], ["integrated_gradients"], settings=settings)
    told = found.checks["integrated_gradients"]["completeness_error"]
    gained = (network.predict(images) - network.predict(black())).double()
    for n, targets in enumerate([[3, 1], [0, 2]]):
        for k, target in enumerate(targets):
            whole = float(found["integrated_gradients"][n, k].double().sum())
            wanted = float(gained[n, target])
            assert float(told[n, k]) == pytest.approx(abs(whole - wanted) / abs(wanted), rel=1e-3)
    finer = {"integrated_gradients": {"steps": 300}}
    fine = explain(network, images, [[3, 1], [0, 2]], ["integrated_gradients"], settings=finer)
    assert (fine.checks["integrated_gradients"]["completeness_error"] < told).all()
    parts = explain(
        network,
        images,
        [[3, 1], [0, 2]],
        ["integrated_gradients"],
        settings=settings,
        memory=1,
    ).checks["integrated_gradients"]["completeness_error"]
    torch.testing.assert_close(parts, told)


@pytest.mark.parametrize("points", ["left", "right"])
@pytest.mark.parametrize("steps", [2, 6])
def test_integrated_grad_cam_says_what_half_its_steps_would_change(steps: int, points: str) -> None:
    network, images = Network(small(), "second", preprocess=STEPS), noise(2, 3, 9, 9)
    whole, half = (
        explain(network, images, [3, 0], ["integrated_grad_cam"],
                settings={"integrated_grad_cam": {"steps": count, "points": points}})
        for count in (steps, steps // 2)
    )  # fmt: skip
    told = whole.checks["integrated_grad_cam"]["convergence_error"]
    maps = whole["integrated_grad_cam"]
    expected = (maps - half["integrated_grad_cam"]).abs().sum((1, 2)) / maps.sum((1, 2))
    torch.testing.assert_close(told, expected, rtol=1e-3, atol=1e-6)
    assert (told > 0).all()


@pytest.mark.parametrize(
    ("points", "steps"),
    [
        ("left", 1),
        ("left", 5),
        ("right", 5),
        ("middle", 6),
        ("trapezoid", 6),
        ("gauss_legendre", 6),
    ],
)
def test_steps_that_hold_no_map_of_half_of_them_tell_nothing_of_convergence(
    points: str, steps: int
) -> None:
    settings = {"integrated_grad_cam": {"steps": steps, "points": points}}
    network = Network(small(), "second")
    found = explain(network, noise(1, 3, 9, 9), [0], ["integrated_grad_cam"], settings=settings)
    assert "integrated_grad_cam" not in found.checks
