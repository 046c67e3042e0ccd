"""Functions that make networks: only those that are allowed, and only if they make one network."""

import hashlib
import sys
from pathlib import Path

import pytest
import torch

from explainer import ExplainerError, explain, load_network, weights_of
from explainer.__main__ import main
from explainer.laboratory.commands.predict import classify
from explainer.networks import containment, factories, load_asked
from tests.explainer.networks import own_factories
from tests.explainer.small_networks import noise

ROOM = "tests.explainer.networks.own_factories"
SMALL = f"{ROOM}:small"


@pytest.fixture
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["small", "raising", "bare", "drawn", "relabelled", "not_a_function", "gone"]
    names += ["kept", "kept_in_part", "asked_otherwise", "seeded", "swallowing"]
    names += ["leaving", "without_end", "at_the_keyboard", "promised", "awaited", "meddling"]
    names += ["drawn_by_numpy", "without_weights", "under_inference", "in_training"]
    given = ", ".join(f"{ROOM}:{name}" for name in names) + ", no_such_room:small"
    monkeypatch.setenv("NETWORK_FACTORIES", given)


@pytest.mark.usefixtures("_allowed")
def test_a_factory_makes_a_network_from_a_file_with_its_options(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(own_factories.module(7).state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    network = load_network(SMALL, weights=path, sha256=digest, width=48, note="mine")
    images = noise(1, 3, 48, 48)
    expected = own_factories.module(7).eval()(images)
    torch.testing.assert_close(network.module(images), expected)
    assert (network.name, network.labels, network.steps.size) == (SMALL, own_factories.LABELS, 48)
    assert not network.module.training
    assert network.weights_digest == factories.digest_of_state(own_factories.module(7))
    assert explain(network, images).provenance["network"] == SMALL
    with pytest.raises(ExplainerError, match=r"has the digest .*: fetch the right file"):
        load_network(SMALL, weights=path, sha256="0" * 64)


@pytest.mark.usefixtures("_allowed")
def test_a_factory_may_bring_its_weights_and_be_given_labels_and_a_layer() -> None:
    network = load_network(SMALL, weights="package", labels=["a", "b", "c"], layer="0")
    assert network.labels == ("a", "b", "c")
    assert network.layer == "0"
    assert weights_of(SMALL) == ["package"]
    assert load_network(SMALL, weights=None).weights_digest == network.weights_digest


def test_a_factory_that_is_not_allowed_is_not_even_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "antigravity", raising=False)
    for given in ("", SMALL, "antigravity:other"):
        monkeypatch.setenv("NETWORK_FACTORIES", given)
        near = "write antigravity:other if you mean that one, or " if "other" in given else ""
        said = f"antigravity:fly is not allowed here: {near}let whoever"
        with pytest.raises(ExplainerError, match=said):
            load_network("antigravity:fly", weights="package")
    assert "antigravity" not in sys.modules


def test_an_installed_package_may_declare_its_factories(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    about = tmp_path / "mine-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[discern.networks]\nmine = {SMALL}\n")
    monkeypatch.delenv("NETWORK_FACTORIES", raising=False)
    assert factories.allowed() == []
    monkeypatch.syspath_prepend(tmp_path)
    assert factories.allowed() == [SMALL]
    assert load_network(SMALL, weights="package").name == SMALL


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drawn_by_numpy", "another network at each call: weights differ"),
        ("raising", r"raising\(\) raises RuntimeError: the disk is on fire: call it like that"),
        ("bare", r"returns Sequential, not an explainer\.Network: return Network\("),
        ("drawn", "another network at each call: weights differ: load all of its weights"),
        ("relabelled", "another network at each call: labels differ"),
        ("asked_otherwise", "another network at each call: call differ"),
        (
            "kept",
            "returns the same module, or shares weights, in both calls: make the whole module",
        ),
        ("kept_in_part", "returns the same module, or shares weights, in both calls"),
        ("not_a_function", "is a int: name a function"),
        ("leaving", r"leaving\(\) raises SystemExit: no licence: call it like that"),
        ("without_end", r"without_end\(\) raises RecursionError: maximum recursion"),
        ("promised", r"returns generator, not an explainer\.Network"),
        ("awaited", "is a coroutine function: name a function that returns"),
        ("without_weights", r'on the device "meta", so it has no weights'),
        ("gone", r"can't be imported \(AttributeError.*: install its package"),
    ],
)
@pytest.mark.usefixtures("_allowed")
def test_what_a_factory_does_wrong_is_told_with_the_fix(name: str, said: str) -> None:
    before = torch.random.get_rng_state()
    with pytest.raises(ExplainerError, match=said):
        load_network(f"{ROOM}:{name}", weights="package")
    assert torch.equal(before, torch.random.get_rng_state())


def settings() -> list[str]:
    return [repr(ask()) for ask, _ in (*containment.SETTINGS, *containment.DRAWS)]


