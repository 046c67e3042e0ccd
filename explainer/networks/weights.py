"""Weights from local files: digest first, then loaded without running any code of theirs."""

import argparse
import io
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import nn

from explainer.errors import ExplainerError

from .checkpoints import Checkpoint, load_checkpoint, states_in
from .digests import digest_of_file

_SCALAR = np.float64(0).__reduce__()[0]
# What training keeps beside weights: its arguments, and numbers such as the best accuracy.
HARMLESS: list[Any] = [
    argparse.Namespace,
    np.dtype,
    (_SCALAR, "numpy._core.multiarray.scalar"),
    (_SCALAR, "numpy.core.multiarray.scalar"),
    *(type(np.dtype(kind)) for kind in ("?", "i4", "i8", "f4", "f8")),
]


def load_weights(module: nn.Module, path: str | Path) -> str:
    """Fill a module of your own from a checkpoint, by the rules of `load_checkpoint`.

    What was taken off on the way, such as 'without the prefix "module."', or "". ExplainerError
    where the file is missing or does not fit.
    """
    return load_checkpoint(module, read_checkpoint(Path(path)))


def read_checkpoint(path: Path, sha256: str | None = None) -> Checkpoint:
    """The state dicts in a `.safetensors` or PyTorch file, and the file's SHA-256.

    The digest is that of the very bytes that are then loaded. A pickle that holds code is refused,
    never executed.
    """
    data, found = checked_bytes(path, sha256)
    loaded = _loaded(data, path)
    states = states_in(loaded)
    if not states:
        keys = [f'"{key}"' for key in loaded][:5] if isinstance(loaded, dict) else []
        inside = f" of {', '.join(keys)}" if keys else ""
        raise ExplainerError(
            f"{path.name} holds a {type(loaded).__name__}{inside}, and no state dict",
            'save the weights: torch.save(module.state_dict(), "weights.pth")',
        )
    return Checkpoint(path.name, found, states)


def checked_bytes(path: Path, sha256: str | None) -> tuple[bytes, str]:
    """A file of weights and its SHA-256; ExplainerError if it is missing or has another digest."""
    try:
        before = path.stat()
        data = path.read_bytes()
    except OSError as error:
        raise ExplainerError(
            f"no weights at {path} ({error.strerror})", "give the path of a file"
        ) from error
    found = digest_of_file(path, data, before)
    if sha256 is not None and found != sha256.lower():
        raise ExplainerError(
            f"{path.name} has the digest {found}, not {sha256}", "fetch the right file again"
        )
    return data, found


def _loaded(data: bytes, path: Path) -> Any:
    try:
        inside = _files_in(data)
        if "archive_format" in inside:
            raise ExplainerError(
                f"{path.name} is an exported program, whose layers can't be explained, and "
                "PyTorch may run code from such a file while loading it",
                "save the weights of the module that was exported: "
                'torch.save(module.state_dict(), "weights.pth")',
            )
        if "constants.pkl" in inside:
            raise ExplainerError(
                f"{path.name} is a TorchScript archive, whose layers can't be explained",
                'save the weights of the original: torch.save(module.state_dict(), "weights.pth")',
            )
        if path.suffix == ".safetensors":
            return safetensors.torch.load(data)
        with torch.serialization.safe_globals(HARMLESS):
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except ExplainerError:
        raise
    except pickle.UnpicklingError as error:
        raise _code_of(path.name, error) from error
    except Exception as error:  # whatever readers of zips, pickles and JSON meet in damaged bytes
        raise ExplainerError(
            f"{path.name} can't be read as weights", "download or save it again"
        ) from error


def _files_in(data: bytes) -> set[str]:
    """The names of the files in an archive, wherever they lie in it; none of anything else."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return set()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {Path(name).name for name in archive.namelist()}


def _code_of(name: str, error: pickle.UnpicklingError) -> ExplainerError:
    """A whole module, or anything else whose class would have to run."""
    kind = re.search(r"GLOBAL (\S+)", str(error))
    if kind is None:
        return ExplainerError(
            f"{name} is not a plain state dict: it is damaged, or holds code that was not run",
            "save it with torch.save(module.state_dict(), …) or as safetensors",
        )
    return ExplainerError(
        f"{name} holds {kind[1]}, not weights alone; its code was not run",
        "where it is a whole module, load it where it was trained, and save its weights: "
        'torch.save(module.state_dict(), "weights.pth")',
    )
