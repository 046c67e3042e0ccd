"""What ready studies write: weights that other users can read, and records that any program can."""

import hashlib
import json
import os
from pathlib import Path

import torch
from safetensors.torch import load_file

from ready.written import write_record, write_weights


def test_weights_can_be_read_by_whoever_may_read_other_files(tmp_path: Path) -> None:
    state = {"turned": torch.arange(6.0).reshape(2, 3).t(), "steps": torch.tensor(3)}
    path = tmp_path / "one.safetensors"
    before = os.umask(0o027)
    try:
        digest = write_weights(path, state)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    kept = load_file(path)
    assert set(kept) == set(state)
    assert all(torch.equal(kept[name], value) for name, value in state.items())


def test_a_record_has_null_where_nothing_could_be_measured(tmp_path: Path) -> None:
    record = {"scores": {"one": (0.5, float("nan"))}, "name": "ü", "count": 3}
    write_record(tmp_path, record)

    def refuse(name: str) -> float:
        raise AssertionError(name)

    read = json.loads((tmp_path / "record.json").read_text("utf-8"), parse_constant=refuse)
    assert read == {"scores": {"one": [0.5, None]}, "name": "ü", "count": 3}
