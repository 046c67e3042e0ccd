"""Checkpoints as training writes them: what fits is found and told, and nothing else is loaded."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from explainer import ExplainerError, explain, load_network
from tests.explainer.small_networks import noise

CLASSES = 3


def small(seed: int = 5) -> nn.Module:
    return load_network("squeezenet1_1", weights=None, seed=seed, num_classes=CLASSES).module


def state(seed: int = 5) -> dict[str, Tensor]:
    return small(seed).state_dict()


def prefixed(prefix: str, seed: int = 5) -> dict[str, Tensor]:
    return {prefix + key: values for key, values in state(seed).items()}


def averaged() -> dict[str, Tensor]:
    mean = AveragedModel(small(6))
    mean.update_parameters(small(5))
    return mean.state_dict()


def kept(folder: Path, checkpoint: Any) -> Path:
    path = folder / "checkpoint.pth"
    torch.save(checkpoint, path)
    return path


BESIDE = {
    "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1}]},
    "args": argparse.Namespace(model="squeezenet1_1", lr=0.1),
    "best": np.float64(0.75),
    "epoch": 12,
}
FORMS: dict[str, tuple[Callable[[], Any], str]] = {
    "plain": (state, ""),
    "state_dict": (lambda: {"state_dict": state(), **BESIDE}, 'from "state_dict"'),
    "model": (lambda: {"model": state(), **BESIDE}, 'from "model"'),
    "an average": (
        lambda: {"model_ema": averaged(), **BESIDE},
        'from "model_ema", without the prefix "module.", without "n_averaged"',
    ),
    "parallel": (lambda: prefixed("module."), 'without the prefix "module."'),
    "lightning": (
        lambda: {"state_dict": prefixed("model."), "epoch": 3},
        'from "state_dict", without the prefix "model."',
    ),
    "compiled and parallel": (
        lambda: {"model": prefixed("_orig_mod.module.")},
        'from "model", without the prefix "_orig_mod.", without the prefix "module."',
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_usual_form_gives_the_network_that_was_saved(tmp_path: Path, form: str) -> None:
    checkpoint, taken_off = FORMS[form]
    network = load_network(
        "squeezenet1_1", weights=kept(tmp_path, checkpoint()), num_classes=CLASSES
    )
    images = noise(1, 3, 64, 64)
    torch.testing.assert_close(network.module(images), small()(images))
    assert network.weights_taken_off == taken_off
    told = explain(network, images).provenance
    assert told.get("weights_taken_off", "") == taken_off
    assert ("weights_taken_off" in told) == bool(taken_off)


def test_weights_and_their_average_in_one_file_are_refused_by_name(tmp_path: Path) -> None:
    path = kept(tmp_path, {"model": state(), "model_ema": averaged()})
    with pytest.raises(ExplainerError, match=r'"model" and "model_ema", and more than one.*save'):
        load_network("squeezenet1_1", weights=path, num_classes=CLASSES)


def test_a_part_that_does_not_fit_is_not_asked_about(tmp_path: Path) -> None:
    path = kept(tmp_path, {"criterion": {"weight": torch.ones(3)}, "model": state()})
    network = load_network("squeezenet1_1", weights=path, num_classes=CLASSES)
    assert network.weights_taken_off == 'from "model"'


def test_a_key_that_does_not_belong_is_named_without_the_prefix_of_the_rest(
    tmp_path: Path,
) -> None:
    strange = {**prefixed("model."), "criterion.weight": torch.ones(3)}
    path = kept(tmp_path, {"state_dict": strange})
    with pytest.raises(ExplainerError, match=r"fit the network: unknown criterion\.weight: "):
        load_network("squeezenet1_1", weights=path, num_classes=CLASSES)
    missing = prefixed("module.")
    del missing["module.classifier.1.bias"]
    with pytest.raises(ExplainerError, match=r"fit the network: missing classifier\.1\.bias"):
        load_network("squeezenet1_1", weights=kept(tmp_path, missing), num_classes=CLASSES)


def test_a_key_without_the_prefix_is_never_mixed_with_those_that_had_it(tmp_path: Path) -> None:
    mixed = prefixed("module.")
    mixed["classifier.1.bias"] = mixed.pop("module.classifier.1.bias")
    with pytest.raises(ExplainerError, match=r"unknown classifier\.1\.bias"):
        load_network("squeezenet1_1", weights=kept(tmp_path, mixed), num_classes=CLASSES)


def test_a_whole_module_is_refused_with_the_way_to_save_its_weights(tmp_path: Path) -> None:
    with pytest.raises(ExplainerError, match=r"SqueezeNet.*its code was not run: .*state_dict"):
        load_network("squeezenet1_1", weights=kept(tmp_path, small()), num_classes=CLASSES)


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_a_torchscript_archive_is_refused_with_the_way_to_save_its_weights(tmp_path: Path) -> None:
    path = tmp_path / "script.pt"
    torch.jit.save(torch.jit.trace(small(), noise(1, 3, 64, 64)), path)
    with pytest.raises(ExplainerError, match=r"is a TorchScript archive.*save the weights"):
        load_network("squeezenet1_1", weights=path, num_classes=CLASSES)


def test_a_file_without_any_weights_tells_what_it_holds(tmp_path: Path) -> None:
    for checkpoint, said in ((BESIDE, 'a dict of "optimizer", "args"'), ([1, 2], "a list")):
        with pytest.raises(ExplainerError, match=f"holds {said}.*and no state dict: save"):
            load_network("squeezenet1_1", weights=kept(tmp_path, checkpoint))
