"""torchvision's classifiers by name: their own weights, a local file's, or random ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from explainer.errors import ExplainerError, did_you_mean

from .checkpoints import load_checkpoint
from .network import Network
from .preprocessing import Preprocess, Preprocessing, adapted
from .torchvision_import import torchvision
from .weights import read_checkpoint

RANDOM = "random"
STEPS = ("size", "resize", "mean", "std", "interpolation")
OPTIONS: dict[str, Any] = {"num_classes": None, **dict.fromkeys(STEPS)}


def names() -> list[str]:
    """Every classifier that torchvision builds."""
    found: list[str] = torchvision.models.list_models(module=torchvision.models)
    return found


def weight_names(name: str) -> list[str]:
    """The pretrained weights that torchvision offers for `name`."""
    return [member.name for member in torchvision.models.get_model_weights(name)]


def build(
    name: str,
    *,
    weights: str | None,
    sha256: str | None,
    seed: int,
    labels: tuple[str, ...],
    num_classes: int | None = None,
    **steps: Any,
) -> Network:
    """The network `name`, in evaluation mode; `num_classes` defaults to the labels' number.

    `steps`: what of the preprocessing is another than that of the weights, by the names of
    `Preprocess`; without a `resize` it keeps its proportion to `size`.
    """
    members = {member.name: member for member in torchvision.models.get_model_weights(name)}
    classes = num_classes or len(labels) or 1000
    module = _module(name, seed, {"num_classes": classes, **_built_for(name, steps.get("size"))})
    preprocess = adapted(next(iter(members.values())).transforms())
    digest = taken_off = ""
    if weights in members:
        member = members[weights]
        preprocess, labels = (
            adapted(member.transforms()),
            labels or tuple(member.meta["categories"]),
        )
        module, digest = _downloaded(module, member, sha256)
    elif weights is not None:
        if not Path(weights).suffix:
            raise ExplainerError(f'no weights "{weights}"', did_you_mean(weights, members))
        checkpoint = read_checkpoint(Path(weights), sha256)
        digest, taken_off = checkpoint.digest, load_checkpoint(module, checkpoint)
    return Network(
        module,
        None,
        labels,
        _with_steps(preprocess, steps),
        name=name,
        weights_digest=digest,
        weights_taken_off=taken_off,
    )


def _with_steps(own: Preprocessing, steps: dict[str, Any]) -> Preprocessing:
    assert isinstance(own, Preprocess)
    given: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in steps.items()
    }
    if "size" in given and "resize" not in given:
        given["resize"] = round(own.resize * given["size"] / own.size)
    return replace(own, **given)


def _built_for(name: str, size: int | None) -> dict[str, Any]:
    """What networks whose positions are counted are told of the side of their input."""
    if size is None:
        return {}
    if name.startswith("vit_"):
        return {"image_size": size}
    return {"input_size": (size, size)} if name.startswith("maxvit") else {}


def _module(name: str, seed: int, options: dict[str, Any]) -> torch.nn.Module:
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = True
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            module: torch.nn.Module = torchvision.models.get_model(name, weights=None, **options)
        except (AssertionError, ValueError) as error:  # of a size that its parts don't divide
            asked = ", ".join(f"{key}={value}" for key, value in options.items())
            raise ExplainerError(
                f"torchvision can't make {name} with {asked} ({' '.join(str(error).split())})",
                "choose another size, or leave it out",
            ) from error
    return module.eval()


def _downloaded(module: torch.nn.Module, member: Any, sha256: str | None) -> tuple[Any, str]:
    checkpoint = read_checkpoint(downloaded(member), sha256)
    load_checkpoint(module, checkpoint)
    return module, checkpoint.digest


def file_of(member: Any) -> Path:
    """Where torchvision keeps the file of its weights, be it there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / str(member.url.rsplit("/", 1)[1])


def downloaded(member: Any) -> Path:
    """The file of torchvision's weights, fetched where it is not there; ExplainerError."""
    path = file_of(member)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(member.url, str(path), path.stem.rsplit("-", 1)[1])
        except OSError as error:
            raise ExplainerError(
                f"{path.name} could not be downloaded ({error})", f"put the file at {path}"
            ) from error
    return path
