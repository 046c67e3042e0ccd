"""The metrics that ask the network again, against loops over single images and pixels."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchcam.metrics import ClassificationMetric, DeletionInsertionMetric

from explainer import ExplainerError, Network
from explainer.laboratory.metrics import (
    Budget,
    average_drop,
    deletion_auc,
    insertion_auc,
    insertion_curve,
    occlusion_rank_correlation,
)
from explainer.laboratory.metrics.base import rank_correlation
from explainer.laboratory.metrics.confidence import increase_in_confidence
from explainer.methods.masks import blur, minmax
from explainer.pictures.resizing import resize
from tests.explainer.small_networks import noise, small

from . import metric_references as slow

TARGETS = [1, 4, 2]
SOFTMAX = partial(torch.softmax, dim=-1)


def given() -> tuple[Network, Tensor, Tensor]:
    """A network, three images of 27 pixels, and coarse maps with ties and zeros."""
    return Network(small()), noise(3, 3, 27, 27), noise(3, 5, 5, seed=3).clamp(min=0)


@pytest.mark.parametrize("step", [100, 81])
def test_deletion_and_insertion_go_pixel_by_pixel(step: int) -> None:
    network, images, maps = given()
    taken = deletion_auc(network, images, maps, TARGETS, step=step)
    put = insertion_auc(network, images, maps, TARGETS, step=step)
    for n, target in enumerate(TARGETS):
        asked = (resize(maps, (27, 27))[n], target, step)
        assert float(taken[n]) == pytest.approx(slow.deletion(network.module, images[n], asked))
        assert float(put[n]) == pytest.approx(
            slow.insertion(network.module, images[n], asked), abs=1e-5
        )


def test_the_usual_step_is_448_pixels_at_224() -> None:
    network = Network(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval())
    images = noise(1, 3, 224, 224)
    curve, shares = insertion_curve(network, images, torch.ones(1, 2, 2), [0])
    assert curve.shape == (1, 113)
    assert shares[1] == pytest.approx(448 / 224**2)
    assert shares[-1] == 1


def test_taking_away_what_counts_costs_more_than_the_rest() -> None:
    bright = torch.zeros(1, 3, 32, 32)
    bright[:, 0, 8:16, 8:16] = 4
    network = Network(nn.Sequential(nn.AvgPool2d(32), nn.Flatten(), Scaled()).eval())
    right, wrong = (bright[:, 0], 4 - bright[:, 0])
    assert deletion_auc(network, bright, right, [0]) < deletion_auc(network, bright, wrong, [0])
    assert insertion_auc(network, bright, right, [0]) > insertion_auc(network, bright, wrong, [0])


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 20 * x


def test_occlusion_correlates_each_patch_with_its_loss() -> None:
    network, images, maps = given()
    found = occlusion_rank_correlation(network, images, maps, TARGETS, patch=6)
    for n, target in enumerate(TARGETS):
        expected = slow.occlusion(network.module, images[n], resize(maps, (27, 27))[n], (target, 6))
        assert float(found[n]) == pytest.approx(expected, abs=1e-5)


def test_ranks_share_ties_and_a_constant_row_has_none() -> None:
    one = torch.tensor([[1.0, 1, 2, 3], [5, 5, 5, 5]])
    other = torch.tensor([[2.0, 1, 4, 4], [1, 2, 3, 4]])
    found = rank_correlation(one, other)
    # ranks 1.5 1.5 3 4 and 2 1 3.5 3.5: covariance 4, variances 4.5 and 4.5.
    assert float(found[0]) == pytest.approx(4 / 4.5)
    assert found[1].isnan()


def test_confidence_falls_by_the_share_that_the_map_does_not_light() -> None:
    network, images, maps = given()
    drops = average_drop(network, images, maps, TARGETS)
    rises = increase_in_confidence(network, images, maps, TARGETS)
    for n, target in enumerate(TARGETS):
        low, high = maps[n].min(), maps[n].max()
        mask = resize((maps[n : n + 1] - low) / (high - low), (27, 27))[0]
        whole = slow.probability(network.module, images[n], target)
        lit = slow.probability(network.module, images[n] * mask, target)
        assert float(drops[n]) == pytest.approx(max(0, whole - lit) / whole, abs=1e-5)
        assert float(rises[n]) == float(lit > whole)


class OurMaps:
    """What torchcam's metrics ask of an extractor, giving maps that were made before."""

    def __init__(self, module: nn.Module, maps: Tensor) -> None:
        self.model, self.maps = module, maps

    def __call__(self, *args: Any, **kwargs: Any) -> list[Tensor]:
        return [self.maps]

    def fuse_cams(self, maps: list[Tensor]) -> Tensor:
        return maps[0]

    def _hooks_off(self) -> AbstractContextManager[None]:
        return nullcontext()


