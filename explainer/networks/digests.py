"""SHA-256 of weights, taken once for each file and each module of a process.

Half a gigabyte takes a second, and a worker or a notebook makes many networks of the same weights.
"""

import hashlib
import os
import threading
import time
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError

_LOCK = threading.Lock()
_FILES: dict[tuple[Any, ...], str] = {}
_MODULES: "WeakKeyDictionary[nn.Module, tuple[Any, str]]" = WeakKeyDictionary()
SETTLED = 100_000_000  # nanoseconds
WHOLE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def digest_of_state(module: nn.Module) -> str:
    """SHA-256 over every parameter's and buffer's name, type, shape and bytes, in name order.

    Of a module that was asked before it is known, unless its values changed since then.
    """
    state = {name: v for name, v in module.state_dict().items() if isinstance(v, Tensor)}
    if any(values.is_meta for values in state.values()):
        raise ExplainerError(
            'the network is on the device "meta", so it has no weights',
            "move it with module.to_empty(device=…), and load its weights",
        )
    if any(values.is_inference() for values in state.values()):
        raise ExplainerError(
            "the network was made under inference_mode, which forbids gradients",
            "build or load it outside inference_mode",
        )
    seen = [_glance(name, values) for name, values in sorted(state.items())]
    with _LOCK:
        known = _MODULES.get(module)
    if known is None or known[0] != seen:
        known = seen, digest_of_values(state)
        with _LOCK:
            _MODULES[module] = known
    return known[1]


def digest_of_values(state: dict[str, Tensor]) -> str:
    """SHA-256 over every tensor's name, type, shape and bytes, in name order."""
    digest = hashlib.sha256()
    for name, values in sorted(state.items()):
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        raw = values.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(raw.numpy().data)
    return digest.hexdigest()


def _glance(name: str, values: Tensor) -> tuple[Any, ...]:
    """What tells a change of the values at a tenth of a digest's price.

    The version counts changes in place, but not those through `.data`: sums of the bits tell them.
    """
    told = (name, values.dtype, tuple(values.shape), values.data_ptr(), values._version)
    bits = torch.view_as_real(values) if values.is_complex() else values
    whole = bits.detach().view(WHOLE[bits.element_size()])
    rows = whole.flatten(1) if whole.dim() > 1 else whole.reshape(1, -1)
    return (*told, rows.sum(1, dtype=torch.int64).cpu().numpy().tobytes())


def digest_of_file(path: Path, data: bytes, before: os.stat_result) -> str:
    """SHA-256 of the file's bytes, which were read after `before` was asked.

    A file that is the same in all that the system tells of it is not digested again, unless it was
    written just now: then it could be written once more within one tick of the system's clock.
    """
    told = _told(before)
    newest = max(before.st_mtime_ns, before.st_ctime_ns)
    if told != _told(path.stat()) or time.time_ns() - newest < SETTLED:
        return hashlib.sha256(data).hexdigest()
    with _LOCK:
        known = _FILES.get(told)
    if known is None:
        known = hashlib.sha256(data).hexdigest()
        with _LOCK:
            _FILES[told] = known
    return known


def _told(file: os.stat_result) -> tuple[int, ...]:
    return (file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns)
