"""Trainings from photos to files that are explained, and what becomes of one that is stopped."""

import fcntl
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from explainer import ExplainerError, load_network
from explainer.__main__ import main
from explainer.training import course
from explainer.training.course import Trained, Wanted, train
from explainer.training.fitting import Pace
from explainer.training.photo_sets import read_set
from tests.explainer.training.coloured_photos import (
    COLOURS,
    NETWORK,
    SIDE,
    annotated,
    class_folders,
    sides,
    start,
)
from tests.photos.voc_sets import Thing, write_voc

PACE = Pace(epochs=30, batch=8, rate=0.03, l2=1e-3, seed=0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    class_folders(folder / "photos")
    return folder


@pytest.fixture(scope="module")
def trained(root: Path) -> Trained:
    photos = sides(read_set(root / "photos", several=False))
    return train(start(), photos, Wanted(PACE), root / "head", root / "features")


def test_what_was_trained_is_loaded_by_name_weights_and_labels(trained: Trained) -> None:
    folder = trained.folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "classes.txt",
        "record.json",
        "weights.safetensors",
    ]
    network = load_network(
        NETWORK,
        weights=folder / "weights.safetensors",
        sha256=trained.digest,
        labels=folder / "classes.txt",
        size=SIDE,
    )
    assert network.labels == tuple(COLOURS)
    record = json.loads((folder / "record.json").read_text("utf-8"))
    photos = folder.parent / "photos"
    held_out = record["photos"]["held_out"]
    images = network.prepare([network.open(photos / name) for name in held_out])
    right = [
        network.labels[k] == name.split("/")[0]
        for k, name in zip(network.predict(images).argmax(1).tolist(), held_out, strict=True)
    ]
    assert sum(right) / len(right) == record["held_out"]["value"] == trained.score.value > 0.6
    assert record["weights_sha256"] == network.weights_digest
    assert record["software"]["torch"] == torch.__version__.split("+")[0]
    assert not set(held_out) & set(record["photos"]["training"])


def test_weights_are_refused_for_what_they_were_not_trained_for(trained: Trained) -> None:
    weights, labels = trained.folder / "weights.safetensors", list(COLOURS)
    with pytest.raises(
        ExplainerError, match=r"asked for without the size .* \(32\): write size = 3"
    ):
        load_network(NETWORK, weights=weights, labels=labels)
    with pytest.raises(ExplainerError, match="asked for with size=64, not the size"):
        load_network(NETWORK, weights=weights, labels=labels, size=64)
    with pytest.raises(ExplainerError, match="for probabilities by softmax, not sigmoid: write pr"):
        load_network(NETWORK, weights=weights, labels=labels, size=SIDE, probabilities="sigmoid")
    with pytest.raises(ExplainerError, match="were trained for shufflenet_v2_x0_5, not resnet18"):
        load_network("resnet18", weights=weights, labels=labels, size=SIDE)


@pytest.mark.parametrize(
    "said",
    [
        "no JSON",
        '["resnet18"]',
        '{"builder": "shufflenet_v2_x0_5", "options": {}, "probabilities": "softmax", "size": 32}',
        '{"builder": "shufflenet_v2_x0_5", "options": 32, "probabilities": "softmax"}',
        '{"builder": "shufflenet_v2_x0_5", "options": {}, "probabilities": "odds"}',
    ],
)
def test_weights_for_something_that_is_not_understood_are_refused(
    tmp_path: Path, said: str
) -> None:
    weights, state = tmp_path / "weights.safetensors", start().network.module.state_dict()
    save_file(state, weights)
    load_network(NETWORK, weights=weights, size=SIDE)
    save_file(state, weights, metadata={"discern": said})
    with pytest.raises(ExplainerError, match="for in a form that is not known here: use the vers"):
        load_network(NETWORK, weights=weights, size=SIDE)


