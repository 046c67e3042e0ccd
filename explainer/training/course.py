"""A training from photos to a folder with weights, class names and a record of how they came about.

Until it is whole the folder has another name, under which a training that was stopped goes on.
"""

import fcntl
import json
import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import safetensors.torch
import torch
from torch import Tensor, nn
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.networks import Network, load_asked
from explainer.networks.declared import Declared
from explainer.passes.targets import Probabilities

from .cuts import rest_of, trained_keys
from .features import Features, feature_files, rounding, trunk_digest, written
from .fitting import EVERY, Pace, Scale, fit
from .heads import with_new_head
from .photo_sets import Example, PhotoSet
from .scores import Precision, Score, accuracy, mean_average_precision

HEAD = "head"
WEIGHTS, LABELS, RECORD = "weights.safetensors", "classes.txt", "record.json"
BEGUN, CHECKPOINT, LOCK = "settings.json", "checkpoint.pth", "lock"
PACKAGES = ("torch", "torchvision", "numpy", "pillow", "safetensors")


@dataclass(frozen=True)
class Start:
    """The network that a training begins with: its name, what its weights are called, its options,
    and itself."""

    name: str
    weights: str
    options: Mapping[str, Any]
    network: Network


@dataclass(frozen=True)
class Photos:
    """What is trained with and what is held out, with the classes of both."""

    classes: tuple[str, ...]
    training: tuple[Example, ...]
    held_out: tuple[Example, ...]

    def set_of(self, examples: Sequence[Example]) -> PhotoSet:
        return PhotoSet(self.classes, tuple(examples))


@dataclass(frozen=True)
class Wanted:
    """What is trained: the "head", or everything from a module's address on."""

    pace: Pace
    probabilities: Probabilities = "softmax"
    trained: str = HEAD
    precision: Precision = "all-point"


@dataclass(frozen=True)
class Trained:
    """What was made, the held-out score, and the scores that it is made of: N×classes."""

    folder: Path
    score: Score
    declared: Declared
    digest: str
    scores: Tensor
    sides: tuple[int, int] = field(default=(0, 0))


def train(start: Start, photos: Photos, wanted: Wanted, folder: Path, features: Path) -> Trained:
    """Train and write `folder` whole or not at all; features of photos are kept in `features`.

    ExplainerError where the folder is there, where a training with other settings was begun there,
    and where anything can't be trained.
    """
    if folder.exists():
        raise ExplainerError(f"{folder} is there already", "name another folder, or remove it")
    network, head = with_new_head(
        start.network, start.name, start.options, photos.classes, wanted.probabilities
    )
    address = head if wanted.trained == HEAD else wanted.trained
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    settings = _settings(start, photos, wanted)
    with _held(unfinished, settings):
        image = network.prepare([network.open(photos.training[0].path)])
        rest = rest_of(network, address, image)
        trained = trained_keys(network.module, rest)
        _refuse_without(head, address, trained)
        _zero(network.module.get_submodule(head))  # now: whatever ends in zeros looks well cut
        trunk = trunk_digest(network, trained, address)
        both = [*photos.training, *photos.held_out]
        files = feature_files(network, address, both, folder=features, trunk=trunk)
        count = len(photos.training)
        training, held_out = Features(files[:count]), Features(files[count:])
        _fit(rest, training, photos, wanted, unfinished / CHECKPOINT)
        scores = _scores(rest, held_out, network)
        score = _score(scores, photos, wanted)
        declared = Declared(start.name, dict(start.options), wanted.probabilities)
        digest = _write(network, photos.classes, declared, unfinished)
        _check(declared, unfinished, scores, photos, start.network.device)
        record = _record(settings, digest, score, photos) | {"start_weights": start.weights}
        written(unfinished / RECORD, _json(record))
        for name in (CHECKPOINT, BEGUN, LOCK):  # a state is never without its settings
            (unfinished / name).unlink(missing_ok=True)
        unfinished.rename(folder)
    return Trained(folder, score, declared, digest, scores, (count, len(photos.held_out)))


def _refuse_without(head: str, address: str, trained: Collection[str]) -> None:
    """The layer of classes is new: what is trained has to hold it."""
    if f"{head}.weight" not in trained:
        raise ExplainerError(
            f"{address} comes after {head}, the layer of classes, which has to be trained",
            "name a module before it, or train the head",
        )


@torch.no_grad()
def _zero(head: nn.Module) -> None:
    for values in head.parameters():
        values.zero_()


