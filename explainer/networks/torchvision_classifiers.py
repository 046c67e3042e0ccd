"""torchvision's classifiers by name: their own weights, a local file's, or random ones."""

from pathlib import Path
from typing import Any

import torch
import torchvision

from explainer.errors import ExplainerError, did_you_mean

from .checkpoints import load_checkpoint
from .network import Network
from .preprocessing import adapted
from .weights import read_checkpoint

RANDOM = "random"
OPTIONS: dict[str, Any] = {"num_classes": None}


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
) -> Network:
    """The network `name`, in evaluation mode; `num_classes` defaults to the labels' number."""
    members = {member.name: member for member in torchvision.models.get_model_weights(name)}
    classes = num_classes or len(labels) or 1000
    module = _module(name, classes, seed)
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
        preprocess,
        name=name,
        weights_digest=digest,
        weights_taken_off=taken_off,
    )


def _module(name: str, classes: int, seed: int) -> torch.nn.Module:
    options: dict[str, Any] = {"num_classes": classes}
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = True
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: torch.nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return module.eval()


def _downloaded(module: torch.nn.Module, member: Any, sha256: str | None) -> tuple[Any, str]:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    path = folder / member.url.rsplit("/", 1)[1]
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(member.url, str(path), path.stem.rsplit("-", 1)[1])
        except OSError as error:
            raise ExplainerError(
                f"{path.name} could not be downloaded ({error})", f"put the file at {path}"
            ) from error
    checkpoint = read_checkpoint(path, sha256)
    load_checkpoint(module, checkpoint)
    return module, checkpoint.digest