@pytest.mark.usefixtures("_allowed")
def test_what_a_factory_changes_beside_its_network_ends_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, drawn = settings(), torch.random.get_rng_state()
    network = load_network(f"{ROOM}:meddling", weights="package", device="cpu")
    assert settings() == before
    assert torch.equal(torch.random.get_rng_state(), drawn)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "loading …\n" * 2)
    images = noise(1, 3, 32, 32)
    expected = explain(load_network(SMALL, weights="package"), images, [1])["grad_cam"]
    assert torch.equal(explain(network, images, [1])["grad_cam"], expected)


@pytest.mark.usefixtures("_allowed")
def test_each_of_the_settings_that_are_put_back_was_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = settings()
    monkeypatch.setattr(own_factories, "small", lambda: None)
    with containment.drawing(), containment.contained():
        own_factories.meddling()
        changed = [a != b for a, b in zip(settings(), before, strict=True)]
    assert all(changed)
    assert settings() == before


@pytest.mark.usefixtures("_allowed")
def test_who_interrupts_a_factory_is_heard() -> None:
    with pytest.raises(KeyboardInterrupt):
        load_network(f"{ROOM}:at_the_keyboard", weights="package")


@pytest.mark.usefixtures("_allowed")
def test_networks_in_training_mode_are_put_into_evaluation_and_inference_is_refused() -> None:
    assert not load_network(f"{ROOM}:in_training", weights="package").module.training
    with pytest.raises(ExplainerError, match=r"under inference_mode.*load it outside"):
        load_network(f"{ROOM}:under_inference", weights="package")


def test_a_room_that_leaves_while_it_is_imported_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaving_room.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NETWORK_FACTORIES", "leaving_room:make")
    with pytest.raises(ExplainerError, match=r"can't be imported \(SystemExit: 0\)"):
        load_network("leaving_room:make", weights="package")


@pytest.mark.usefixtures("_allowed")
def test_what_is_asked_wrongly_of_a_factory_is_told_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ExplainerError, match=r"can't be imported \(ModuleNotFoundError"):
        load_network("no_such_room:small", weights="package")
    with pytest.raises(ExplainerError, match=r"small\(size=3\) raises TypeError.*'size'"):
        load_network(SMALL, weights="package", size=3)
    with pytest.raises(ExplainerError, match=r"raises TypeError.*'seed'"):
        load_network(SMALL, weights="package", seed=3)
    with pytest.raises(ExplainerError, match=r"no weights at .*or package"):
        load_network(SMALL, weights=tmp_path / "none.pth")
    with pytest.raises(ExplainerError, match="what its function makes them: name a file"):
        load_network(SMALL, weights="random")
    for weights in ("package", None):
        with pytest.raises(ExplainerError, match="leave sha256 out"):
            load_network(SMALL, weights=weights, sha256="0" * 64)


@pytest.mark.usefixtures("_allowed")
def test_the_command_line_lists_and_takes_factories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    to = ["--out", str(tmp_path / "maps"), "--network", SMALL]
    assert main(["explain", str(tmp_path / "red.png"), *to]) == 0
    assert main(["networks"]) == 0
    assert f"{SMALL}\n  weights: package, or a file" in capsys.readouterr().out


@pytest.mark.usefixtures("_allowed")
def test_a_seed_of_zero_is_a_seed() -> None:
    digests = [
        load_network(f"{ROOM}:seeded", weights=None, **seed).weights_digest
        for seed in ({}, {"seed": 0}, {"seed": 5})
    ]
    assert digests[0] == digests[2] != digests[1]
    for seed in (-1, "one", 1.0, True, 2**63):
        with pytest.raises(ExplainerError, match="use a whole number, 0 or more"):
            load_network("squeezenet1_1", weights=None, seed=seed)


@pytest.mark.parametrize("key", ["name", "weights", "sha256", "labels", "layer", "grid", "device"])
@pytest.mark.usefixtures("_allowed")
def test_an_option_that_means_something_for_every_network_is_refused(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = f'"{key}" can\'t be an option of {ROOM}:swallowing, because it is a setting'
    with pytest.raises(ExplainerError, match=said):
        load_asked(f"{ROOM}:swallowing", {key: "0"}, weights=None)
    with pytest.raises(ExplainerError, match=said):
        classify(
            {
                "photos": [],
                "networks": {
                    "n": {"builder": f"{ROOM}:swallowing", "weights": None, "options": {key: "0"}}
                },
            }
        )
    to = ["--out", str(tmp_path), "--network", f"{ROOM}:swallowing", "--option", f"{key}=0"]
    (tmp_path / "a.png").write_bytes(b"")
    assert main(["explain", str(tmp_path / "a.png"), *to]) != 0
    assert "set it outside the options, or rename that argument" in capsys.readouterr().err
