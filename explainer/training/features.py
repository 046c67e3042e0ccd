"""What frozen layers make of photos, a file each, found again by a digest of what decides it."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.explanations.batches import all_or_none, in_batches
from explainer.networks import Network
from explainer.networks.digests import digest_of_values
from explainer.passes.devices import arithmetic
from explainer.pictures.store import save_bytes

from .cuts import features_at
from .photo_sets import Example

IN_MEMORY = 2**30  # bytes of features that are held together, instead of read at each step


class Features:
    """The features of photos, by their places in the list that they were made of."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        first = _read(files[0])
        self.shape = tuple(first.shape)
        self.kept: Tensor | None = None
        if first.numel() * first.element_size() * len(files) <= IN_MEMORY:
            self.kept = torch.stack([self._checked(file) for file in files])

    def __len__(self) -> int:
        return len(self.files)

    def at(self, places: Sequence[int] | Tensor) -> Tensor:
        """N×…, in the host's memory."""
        if self.kept is not None:
            return self.kept[torch.as_tensor(places, dtype=torch.long)]
        return torch.stack([self._checked(self.files[int(place)]) for place in places])

    def _checked(self, file: Path) -> Tensor:
        found = _read(file)
        if tuple(found.shape) != self.shape:
            raise ExplainerError(
                f"{file} holds features of another shape than the first photo's", "remove it"
            )
        return found


def trunk_digest(network: Network, trained: set[str], address: str) -> str:
    """SHA-256 of what decides the features but the photo: weights before the cut, preprocessing,
    and how the machine rounds."""
    state = network.module.state_dict()
    said = {
        "weights": digest_of_values({k: v for k, v in state.items() if k not in trained}),
        "network": network.name,
        "preprocessing": network.steps.digest(),
        "cut": address,
        "arithmetic": rounding(network),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def rounding(network: Network) -> Mapping[str, Any]:
    """What decides the last bits of a sum beside the numbers in it."""
    threads = torch.get_num_threads()
    return {**arithmetic(network.module), "torch": torch.__version__, "threads": threads}


def feature_files(
    network: Network, address: str, photos: Sequence[Example], *, folder: Path, trunk: str
) -> list[Path]:
    """Files in `folder` with what is given to `address` for each photo; what is there stays.

    Each photo passes alone, so that a training that was stopped goes on with the same bits.
    """
    files = [_file(folder, trunk, one) for one in photos]
    missing = [place for place, file in enumerate(files) if not file.exists()]

    def seen(place: int) -> tuple[int, Tensor]:
        return place, network.seen(network.open(photos[place].path))

    def keep(read: Sequence[tuple[int, Tensor]]) -> None:
        ((place, crop),) = read
        found = features_at(network, address, network.batch([crop]))[0].cpu()
        if not bool(torch.isfinite(found).all()):
            raise ExplainerError(
                f"{network.name} makes numbers that are not finite of {photos[place].name}",
                "check the network's weights, or remove the photo",
            )
        out = io.BytesIO()
        np.save(out, found.numpy())
        written(files[place], out.getvalue())

    with tqdm(total=len(missing), desc="Features", unit="photo", disable=None) as bar:
        for some, _ in all_or_none(in_batches(missing, seen, keep, size=1)):
            bar.update(len(some))
    return files


def _file(folder: Path, trunk: str, photo: Example) -> Path:
    key = hashlib.sha256(f"{trunk} {photo.digest}".encode()).hexdigest()
    return folder / key[:2] / f"{key}.npy"


def _read(file: Path) -> Tensor:
    try:
        return torch.from_numpy(np.load(file, allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise ExplainerError(f"{file} holds no features ({error})", "remove it") from error


def written(path: Path, data: bytes) -> str:
    """Write the file whole or not at all; its SHA-256. ExplainerError where there is no room."""
    try:
        return save_bytes(path, data)
    except OSError as error:
        raise ExplainerError(
            f"{path} can't be written ({error.strerror})",
            "make room or name another folder, then give the same command again: it goes on from "
            "what is finished",
        ) from error