def test_nothing_is_overwritten(root: Path, trained: Trained) -> None:
    with pytest.raises(ExplainerError, match="head is there already: name another folder"):
        train(start(), sides(read_set(root / "photos", several=False)), Wanted(PACE), root / "head",
              root / "features")  # fmt: skip


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_stopped_training_goes_on_to_the_same_bits(
    root: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped where the weights, larger than anything before, find no room."""
    photos = sides(read_set(root / "photos", several=False))
    again = root / "again"
    monkeypatch.setattr(course, "EVERY", 0.0)
    with (
        files_of_at_most(500_000),
        pytest.raises(ExplainerError, match=r"can't be written .*: make room or name another fold"),
    ):
        train(start(), photos, Wanted(PACE), again, root / "features")
    unfinished = root / ".again.unfinished"
    assert not again.exists()
    assert (unfinished / "checkpoint.pth").exists()
    other = Wanted(Pace(30, 8, 0.02, 1e-3, 0))
    with pytest.raises(
        ExplainerError, match=r"with another “rate” \(0\.03, not 0\.02\): give the sa"
    ):
        train(start(), photos, other, again, root / "features")
    with (unfinished / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ExplainerError, match=r"another training writes to .*: wait for it"):
            train(start(), photos, Wanted(PACE), again, root / "features")
    found = train(start(), photos, Wanted(PACE), again, root / "features")
    assert (found.digest, found.score) == (trained.digest, trained.score)
    assert not unfinished.exists()


def test_a_state_without_its_settings_is_not_taken_up(root: Path, trained: Trained) -> None:
    """As a training leaves it that was stopped while it removed both."""
    photos = sides(read_set(root / "photos", several=False))
    wanted = Wanted(Pace(1, 8, 0.03, 0, 0))
    clean = train(start(), photos, wanted, root / "clean", root / "features")
    state = root / ".left.unfinished" / "checkpoint.pth"
    state.parent.mkdir()
    state.write_bytes(b"of other settings")
    found = train(start(), photos, wanted, root / "left", root / "features")
    assert found.digest == clean.digest


def test_features_are_made_once_for_a_photo_and_a_trunk(root: Path, trained: Trained) -> None:
    kept = written(root / "features")
    assert len(kept) == 15
    photos = sides(read_set(root / "photos", several=False), seed=4)
    train(start(), photos, Wanted(Pace(1, 8, 0.03, 0, 4)), root / "other", root / "features")
    assert written(root / "features") == kept


def written(folder: Path) -> dict[Path, int]:
    """When each file was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}


def test_several_labels_per_photo_are_declared_by_the_weights(tmp_path: Path) -> None:
    photos = sides(read_set(annotated(tmp_path), several=True))
    wanted = Wanted(PACE, "sigmoid", precision="11-point")
    found = train(start(), photos, wanted, tmp_path / "out", tmp_path / "features")
    assert found.score.measure == "mAP (11-point)"
    assert found.score.groups == len({one.group for one in photos.held_out})
    network = load_network(
        NETWORK,
        weights=found.folder / "weights.safetensors",
        labels=found.folder / "classes.txt",
        size=SIDE,
    )
    assert network.probabilities == "sigmoid"


def test_the_last_layers_are_trained_and_those_before_stay(root: Path) -> None:
    photos = sides(read_set(root / "photos", several=False))
    wanted = Wanted(Pace(2, 8, 1e-3, 1e-4, 0), trained="conv5")
    found = train(start(), photos, wanted, root / "block", root / "block-features")
    before = start().network.module.state_dict()
    network = load_network(
        NETWORK, weights=found.folder / "weights.safetensors", labels=list(COLOURS), size=SIDE
    )
    changed = {
        key.split(".")[0]
        for key, values in network.module.state_dict().items()
        if values.shape != before[key].shape or not torch.equal(values, before[key])
    }
    assert changed == {"conv5", "fc"}


