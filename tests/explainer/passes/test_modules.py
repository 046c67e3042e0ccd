"""A call's own walk finds the same modules as PyTorch's, and what is remembered is never stale."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from explainer import Network, Preprocess, explain, settings_digest
from explainer.passes.modules import Names, kept_by, modules_of
from tests.explainer.small_networks import noise


def shared() -> nn.Sequential:
    """A network that holds one module twice, and a name whose module was removed."""
    twice = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3))
    parts = [("first", twice), ("bend", nn.ReLU()), ("again", twice), ("flat", nn.Flatten(2))]
    found = nn.Sequential(OrderedDict(parts))
    found.register_module("gone", None)
    return found.eval()


def test_the_walk_finds_each_module_once_in_pytorchs_order() -> None:
    module = shared()
    assert modules_of(module) == list(module.modules())
    known = {id(one) for one in (*module.parameters(), *module.buffers())}
    assert {id(one) for one in kept_by(module)} == known


def test_a_traced_module_is_walked_too() -> None:
    with pytest.warns(FutureWarning):
        traced = torch.jit.trace(classifier(), noise(1, 3, 8, 8))
    assert len(modules_of(traced)) == len(list(traced.modules()))
    assert len(kept_by(traced)) == len([*traced.parameters(), *traced.buffers()])


def test_submodules_are_found_by_their_names() -> None:
    module = shared()
    names = Names(module)
    assert all(names[name] is one for name, one in module.named_modules(remove_duplicate=False))
    assert not any(name in names for name in ("gone", "first.2", "first.0.weight"))
    with pytest.raises(KeyError):
        names["first.2"]


def classifier() -> nn.Sequential:
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)]
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), *head).eval()


def test_digests_in_the_provenance_are_those_of_this_layer_these_settings_and_this_type() -> None:
    network = Network(classifier(), preprocess=Preprocess(size=8, resize=8))
    images = noise(1, 3, 8, 8)
    asked = [(network, {}), (network.at("0"), {}), (network, {"signed": True}), (network, {})]
    told = []
    for one, settings in asked:
        own = {"grad_cam": settings} if settings else {}
        found = explain(one, images, [0], settings=own)
        told.append(found.provenance["settings_digests"]["grad_cam"])
        assert told[-1] == settings_digest(one, "grad_cam", settings)
    network.module.double()
    found = explain(network, images.double(), [0])
    told.append(found.provenance["settings_digests"]["grad_cam"])
    assert len(set(told)) == 4
    assert told[0] == told[3]
