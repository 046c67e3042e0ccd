"""Files are whole or absent, and found wrong when they are."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explainer import Display, ExplainerError, Network, explain, render, store
from tests.explainer.small_networks import Convolutions, noise, seeded


def maps() -> dict[str, np.ndarray]:
    return {"map": np.random.default_rng(0).random((5, 7), np.float32)}


def test_maps_come_back_as_they_were_with_the_same_bytes_each_time(tmp_path: Path) -> None:
    first = store.save_maps(tmp_path / "a" / "1.npz", maps())
    assert store.save_maps(tmp_path / "2.npz", maps()) == first
    read = store.load_maps(tmp_path / "2.npz", first)["map"]
    assert read.dtype == np.float32
    assert (read == maps()["map"]).all()


def test_a_changed_missing_or_broken_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "1.npz"
    digest = store.save_maps(path, maps())
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ExplainerError, match="not the file that was saved"):
        store.verify(path, digest)
    path.write_bytes(b"PK nothing")
    with pytest.raises(ExplainerError, match="holds no maps"):
        store.load_maps(path)
    with pytest.raises(ExplainerError, match="can't be read"):
        store.load_maps(tmp_path / "none.npz")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "1.npz"
    store.save_bytes(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.save_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["1.npz"]


def test_without_photos_the_pictures_show_the_colours_alone(tmp_path: Path) -> None:
    network = Network(seeded(Convolutions, torch.relu))
    found = explain(network, noise(2, 3, 9, 9), [[0, 1], [2, 3]], ("grad_cam", "gradient"))
    found.save(tmp_path)
    shown = Image.open(tmp_path / "pictures" / "grad_cam-1-0.png")
    alone = render(found["grad_cam"][1, 0], None, Display(show_photo=False))
    assert shown.tobytes() == alone.tobytes()
    assert len(list((tmp_path / "pictures").iterdir())) == 2 * 2 * 2
    one = explain(network, noise(1, 3, 9, 9), [0])
    one.save(tmp_path / "one")
    assert (tmp_path / "one" / "pictures" / "grad_cam-0.png").exists()


def test_what_was_found_is_saved_with_the_manifest_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    save_bytes = store.save_bytes

    def noted(path: Path, data: bytes) -> str:
        written.append(Path(path).name)
        return save_bytes(path, data)

    monkeypatch.setattr(store, "save_bytes", noted)
    network = Network(seeded(Convolutions, torch.relu))
    found = explain(network, noise(2, 3, 9, 9), [[0, 1], [2, 3]], ("grad_cam", "gradient"))
    crops = [Image.new("RGB", (18, 18), "teal")] * 2
    digest = found.save(tmp_path / "found", crops, Display(size=36))
    assert written[-1] == "manifest.json"
    assert digest == store.digest_of(tmp_path / "found" / "manifest.json")
    manifest = json.loads((tmp_path / "found" / "manifest.json").read_text("utf-8"))
    assert len(manifest["files"]) == 1 + 2 * 2 * 2
    for name, sha256 in manifest["files"].items():
        store.verify(tmp_path / "found" / name, sha256)
    read = store.load_maps(tmp_path / "found" / "maps.npz")
    assert (read["grad_cam"] == found["grad_cam"].numpy()).all()
    assert manifest["targets"] == [[0, 1], [2, 3]]
    assert manifest["provenance"]["weights_digest"] == network.weights_digest