def test_the_command_trains_and_tells_bad_input_in_one_sentence(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["train", str(root / "photos"), "--network", NETWORK, "--weights", "random"]
    asked += ["--option", f"size={SIDE}", "--device", "cpu"]
    out = ["--out", str(root / "told"), "--features", str(root / "features"), "--epochs", "2"]
    assert main([*asked, *out]) == 0
    told = capsys.readouterr().out
    assert "12 photos to train with, 3 held out; 3 classes: blue, green, red" in told
    assert "Held out: accuracy" in told
    assert "options = { size = 32 }" in told
    assert f'weights = "{(root / "told" / "weights.safetensors").resolve()}"' in told
    for wrong, sentence in (
        (["--out", str(root / "told")], "told is there already: name another folder, or remove"),
        (["--out", str(root / "x"), "--rate", "0"], "rate=0: use a number above 0"),
        (["--out", str(root / "x"), "--seed", "-1"], "seed=-1: use a whole number, 0 or more"),
        (["--out", str(root / "x"), "--held-out", "2"], "--held-out 2: use a share between"),
        (
            ["--out", str(root / "x"), "--test", str(root / "photos")],
            "blue/0.png is in the training photos and, as blue/0.png, in the test photos",
        ),
        (["--out", str(root / "x"), "--train", "layer9"], 'has no module "layer9"'),
        (
            ["--out", str(root / "y"), "--train", "stage4.1.branch2"],
            "can't be cut at stage4.1.branch2: its scores need more",
        ),
        (["--out", str(root / "x"), "--option", "num_classes=3"], "leave it out"),
    ):
        assert main([*asked, *wrong]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert sentence in line
    assert not (root / "x").exists()


def test_the_command_follows_the_protocol_of_voc_2007(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cat, dog, hard = Thing("cat"), Thing("dog"), Thing("dog", difficult=True)
    write_voc(tmp_path / "VOC2007", {"1": [cat], "2": [dog], "3": [cat, hard], "4": [dog, cat]})
    sets = tmp_path / "VOC2007" / "ImageSets" / "Main"
    for part, listed in (("trainval", "1\n2\n"), ("test", "3\n4\n")):
        (sets / f"{part}.txt").write_text(listed)
    monkeypatch.chdir(tmp_path)
    asked = ["train", "VOC2007", "--split", "trainval", "--test-split", "test", "--out", "out"]
    asked += ["--precision", "11-point", "--network", NETWORK, "--weights", "random"]
    asked += ["--option", f"size={SIDE}", "--device", "cpu", "--epochs", "1"]
    assert main(asked) == 1
    assert "--test-split chooses among test photos: give --test as well" in capsys.readouterr().err
    assert main([*asked, "--test", "VOC2007"]) == 0
    told = capsys.readouterr().out
    assert "2 photos to train with, 2 held out; 2 classes: cat, dog" in told
    assert "Held out: mAP (11-point)" in told
    assert f'labels = "{tmp_path.resolve() / "out" / "classes.txt"}"' in told
    assert json.loads((tmp_path / "out" / "record.json").read_text("utf-8"))["photos"] == {
        "training": ["JPEGImages/1.jpg", "JPEGImages/2.jpg"],
        "held_out": ["JPEGImages/3.jpg", "JPEGImages/4.jpg"],
    }


def test_a_network_without_a_linear_layer_of_classes_is_refused(root: Path) -> None:
    photos = sides(read_set(root / "photos", several=False))
    with pytest.raises(
        ExplainerError, match="squeezenet1_1 does not end in one linear layer of cl"
    ):
        train(start("squeezenet1_1"), photos, Wanted(PACE), root / "no", root / "features")


def test_a_training_without_the_layer_of_classes_is_refused(root: Path) -> None:
    photos = sides(read_set(root / "photos", several=False))
    wanted = Wanted(PACE, trained="head.flatten")
    with pytest.raises(
        ExplainerError, match=r"head\.flatten comes after head\.fc, the layer of cl"
    ):
        train(start("timm:regnetx_002"), photos, wanted, root / "no", root / "features")
