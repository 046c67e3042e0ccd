"""Guided backpropagation and deconvnet share a proof, as only their backward passes differ."""

from typing import Any

import pytest
from torch import nn

from explainer import Network, explain
from explainer.graphs import capture
from tests.explainer.small_networks import noise

RULES = ("guided_backprop", "deconvnet", "guided_grad_cam")


def network() -> Network:
    first, second = (nn.Sequential(nn.Conv2d(given, 4, 3), nn.ReLU()) for given in (3, 4))
    return Network(nn.Sequential(first, second, nn.Flatten(), nn.Linear(64, 3)).eval())


def test_scores_are_proven_once_for_each_class_and_for_each_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proven: list[Any] = []

    class Counted(capture.Proof):
        def __init__(self, *args: Any) -> None:
            proven.append(args[-1] and args[-1].parts)
            super().__init__(*args)

    monkeypatch.setattr(capture, "Proof", Counted)
    explain(network(), noise(1, 3, 8, 8), [[0, 2]], RULES)
    assert proven == [None, None]
    proven.clear()
    settings = {"guided_backprop": {"rules_within": ["0"]}, "deconvnet": {"rules_within": ["1"]}}
    explain(network(), noise(1, 3, 8, 8), [0], RULES, settings=settings)
    assert sorted(proven, key=str) == [("0",), ("1",), None]
