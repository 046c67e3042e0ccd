"""Weights are re-drawn from the top, and the caller's network keeps its own."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import ExplainerError, Network, explain
from explainer.laboratory.metrics import METRICS, randomisation_curve, randomisation_similarity
from explainer.laboratory.metrics.base import rank_correlation
from explainer.laboratory.metrics.randomisation import weights_from_the_top
from explainer.networks.redrawn import redraw
from tests.explainer.small_networks import noise, small


class UpsideDown(nn.Module):
    """Its layers are declared in another order than they run in; one never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 2)
        self.unused = nn.Linear(4, 2)
        self.second = nn.Conv2d(4, 4, 3)
        self.first = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.second(self.first(x)).relu().mean((2, 3)))


def test_the_top_is_where_the_forward_pass_ends() -> None:
    network = UpsideDown().eval()
    names = [name for name, _ in weights_from_the_top(Network(network), noise(1, 3, 9, 9))]
    assert names == ["head", "second", "first"]


@pytest.mark.parametrize("settings", [{}, {"signed": True}])
def test_each_stage_compares_magnitudes_with_a_network_that_is_random_down_to_there(
    settings: dict[str, Any],
) -> None:
    original = small()
    network, images = Network(original, "second"), noise(2, 3, 9, 9)
    curve, names = randomisation_curve(network, images, [0, 3], stages=4, seed=7, settings=settings)
    wanted = {"settings": {"grad_cam": settings}}
    assert names == ("head", "hidden", "second", "first")
    true = explain(network, images, [0, 3], **wanted)["grad_cam"].flatten(1).abs()
    twin, generator = small(), torch.Generator().manual_seed(7)
    for stage, name in enumerate(names):
        with torch.no_grad():
            redraw(twin.get_submodule(name), generator)
        found = explain(Network(twin, "second"), images, [0, 3], **wanted)
        maps = found["grad_cam"].flatten(1).abs()
        torch.testing.assert_close(
            curve[:, stage], rank_correlation(true, maps), equal_nan=True, rtol=0, atol=1e-6
        )


def test_fewer_stages_are_spread_evenly_and_end_with_a_random_network() -> None:
    network, images = Network(small(), "second"), noise(1, 3, 9, 9)
    curve, names = randomisation_curve(network, images, stages=2)
    assert names == ("hidden", "first")
    assert curve.shape == (1, 2)
    assert randomisation_curve(network, images, stages=99)[0].shape == (1, 4)


def test_a_map_that_knows_nothing_of_the_weights_stays_the_same() -> None:
    network, images = Network(PassedOn().eval()), noise(2, 3, 9, 9)
    found = randomisation_similarity(network, images, [0, 1], "gradient")
    assert found.tolist() == pytest.approx([1, 1])


class PassedOn(nn.Module):
    """A layer with weights takes part, and no score depends on it."""

    def __init__(self) -> None:
        super().__init__()
        self.idle = nn.Conv2d(3, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return (x**2).mean((2, 3)) + 0 * self.idle(x).mean()


def test_the_callers_network_keeps_its_weights_hooks_and_random_state() -> None:
    original = small()
    before = {name: weights.clone() for name, weights in original.state_dict().items()}
    random = torch.random.get_rng_state()
    randomisation_similarity(Network(original), noise(2, 3, 9, 9))
    assert all(torch.equal(before[name], w) for name, w in original.state_dict().items())
    assert not any(child._forward_hooks for child in original.modules())
    assert torch.equal(random, torch.random.get_rng_state())


def test_the_same_seed_gives_the_same_number() -> None:
    network, images = Network(small()), noise(2, 3, 9, 9)
    one, two, other = (randomisation_similarity(network, images, seed=s) for s in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_no_stage_and_no_weights_are_told() -> None:
    with pytest.raises(ExplainerError, match="stages=0"):
        randomisation_similarity(Network(small()), noise(1, 3, 9, 9), stages=0)
    bare = Network(nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval())
    with pytest.raises(ExplainerError, match="no weights"):
        randomisation_similarity(bare, noise(1, 3, 9, 9), [0], "gradient")


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert name == metric.name == metric.compute.__name__
        assert metric.formula
        assert metric.paper
        assert metric.better in ("higher", "lower")