def _fit(
    rest: nn.Module, features: Features, photos: Photos, wanted: Wanted, checkpoint: Path
) -> None:
    shown = photos.set_of(photos.training).shown(photos.training)
    is_flat = isinstance(rest, nn.Linear) and len(features.shape) == 1
    scale = Scale(features) if is_flat and features.kept is not None else None
    steps = fit(
        rest,
        features,
        torch.from_numpy(shown),
        wanted.pace,
        probabilities=wanted.probabilities,
        checkpoint=checkpoint,
        every=EVERY,
    )
    total = wanted.pace.steps(len(features))
    with tqdm(total=total, desc="Training", unit="step", disable=None) as bar:
        for done, loss in steps:
            bar.update(done - bar.n)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
    if scale is not None:
        assert isinstance(rest, nn.Linear)
        scale.folded_into(rest)


@torch.no_grad()
def _scores(rest: nn.Module, features: Features, network: Network) -> Tensor:
    """N×classes, each photo by itself."""
    rows = [
        network.scores(rest(features.at([place]).to(network.device)))
        for place in range(len(features))
    ]
    return torch.cat(rows).float().cpu()


def _score(scores: Tensor, photos: Photos, wanted: Wanted) -> Score:
    shown = photos.set_of(photos.held_out).shown(photos.held_out)
    groups, seed = [one.group for one in photos.held_out], wanted.pace.seed
    if wanted.probabilities == "softmax":
        return accuracy(scores.numpy(), shown.argmax(1), groups, seed)
    return mean_average_precision(scores.numpy(), shown, groups, seed, wanted.precision)


def _write(network: Network, classes: Sequence[str], declared: Declared, folder: Path) -> str:
    state = {key: v.detach().cpu().contiguous() for key, v in network.module.state_dict().items()}
    data = safetensors.torch.save(state, metadata=declared.metadata())
    written(folder / LABELS, "".join(f"{name}\n" for name in classes).encode())
    return written(folder / WEIGHTS, data)


def _check(
    declared: Declared, folder: Path, scores: Tensor, photos: Photos, device: torch.device
) -> None:
    """What was written gives the scores that were measured."""
    network = load_asked(
        declared.builder,
        declared.options,
        weights=folder / WEIGHTS,
        labels=folder / LABELS,
        device=device,
    )
    again = network.predict(network.prepare([network.open(photos.held_out[0].path)]))
    if not torch.allclose(again[0], scores[0], rtol=1e-3, atol=1e-3):
        raise ExplainerError(
            f"the weights that were written to {folder} don't give the scores that were measured",
            "train the head, and report this network",
        )


def _settings(start: Start, photos: Photos, wanted: Wanted) -> dict[str, Any]:
    """All that decides the result."""
    return {
        "network": start.name,
        "options": dict(start.options),
        "start": start.network.weights_digest,
        "trained": wanted.trained,
        "probabilities": wanted.probabilities,
        "precision": wanted.precision,
        **asdict(wanted.pace),
        "classes": list(photos.classes),
        "training_photos": photos.set_of(photos.training).digest(),
        "held_out_photos": photos.set_of(photos.held_out).digest(),
        **rounding(start.network),
    }


def _record(
    settings: Mapping[str, Any], digest: str, score: Score, photos: Photos
) -> dict[str, Any]:
    found = asdict(score)
    found["of_classes"] = {
        name: value if value == value else None
        for name, value in zip(photos.classes, score.of_classes, strict=True)
    }
    return {
        "settings": dict(settings),
        "weights_sha256": digest,
        "held_out": found,
        "photos": {
            "training": [one.name for one in photos.training],
            "held_out": [one.name for one in photos.held_out],
        },
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
    }


@contextmanager
def _held(folder: Path, settings: Mapping[str, Any]) -> Iterator[None]:
    """The unfinished folder, begun with these settings, for this process alone."""
    with _opened(folder / LOCK) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ExplainerError(
                f"another training writes to {folder} now", "wait for it, or name another folder"
            ) from error
        if not (folder / BEGUN).exists():
            (folder / CHECKPOINT).unlink(missing_ok=True)
            written(folder / BEGUN, _json(settings))
        _refuse_others(folder, settings)
        yield


def _opened(lock: Path) -> TextIO:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return lock.open("w")
    except OSError as error:
        raise ExplainerError(
            f"{lock} can't be written ({error.strerror})", "name another folder with --out"
        ) from error


def _refuse_others(folder: Path, settings: Mapping[str, Any]) -> None:
    """What was begun with other settings can't go on with these."""
    try:
        begun = json.loads((folder / BEGUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExplainerError(f"{folder / BEGUN} can't be read", f"remove {folder}") from error
    now = json.loads(_json(settings))
    for name in now:
        if begun.get(name) != now[name]:
            raise ExplainerError(
                f"{folder} was begun with another “{name}” ({_short(begun.get(name))}, not "
                f"{_short(now[name])})",
                "give the same command as before, or remove that folder to begin anew",
            )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _json(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()
