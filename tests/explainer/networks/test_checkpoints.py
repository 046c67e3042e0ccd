"""Checkpoints as training writes them: what fits is found and told, and nothing else is loaded."""

import argparse
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from explainer import ExplainerError, explain, load_network, load_weights
from explainer.networks.checkpoints import Reading, load_checkpoint
from explainer.networks.weights import read_checkpoint
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


HIDDEN: dict[str, Callable[[], Any]] = {
    "deeper": lambda: {"model": state(), "ema": {"state_dict": state(6), "decay": 0.99}},
    "among other values": lambda: {"model": state(), "ema": {**state(6), "decay": 0.99}},
    "in a list": lambda: {"model": state(), "ema": [0.99, state(6)]},
    "deeper and behind a prefix": lambda: {
        "model": state(),
        "ema": {"net": prefixed("module.", 6)},
    },
    "beside a loss of its own": lambda: {
        "model": state(),
        "ema": {**state(6), "criterion.weight": torch.ones(3)},
    },
}


@pytest.mark.parametrize("form", HIDDEN)
def test_a_second_state_dict_is_found_wherever_it_hides(tmp_path: Path, form: str) -> None:
    said = r'"model" and "ema[.\w]*", and more than one of them fits the network: save the one'
    with pytest.raises(ExplainerError, match=said):
        load_network("squeezenet1_1", weights=kept(tmp_path, HIDDEN[form]()), num_classes=CLASSES)


def test_a_state_dict_that_lies_deep_is_read_and_told(tmp_path: Path) -> None:
    deep = {"runs": [{"best": {"net": prefixed("module.")}}], **BESIDE}
    network = load_network("squeezenet1_1", weights=kept(tmp_path, deep), num_classes=CLASSES)
    assert network.weights_taken_off == 'from "runs.0.best.net", without the prefix "module."'
    images = noise(1, 3, 64, 64)
    torch.testing.assert_close(network.module(images), small()(images))


def test_a_value_among_weights_is_named_as_what_does_not_belong(tmp_path: Path) -> None:
    path = kept(tmp_path, {**state(), "epoch": 3})
    with pytest.raises(ExplainerError, match=r"does not fit the network: unknown epoch: "):
        load_network("squeezenet1_1", weights=path, num_classes=CLASSES)


def test_a_list_that_holds_itself_is_no_endless_way(tmp_path: Path) -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    with pytest.raises(ExplainerError, match="holds a list, and no state dict"):
        load_network("squeezenet1_1", weights=kept(tmp_path, ring))


KEY = "classifier.1.bias"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (torch.ones(CLASSES, dtype=torch.int8), "int8, not float32"),
        (torch.ones(CLASSES, dtype=torch.bool), "bool, not float32"),
        (torch.ones(CLASSES, dtype=torch.complex64), "complex64, not float32"),
        (torch.ones(CLASSES, device="meta"), "on the device “meta”, without values"),
        (torch.ones(CLASSES + 1), r"\(4,\), not \(3,\)"),
    ],
)
def test_weights_of_another_kind_are_named_and_never_converted(
    tmp_path: Path, values: Tensor, said: str
) -> None:
    path = kept(tmp_path, {**state(), KEY: values})
    with pytest.raises(ExplainerError, match=rf"does not fit the network: {KEY} is {said}: "):
        load_network("squeezenet1_1", weights=path, num_classes=CLASSES)


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_sparse_and_quantised_weights_are_named_and_never_made_dense() -> None:
    own = {"a": torch.zeros(3, 3)}
    for values, said in (
        (torch.ones(3, 3).to_sparse(), "sparse_coo, not plain"),
        (torch.quantize_per_tensor(torch.ones(3, 3), 0.1, 0, torch.qint8), "quantised, not plain"),
    ):
        assert Reading({"a": values}).complaints(own) == [f"a is {said}"]


def test_weights_of_another_precision_are_taken(tmp_path: Path) -> None:
    path = kept(tmp_path, {key: values.double() for key, values in state().items()})
    network = load_network("squeezenet1_1", weights=path, num_classes=CLASSES)
    images = noise(1, 3, 64, 64)
    torch.testing.assert_close(network.module(images), small()(images))


def tiny() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3))


def written(form: str) -> bytes:
    if form == "safetensors":
        return safetensors.torch.save(tiny().state_dict())
    buffer = io.BytesIO()
    checkpoint = {"model": tiny().state_dict(), "epoch": 3}
    torch.save(checkpoint, buffer, _use_new_zipfile_serialization=form == "pth")
    return buffer.getvalue()


def damaged(sound: bytes, by: random.Random) -> bytes:
    """Cut, with bits turned, with bytes overwritten, or with some put in between."""
    data, place = bytearray(sound), by.randrange(len(sound))
    match by.randrange(5):
        case 0:
            del data[place:]
        case 1:
            data[place] ^= 1 << by.randrange(8)
        case 2:
            for _ in range(20):
                data[by.randrange(len(data))] ^= 1 << by.randrange(8)
        case 3:
            data[place : place + 16] = bytes(16)
        case _:
            data[place:place] = by.randbytes(5)
    return bytes(data)


@pytest.mark.parametrize("form", ["pth", "legacy", "safetensors"])
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_file_is_told_in_one_sentence_or_is_another_whole_one(
    tmp_path: Path, form: str
) -> None:
    sound, told = written(form), []
    for seed in range(200):
        path = tmp_path / f"weights.{form.replace('legacy', 'pth')}"
        path.write_bytes(damaged(sound, random.Random(seed)))
        try:
            load_checkpoint(tiny(), read_checkpoint(path))
        except ExplainerError as error:
            told.append(str(error))
    assert len(told) > 100
    assert [said for said in told if "\n" in said or not said.startswith("weights.")] == []


class Writes:
    """Whoever unpickles it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_an_exported_program_is_refused_without_running_its_code(tmp_path: Path) -> None:
    path = tmp_path / "program.pt2"
    torch.export.save(torch.export.export(small(), (noise(1, 3, 64, 64),)), path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    harmful = io.BytesIO()
    torch.save(Writes(tmp_path / "ran"), harmful)
    files["program/data/sample_inputs/model.pt"] = harmful.getvalue()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(ExplainerError, match=r"exported program.*run code.*save the weights of"):
        load_network("squeezenet1_1", weights=path, num_classes=CLASSES)
    assert not (tmp_path / "ran").exists()


def test_a_module_of_your_own_is_filled_from_a_checkpoint_beside_an_optimiser(
    tmp_path: Path,
) -> None:
    path = kept(tmp_path, {"state_dict": prefixed("module."), **BESIDE})
    module = small(6)
    assert load_weights(module, path) == 'from "state_dict", without the prefix "module."'
    assert all(torch.equal(one, state()[key]) for key, one in module.state_dict().items())
    with pytest.raises(ExplainerError, match=r"no weights at .*: give the path of a file"):
        load_weights(module, tmp_path / "other.pth")


def test_weights_for_other_classes_are_refused_with_the_file_that_is_missing(
    tmp_path: Path,
) -> None:
    path = kept(tmp_path, state())
    with pytest.raises(ExplainerError, match=r"is \(3,.*, not \(1000,.*and a `labels` file with"):
        load_network("squeezenet1_1", weights=path)
