"""Weights are digested once for each file and module, and again when they have changed."""

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from explainer import ExplainerError, Network, load_network
from explainer.networks import digests
from tests.explainer.small_networks import small


@pytest.fixture
def digested(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a digest was begun."""
    begun: list[int] = []

    def counted(*given: Any) -> Any:
        begun.append(1)
        return hashlib.new("sha256", *given)

    monkeypatch.setattr(digests, "hashlib", type("Counted", (), {"sha256": staticmethod(counted)}))
    return begun


def test_a_module_is_digested_once_however_many_networks_are_made_of_it(
    digested: list[int],
) -> None:
    module = small()
    first, second = Network(module), Network(module, "second")
    assert first.weights_digest == second.weights_digest
    assert len(digested) == 1
    assert Network(small()).weights_digest == first.weights_digest  # another module of its values


@pytest.mark.parametrize("way", ["in place", "through .data", "by another", "a buffer", "half"])
def test_changed_values_are_digested_anew(way: str) -> None:
    module = small()
    module.register_buffer("scale", torch.zeros((), dtype=torch.bool))
    before = Network(module).weights_digest
    with torch.no_grad():
        if way == "in place":
            module.hidden.bias[0] += 1
        elif way == "through .data":
            module.first.weight.data[1, 2, 0, 0] *= -1
        elif way == "by another":
            module.hidden = nn.Linear(128, 10)
        elif way == "a buffer":
            module.scale.logical_not_()
        else:
            module.half()
    after = Network(module).weights_digest
    assert after != before
    fresh = small()
    fresh.register_buffer("scale", torch.zeros((), dtype=torch.bool))
    fresh.to(module.head.weight.dtype).load_state_dict(module.state_dict())
    assert Network(fresh).weights_digest == after


def saved(path: Path, seed: int) -> Path:
    torch.save(load_network("squeezenet1_1", weights=None, seed=seed).module.state_dict(), path)
    return path


def test_a_file_is_digested_once_for_a_process(tmp_path: Path, digested: list[int]) -> None:
    path = saved(tmp_path / "weights.pt", 1)
    time.sleep(2 * digests.SETTLED / 1e9)
    digested.clear()
    first = load_network("squeezenet1_1", weights=path)
    second = load_network("squeezenet1_1", weights=path, sha256=first.weights_digest)
    assert first.weights_digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert second.weights_digest == first.weights_digest
    assert len(digested) == 1


def test_a_file_that_was_written_again_is_digested_again(tmp_path: Path) -> None:
    path = saved(tmp_path / "weights.pt", 1)
    for seed in (2, 3, 4):  # faster than the system's clock may tick
        before = load_network("squeezenet1_1", weights=path).weights_digest
        saved(path, seed)
        with pytest.raises(ExplainerError, match="fetch the right file again"):
            load_network("squeezenet1_1", weights=path, sha256=before)
