"""How what was made is written: weights that other users can read, and a record in strict JSON."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor

from explainer.pictures.store import save_bytes

RECORD = "record.json"


def write_weights(path: Path, state: Mapping[str, Tensor]) -> str:
    """A state dict as safetensors; the file's SHA-256.

    `safetensors.torch.save_file` would let nobody but its owner read the file: a site may run as
    another user than the one who made its networks.
    """
    values = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    return save_bytes(path, safetensors.torch.save(values))


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """`record.json`; null stands for what could not be measured."""
    text = json.dumps(_strict(record), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / RECORD).write_text(text + "\n", "utf-8")


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _strict(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
