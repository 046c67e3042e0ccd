"""Weights from local files: digest first, then loaded without running any code of theirs."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError

from .digests import digest_of_file

State = Mapping[str, Tensor]


def read_state(path: Path, sha256: str | None = None) -> tuple[State, str]:
    """The state dict in a `.safetensors` or PyTorch file, and the file's SHA-256.

    The digest is that of the very bytes that are then loaded. A pickle that holds anything but
    tensors is refused, never executed.
    """
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
    return _state(data, path), found


def _state(data: bytes, path: Path) -> State:
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load(data)
        loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ExplainerError(
            f"{path.name} is not a plain state dict: it is damaged, or holds code that was not run",
            "save it with torch.save(module.state_dict(), …) or as safetensors",
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise ExplainerError(
            f"{path.name} can't be read as weights", "download or save it again"
        ) from error
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else loaded
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ExplainerError(
            f"{path.name} holds {type(state).__name__}, not a state dict",
            "save module.state_dict()",
        )
    return state


def load_state(module: nn.Module, state: State, where: str) -> None:
    """Fill the module; refuse keys or shapes that do not match, naming them."""
    own = module.state_dict()
    complaints = [f"missing {key}" for key in own if key not in state]
    complaints += [f"unknown {key}" for key in state if key not in own]
    complaints += [
        f"{key} is {tuple(state[key].shape)}, not {tuple(own[key].shape)}"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    if complaints:
        listed = "; ".join(complaints[:5]) + (
            f"; and {len(complaints) - 5} more" if len(complaints) > 5 else ""
        )
        raise ExplainerError(
            f"{where} does not fit the network: {listed}",
            "choose the network it was saved from, and its number of classes",
        )
    module.load_state_dict(dict(state), strict=True)
