"""Networks by name: weights by digest, no code executed, labels and layers checked."""

import hashlib
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from explainer import ExplainerError, Network, load_network
from explainer.networks.labels import read_labels
from tests.explainer.small_networks import Convolutions, noise, seeded


def saved(folder: Path, name: str = "alexnet") -> Path:
    path = folder / f"{name}.pth"
    torch.save(load_network(name, weights=None, seed=3, num_classes=4).module.state_dict(), path)
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_state_dict_is_loaded_with_its_digest_and_labels(tmp_path: Path) -> None:
    path, labels = saved(tmp_path, "squeezenet1_1"), tmp_path / "labels.txt"
    labels.write_text("cat\ndog\n\nfox\nhen\n", encoding="utf-8")
    network = load_network("squeezenet1_1", weights=path, sha256=digest(path), labels=labels)
    drawn = load_network("squeezenet1_1", weights=None, seed=3, num_classes=4)
    images = noise(1, 3, 64, 64)
    torch.testing.assert_close(network.predict(images), drawn.predict(images))
    assert network.weights_digest == digest(path)
    assert network.label_index("fox") == 2
    safe = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(network.module.state_dict(), safe)
    again = load_network("squeezenet1_1", weights=safe, labels=labels)
    torch.testing.assert_close(again.predict(images), network.predict(images))
    assert again.weights_digest == digest(safe)


def test_a_wrong_digest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExplainerError, match="has the digest"):
        load_network("squeezenet1_1", weights=saved(tmp_path, "squeezenet1_1"), sha256="0" * 64)


def test_weights_of_other_shapes_are_refused_with_their_keys(tmp_path: Path) -> None:
    path = saved(tmp_path, "squeezenet1_1")
    with pytest.raises(ExplainerError, match=r"classifier.1.weight is \(4, 512, 1, 1\), not"):
        load_network("squeezenet1_1", weights=path, num_classes=7)
    with pytest.raises(ExplainerError, match=r"missing conv1\.weight"):
        load_network("resnet18", weights=path)


class Trap:
    """Unpickled carelessly, it would write to the module `sys`."""

    def __reduce__(self) -> Any:
        return (exec, ("import sys; sys.trapped = True",))


def test_a_pickle_with_code_is_refused_and_never_run(tmp_path: Path) -> None:
    for name, protocol in (("torch.pth", None), ("plain.pth", 2)):
        path = tmp_path / name
        if protocol is None:
            torch.save({"weight": Trap()}, path)
        else:
            path.write_bytes(pickle.dumps({"weight": Trap()}, protocol))
        with pytest.raises(ExplainerError, match="was not run"):
            load_network("squeezenet1_1", weights=path)
    assert not hasattr(sys, "trapped")


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_a_truncated_or_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(ExplainerError, match="no weights at"):
        load_network("squeezenet1_1", weights=path)
    whole = saved(tmp_path, "squeezenet1_1").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ExplainerError, match=r"weights\."):
        load_network("squeezenet1_1", weights=path)


def test_a_byte_order_mark_is_no_part_of_the_first_label(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("\ufeffred\ngreen\n", encoding="utf-8")
    assert read_labels(path) == ("red", "green")


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(ExplainerError, match="did you mean resnet"):
        load_network("resnet19", weights=None)
    with pytest.raises(ExplainerError, match="did you mean IMAGENET1K_V1"):
        load_network("alexnet", weights="IMAGENET_V1")
    with pytest.raises(ExplainerError, match="did you mean shrink_to"):
        load_network("efficientnet_lite0", weights=None, shrink=96)
    with pytest.raises(ExplainerError, match=r"did you mean features\.0"):
        load_network("squeezenet1_1", weights=None, layer="feature.0")


def test_random_weights_follow_the_seed_and_leave_the_random_state() -> None:
    before = torch.random.get_rng_state()
    a, b, c = (load_network("squeezenet1_1", weights="random", seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert a.weights_digest == b.weights_digest != c.weights_digest


def test_the_demo_networks_carry_the_pinned_weights_and_seven_by_seven_maps() -> None:
    stronger = load_network("efficientnet_lite2", weights="package", size=224)
    weaker = load_network("efficientnet_lite0", weights="package", size=224, shrink_to=96)
    assert stronger.weights_digest.startswith("9656183e")
    assert weaker.weights_digest.startswith("57934424")
    assert stronger.layer == weaker.layer == "_bn1 > hardtanh"
    assert stronger.labels == weaker.labels
    assert stronger.label_index("tiger") == 292


def test_labels_shared_by_two_classes_are_refused_by_name() -> None:
    network = Network(seeded(Convolutions, torch.relu), None, ["cat", "crane", "dog", "crane", "x"])
    with pytest.raises(ExplainerError, match=r"\[1, 3\]"):
        network.label_index("crane")


def test_a_module_becomes_a_network_with_nothing_else_said() -> None:
    module = seeded(Convolutions, torch.relu)
    network = Network(module)
    assert network.name == "Convolutions"
    assert network.weights_digest == Network(module).weights_digest
    assert Network(module, module.second).layer == "second"