def test_torchcams_classification_metric_agrees() -> None:
    network, images, maps = given()
    metric = ClassificationMetric(OurMaps(network.module, minmax(maps)), SOFTMAX)
    metric.update(images, TARGETS)
    drops = average_drop(network, images, maps, TARGETS)
    rises = increase_in_confidence(network, images, maps, TARGETS)
    assert float(drops.mean()) == pytest.approx(metric.summary()["avg_drop"], abs=1e-5)
    assert float(rises.mean()) == pytest.approx(metric.summary()["conf_increase"])


def test_torchcams_deletion_and_insertion_agree() -> None:
    network, images, maps = given()
    extractor = OurMaps(network.module, maps)
    metric = DeletionInsertionMetric(extractor, SOFTMAX, steps=9, baseline=torch.zeros(1))
    metric.update(images, TARGETS)
    taken = deletion_auc(network, images, maps, TARGETS, step=81)
    assert float(taken.mean()) == pytest.approx(metric.summary()["deletion_auc"], abs=1e-5)
    metric = DeletionInsertionMetric(extractor, SOFTMAX, steps=9, baseline=blur)
    metric.update(images, TARGETS)
    put = insertion_auc(network, images, maps, TARGETS, step=81)
    assert float(put.mean()) == pytest.approx(metric.summary()["insertion_auc"], abs=1e-5)


def test_the_memory_budget_changes_no_value() -> None:
    network, images, maps = given()
    for metric in (deletion_auc, insertion_auc, occlusion_rank_correlation, average_drop):
        whole = metric(network, images, maps, TARGETS)
        single = metric(network, images, maps, TARGETS, budget=Budget(memory=1))
        torch.testing.assert_close(whole, single, rtol=1e-4, atol=1e-5)


def test_a_score_of_ones_own_is_measured_too() -> None:
    network, images, maps = given()
    by_class = occlusion_rank_correlation(network, images, maps, [3, 3, 3])
    by_score = occlusion_rank_correlation(network, images, maps, lambda out: out[:, 3])
    assert torch.equal(by_class, by_score)


def test_a_score_that_knows_its_images_meets_them_in_their_order() -> None:
    network, images, maps = given()
    weights = noise(3, 5, seed=8)

    def own(output: Tensor) -> Tensor:
        return (output * weights).sum(1)

    together = occlusion_rank_correlation(network, images, maps, own, patch=9)
    for n in range(3):
        alone = occlusion_rank_correlation(
            network,
            images[n : n + 1],
            maps[n : n + 1],
            lambda output, n=n: (output * weights[n]).sum(1),
            patch=9,
        )
        assert float(together[n]) == pytest.approx(float(alone[0]), abs=1e-5)


def test_signed_maps_count_by_the_magnitude_of_their_channels() -> None:
    network, images, _ = given()
    signed = noise(3, 3, 27, 27, seed=5)
    found = deletion_auc(network, images, signed, TARGETS)
    assert torch.equal(found, deletion_auc(network, images, signed.abs().sum(1), TARGETS))


def test_an_empty_map_lights_nothing_and_has_no_ranks() -> None:
    network, images, _ = given()
    empty = torch.zeros(3, 5, 5)
    assert occlusion_rank_correlation(network, images, empty, TARGETS).isnan().all()
    assert average_drop(network, images, empty, TARGETS).isfinite().all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"maps": torch.zeros(2, 5, 5)}, "2 maps for 3 images"),
        ({"maps": torch.zeros(5, 5)}, "give N×u×v"),
        ({"maps": torch.full((3, 5, 5), torch.nan)}, "not finite"),
        ({"images": torch.zeros(0, 3, 27, 27)}, "not a batch"),
        ({"targets": [[1, 2]] * 3}, "one class at a time"),
        ({"targets": [9, 9, 9]}, "out of range"),
        ({"step": 0}, "step=0"),
    ],
)
def test_bad_input_is_told_in_one_line(change: dict[str, Any], told: str) -> None:
    network, images, maps = given()
    asked = {"images": images, "maps": maps, "targets": TARGETS} | change
    with pytest.raises(ExplainerError, match=told):
        deletion_auc(network, **asked)
    with pytest.raises(ExplainerError, match="memory=0"):
        Budget(memory=0)


def test_the_network_is_as_before() -> None:
    network, images, maps = given()
    before = [weights.clone() for weights in network.module.parameters()]
    pixels, random = images.clone(), torch.random.get_rng_state()
    for metric in (deletion_auc, occlusion_rank_correlation, average_drop):
        metric(network, images, maps, TARGETS)
    assert torch.equal(images, pixels)
    assert torch.equal(random, torch.random.get_rng_state())
    assert not any(child._forward_hooks for child in network.module.modules())
    pairs = zip(before, network.module.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
