"""Guided backpropagation and deconvnet limited to a part of the network, as in captioners."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import ExplainerError, Network, explain, settings_digest
from tests.explainer.references import pixel_map, slow_relu
from tests.explainer.small_networks import noise, seeded

Relu = Callable[[Tensor], Tensor]


class Called(nn.Module):
    """A function as a module."""

    def __init__(self, call: Relu) -> None:
        super().__init__()
        self.call = call

    def forward(self, x: Tensor) -> Tensor:
        return self.call(x)


class Captioner(nn.Module):
    """A part that sees, with ReLUs as modules, and one that speaks, with `word` in its middle."""

    def __init__(self, word: Relu, relu: Relu = functional.relu, *, slices: bool = False) -> None:
        super().__init__()
        seeing = nn.Conv2d(3, 6, 3), Called(relu), nn.Conv2d(6, 8, 3), Called(relu)
        self.encoder, self.slices = nn.Sequential(*seeing), slices
        self.hidden, self.head, self.word = nn.Linear(8, 10), nn.Linear(10, 5), Called(word)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.encoder[2:](self.encoder[:2](x)) if self.slices else self.encoder(x)
        return self.head(self.word(self.hidden(seen.mean((2, 3)))))


def limited(module: nn.Module, method: str, *parts: str) -> Tensor:
    settings = {method: {"rules_within": list(parts)}}
    return explain(Network(module), noise(2, 3, 9, 9), [3, 0], [method], settings=settings)[method]


def by_hand(word: Relu, rule: str) -> Tensor:
    """The gradient of a network whose seeing part alone has a ReLU written element by element."""
    twin = seeded(Captioner, word, slow_relu(rule))
    return pixel_map(twin, noise(2, 3, 9, 9), [3, 0]).float()


@pytest.mark.parametrize("slices", [False, True])
@pytest.mark.parametrize("rule", ["guided_backprop", "deconvnet"])
@pytest.mark.parametrize(
    "word",
    [
        functional.relu,
        functional.gelu,
        lambda x: torch.tanh(x) * torch.sigmoid(x),
        lambda x: torch.where(x > 0.1, x, -x),
    ],
)
def test_only_relus_within_the_part_follow_the_rule(word: Relu, rule: str, slices: bool) -> None:
    found = limited(seeded(Captioner, word, slices=slices), rule, "encoder")
    torch.testing.assert_close(found, by_hand(word, rule), rtol=1e-4, atol=1e-7)
    assert not torch.allclose(found, by_hand(word, "gradient"), rtol=1e-2, atol=1e-6)


def test_parts_that_hold_all_relus_are_the_whole_network() -> None:
    module = seeded(Captioner, functional.relu)
    network, images = Network(module), noise(2, 3, 9, 9)
    whole = explain(network, images, [3, 0], ["guided_backprop"])["guided_backprop"]
    both = limited(module, "guided_backprop", "encoder", "word")
    torch.testing.assert_close(both, whole, rtol=1e-5, atol=1e-8)
    one = limited(module, "guided_backprop", "encoder.3")
    assert not torch.allclose(one, whole, rtol=1e-2, atol=1e-6)


def test_methods_with_different_parts_share_a_pass() -> None:
    network, images = Network(seeded(Captioner, functional.relu), "encoder.2"), noise(2, 3, 9, 9)
    settings = {
        "guided_backprop": {"rules_within": ["encoder"]},
        "guided_grad_cam": {"rules_within": ["word"]},
    }
    methods = ["guided_backprop", "deconvnet", "guided_grad_cam", "gradient"]
    together = explain(network, images, [3, 0], methods, settings=settings)
    for method in methods:
        own = {method: settings[method]} if method in settings else None
        alone = explain(network, images, [3, 0], [method], settings=own)[method]
        torch.testing.assert_close(together[method], alone)


@pytest.mark.parametrize(
    ("word", "parts", "said"),
    [
        (functional.gelu, ["hidden"], "no ReLU lies within hidden"),
        (functional.gelu, ["encoder", "word"], "rectifies by gelu"),
        (functional.gelu, [], "rectifies by gelu"),
        (functional.relu, ["encodr"], 'no layer named "encodr"'),
        (functional.relu, ["encoder > relu"], "which is a call"),
        (lambda x: torch.where(x > 0.1, x, -x), ["word"], "rectifies by where"),
    ],
)
def test_a_part_where_the_rule_means_nothing_is_refused(
    word: Relu, parts: list[str], said: str
) -> None:
    with pytest.raises(ExplainerError, match=said):
        limited(seeded(Captioner, word), "guided_backprop", *parts)


class Speaking(nn.Module):
    """It keeps what its ReLU gives, for its owner to fetch, and gives something else."""

    def forward(self, x: Tensor) -> Tensor:
        self.kept = torch.relu(x)
        return torch.relu(x) * 0.5


def test_a_relu_whose_result_leaves_the_part_unseen_is_refused() -> None:
    class Fetching(Captioner):
        def __init__(self) -> None:
            super().__init__(functional.relu)
            self.part = Speaking()

        def forward(self, x: Tensor) -> Tensor:
            out = self.part(self.encoder[0](x))
            return self.head(self.hidden(self.encoder[2](out + self.part.kept).mean((2, 3))))

    with pytest.raises(ExplainerError, match="leaves its part by another way"):
        limited(seeded(Fetching), "guided_backprop", "part")


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_digests_of_maps_made_before_there_were_parts_stay(method: str) -> None:
    network = Network(seeded(Captioner, functional.relu))
    said: dict[str, Any] = {"layer": None, "preprocess": None, "method": method}
    said |= {"version": "1", "settings": {}}
    before = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    assert settings_digest(network, method) == before
    assert settings_digest(network, method, {"rules_within": ["encoder"]}) != before


class Speaker(nn.Module):
    """Its only input has a name."""

    def __init__(self, call: Relu) -> None:
        super().__init__()
        self.words, self.head, self.call = nn.Linear(8, 10), nn.Linear(10, 5), call

    def forward(self, hidden: Tensor) -> Tensor:
        return self.head(self.call(self.words(hidden)))


class Telling(nn.Module):
    """Calls the part that speaks by keyword, or not."""

    def __init__(self, before: Relu, within: Relu, *, by_keyword: bool = True) -> None:
        super().__init__()
        self.first, self.speaker = nn.Conv2d(3, 8, 3), Speaker(within)
        self.before, self.by_keyword = before, by_keyword

    def forward(self, x: Tensor) -> Tensor:
        seen = self.before(self.first(x)).mean((2, 3))
        return self.speaker(hidden=seen) if self.by_keyword else self.speaker(seen)


@pytest.mark.parametrize("rule", ["guided_backprop", "deconvnet"])
def test_a_part_called_by_keyword_begins_at_what_it_is_given(rule: str) -> None:
    gelu, relu = functional.gelu, functional.relu
    by_keyword, plain = (
        limited(seeded(Telling, gelu, relu, by_keyword=by), rule, "speaker") for by in (True, False)
    )
    torch.testing.assert_close(by_keyword, plain)
    with pytest.raises(ExplainerError, match="no ReLU lies within speaker"):
        limited(seeded(Telling, relu, torch.tanh), rule, "speaker")
