"""timm's classifiers as `timm:NAME`: their architectures, and their preprocessing to the pixel."""

import importlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explainer.errors import ExplainerError, did_you_mean

from .checkpoints import load_checkpoint
from .labels import imagenet_labels
from .network import Network
from .preprocessing import FILTERS, Preprocess
from .weights import read_checkpoint

PREFIX = "timm:"
PRETRAINED = "pretrained"
OPTIONS: dict[str, Any] = {"num_classes": None, "size": None}
CLASSES = 1000  # of a network that is to be drawn or filled from a file, where nobody says how many
# What the image halves of CLIP and the like give: a place among texts. No set of classes in timm
# has as many.
EMBEDDINGS = frozenset({384, 512, 640, 768, 1024, 1152, 1280})


def weight_names(name: str) -> list[str]:
    """What `weights` may be beside a file, for every network of timm."""
    return [PRETRAINED]


def build(
    name: str,
    *,
    weights: str | None,
    sha256: str | None,
    seed: int,
    labels: tuple[str, ...],
    num_classes: int | None = None,
    size: int | None = None,
) -> Network:
    """The network `timm:ARCHITECTURE` or `timm:ARCHITECTURE.TAG`, in evaluation mode.

    The tag decides the preprocessing, and which weights "pretrained" means; timm has one for those
    who name none. `num_classes` is by default the labels' number or the tag's, `size` the tag's.
    """
    timm, known = _imported(), _settings(name)
    classes = num_classes or len(labels) or known["num_classes"] or CLASSES
    given: dict[str, Any] = {"num_classes": classes}
    if size is not None and known["fixed_input_size"]:
        given["img_size"] = size
    if weights == PRETRAINED:
        _refuse_other_weights(name, known, classes, sha256)
        given["pretrained"] = True
        if not labels and classes == 1000 and "in1k" in known["tag"]:
            labels = imagenet_labels()
    module, digest, taken_off = _created(name, given, seed), "", ""
    if weights not in (None, PRETRAINED):
        checkpoint = read_checkpoint(_file(str(weights)), sha256)
        digest, taken_off = checkpoint.digest, load_checkpoint(module, checkpoint)
    return Network(
        module,
        None,
        labels,
        preprocess_of(name, timm.data.resolve_model_data_config(module), size),
        name=f"{PREFIX}{known['architecture']}" + f".{known['tag']}" * bool(known["tag"]),
        weights_digest=digest,
        weights_taken_off=taken_off,
    )


def _settings(name: str) -> Mapping[str, Any]:
    """What timm says of a name: architecture, tag, number of classes, fixed size."""
    timm, wanted = _imported(), name.removeprefix(PREFIX)
    architecture, _, tag = wanted.partition(".")
    if not timm.models.is_model(architecture):
        raise ExplainerError(
            f'timm {timm.__version__} has no network "{architecture}"',
            did_you_mean(architecture, timm.list_models()),
        )
    tags = [one.partition(".")[2] for one in timm.list_models(architecture, pretrained=True)]
    if tag and tag not in tags:
        raise ExplainerError(
            f'timm {timm.__version__} has no "{tag}" of {architecture}', did_you_mean(tag, tags)
        )
    found = timm.models.get_pretrained_cfg(wanted, allow_unregistered=True)
    plain = {
        "architecture": architecture,
        "tag": tag,
        "num_classes": CLASSES,
        "fixed_input_size": False,
    }
    told = {key: getattr(found, key, None) for key in plain}
    return plain | {key: value for key, value in told.items() if value is not None}


def _refuse_other_weights(
    name: str, known: Mapping[str, Any], classes: int, sha256: str | None
) -> None:
    """timm would load all but the last layer for another number of classes, and draw that one."""
    if known["num_classes"] == 0 or known["num_classes"] in EMBEDDINGS:
        raise ExplainerError(
            f"timm's weights of {name} have no layer of classes",
            "name the file of the weights that you trained for your classes",
        )
    if classes != known["num_classes"]:
        raise ExplainerError(
            f"timm's weights of {name} answer {known['num_classes']} classes, not {classes}",
            "name the file of the weights that you trained for your classes",
        )
    if sha256 is not None:
        raise ExplainerError(
            f"timm's weights of {name} are no file that a digest could be checked of",
            "leave sha256 out, or name the file of the weights",
        )


def _created(name: str, given: Mapping[str, Any], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            module: nn.Module = _imported().create_model(name.removeprefix(PREFIX), **given)
        except Exception as error:  # its own code, and the network's that it downloads by
            asked = ", ".join(f"{key}={value}" for key, value in given.items())
            fix = "choose other options, or leave them out"
            if PRETRAINED in given:
                fix = "connect to the internet once, or name a file of weights"
            raise ExplainerError(
                f"timm can't make {name} with {asked} ({type(error).__name__}: {error})", fix
            ) from error
    return module.eval()


def _file(weights: str) -> Path:
    if not Path(weights).suffix:
        raise ExplainerError(f'no weights "{weights}"', f"name a file, or {PRETRAINED} or random")
    return Path(weights)


def preprocess_of(name: str, told: Mapping[str, Any], size: int | None) -> Preprocess:
    """timm's own transform for evaluation, from what its `resolve_model_data_config` says."""
    channels, height, width = told["input_size"]
    if size is not None:
        height = width = size
    wrong = {
        f"takes {channels} channels": channels != 3,
        f"takes {height}×{width} pixels": height != width,
        f"crops by “{told['crop_mode']}”": told["crop_mode"] not in ("center", "squash"),
        f"crops {told['crop_pct']} of a photo": not 0 < told["crop_pct"] <= 1,
        f"resizes by “{told['interpolation']}”": told["interpolation"] not in FILTERS,
    }
    if any(wrong.values()):
        what = " and ".join(said for said, is_so in wrong.items() if is_so)
        raise ExplainerError(
            f"{name} {what}, which can't be shown to people as it sees it",
            "choose another tag, or write a factory with a preprocessing of your own",
        )
    return Preprocess(
        size=height,
        resize=math.floor(height / told["crop_pct"]),
        mean=tuple(told["mean"]),
        std=tuple(told["std"]),
        interpolation=told["interpolation"],
        squash=told["crop_mode"] == "squash",
    )


def _imported() -> Any:
    try:
        return importlib.import_module("timm")
    except ImportError as error:
        raise ExplainerError(
            "networks named timm:… need the package timm", "pip install timm, for every worker"
        ) from error
