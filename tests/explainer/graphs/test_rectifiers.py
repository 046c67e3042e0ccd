"""Every spelling of ReLU follows the rule of the walk, as a hand-written Function does."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import ExplainerError, Network, explain
from tests.explainer.references import pixel_map, slow_relu
from tests.explainer.small_networks import (
    Convolutions,
    PreActivation,
    noise,
    seeded,
    small,
    with_relu,
)
from tests.explainer.spellings import SPELLINGS

RULES = ("gradient", "guided_backprop", "deconvnet")


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("rule", RULES)
def test_every_spelling_of_relu_follows_the_rule(spelling: str, rule: str) -> None:
    network = seeded(Convolutions, SPELLINGS[spelling])
    images, targets = noise(2, 3, 9, 9), [3, 1]
    found = explain(Network(network), images, targets, [rule])[rule]
    reference = pixel_map(with_relu(network, slow_relu(rule)), images, targets)
    torch.testing.assert_close(found, reference, rtol=1e-5, atol=1e-8)
    assert found.abs().max() > 0


@pytest.mark.parametrize("relu6", [functional.relu6, nn.ReLU6(), nn.ReLU6(inplace=True)])
@pytest.mark.parametrize("rule", RULES)
def test_relu6_closes_above_six(relu6: Callable[[Tensor], Tensor], rule: str) -> None:
    network = seeded(Convolutions, relu6)
    images, targets = 20 * noise(2, 3, 9, 9), [0, 4]
    with torch.no_grad():
        assert (network.first(images) > 6).any()
    found = explain(Network(network), images, targets, [rule])[rule]
    reference = pixel_map(with_relu(network, slow_relu(rule, 6.0)), images, targets)
    torch.testing.assert_close(found, reference, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("in_place", [False, True])
def test_a_skip_round_a_relu_keeps_its_own_gradient(rule: str, in_place: bool) -> None:
    network = seeded(PreActivation, lambda x: functional.relu(x, inplace=in_place))
    images, targets = noise(2, 3, 7, 7), [2, 0]
    found = explain(Network(network), images, targets, [rule])[rule]
    twin = PreActivation(slow_relu(rule), skip_is_rectified=in_place).eval()
    twin.load_state_dict(network.state_dict())
    torch.testing.assert_close(found, pixel_map(twin, images, targets), rtol=1e-5, atol=1e-8)


def test_the_three_rules_differ() -> None:
    network = Network(small())
    found = explain(network, noise(1, 3, 9, 9), [0], RULES)
    assert not torch.equal(found["gradient"], found["guided_backprop"])
    assert not torch.equal(found["gradient"], found["deconvnet"])
    assert not torch.equal(found["guided_backprop"], found["deconvnet"])


def test_a_network_without_relu_is_refused() -> None:
    network = Network(seeded(Convolutions, torch.tanh))
    with pytest.raises(ExplainerError, match="no ReLU was met"):
        explain(network, noise(1, 3, 9, 9), [0], ["deconvnet"])


def test_a_traced_network_is_refused() -> None:
    with pytest.warns(FutureWarning):
        module = torch.jit.trace(small(), noise(1, 3, 9, 9))
    with pytest.raises(ExplainerError, match="hides its ReLUs"):
        explain(Network(module), noise(1, 3, 9, 9), [0], ["guided_backprop"])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_gradient_at_zero_is_the_spellings_own(spelling: str) -> None:
    network = seeded(Convolutions, SPELLINGS[spelling])
    with torch.no_grad():
        network.first.bias.zero_()
    images = torch.zeros(1, 3, 9, 9)  # as a black photo: the first map is 0 all over
    alone = explain(Network(network), images, [2], ["gradient"])
    beside = explain(Network(network), images, [2], ["gradient", "guided_backprop"])
    torch.testing.assert_close(beside["gradient"], alone["gradient"])
