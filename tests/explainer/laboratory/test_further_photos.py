"""Cases of several photos go through streams, metrics and commands, each with its own photos."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explainer import (
    Asked,
    Display,
    ExplainerError,
    Network,
    explain,
    explain_many,
    store,
    with_photos,
)
from explainer.__main__ import main
from explainer.laboratory.commands.predict import classify
from explainer.laboratory.evaluation import Case, evaluate
from tests.explainer.small_pair import FACTORY, SECOND, SIDE, comparing

COLOURS = [(220, 20, 20), (20, 230, 60), (40, 60, 240), (250, 240, 255)]
SETTINGS: dict[str, Any] = {"occlusion": {"patch": 12, "stride": 12}}
METHODS = ("grad_cam", "gradient", "occlusion")
HOW: dict[str, Any] = {"methods": METHODS, "settings": SETTINGS, "progress": False}


def network() -> Network:
    found = comparing()
    found.module.eval()
    return found


def asked(folder: Path) -> list[Asked]:
    """Each of four photos beside every ordered pair of the others that begins with the next."""
    folder.mkdir(parents=True)
    paths = [folder / f"{n}.png" for n in range(len(COLOURS))]
    for n, path in enumerate(paths):
        picture = Image.new("RGB", (SIDE, SIDE), COLOURS[n])
        picture.paste(COLOURS[n - 1], (SIDE // 2, 0, SIDE, SIDE))
        picture.save(path)
    turns = [paths[n:] + paths[:n] for n in range(len(paths))]
    return [Asked(own, None, [a, b]) for own, *rest in turns for a, b in (rest[:2], rest[1::-1])]


def entry(one: Asked) -> dict[str, Any]:
    found = network()
    return with_photos(one.context, found.prepare([found.open(Path(f)) for f in one.further]))


def alone(one: Asked, method: str) -> torch.Tensor:
    image = network().prepare([network().open(one.path)])
    found = explain(network(), image, None, [method], context=[entry(one)], settings=SETTINGS)
    return found[method][0]


@pytest.mark.parametrize("batch", [3, 8])
def test_each_case_gets_the_maps_that_it_has_alone(tmp_path: Path, batch: int) -> None:
    given = asked(tmp_path / "in")
    shuffled = [given[n] for n in (5, 0, 7, 2, 1, 6, 4, 3)]
    saved = explain_many(network(), shuffled, tmp_path / "out", batch=batch, **HOW)
    assert list(saved.made) == shuffled
    assert len(set(saved.made.values())) == len(given)
    for one, folder in saved.made.items():
        maps = store.load_maps(folder / "maps.npz")
        for method in METHODS:
            np.testing.assert_allclose(maps[method][0], alone(one, method), atol=1e-6)
    again = explain_many(network(), given, tmp_path / "out", batch=batch, **HOW)
    assert list(again.present) == given


def test_a_further_photo_that_has_changed_is_another_case(tmp_path: Path) -> None:
    one = asked(tmp_path / "in")[0]
    first = explain_many(network(), [one], tmp_path / "out", **HOW).made[one]
    Image.new("RGB", (SIDE, SIDE), (9, 9, 9)).save(Path(one.further[0]))
    assert explain_many(network(), [one], tmp_path / "out", **HOW).made[one] != first


@pytest.mark.parametrize("memory", [1, 60_000])
@pytest.mark.parametrize("method", METHODS)
def test_a_batch_that_is_cut_never_meets_another_cases_photos(
    tmp_path: Path, method: str, memory: int
) -> None:
    given = asked(tmp_path / "in")
    images = network().prepare([network().open(one.path) for one in given])
    found = explain(
        network(), images, None, [method], context=[entry(one) for one in given],
        settings=SETTINGS, memory=memory,
    )  # fmt: skip
    for place, one in enumerate(given):
        # Another case's photo changes a map by whole numbers; a chunk of one image is laid out
        # otherwise than one of several (decision 540), and sums in another order.
        np.testing.assert_allclose(found[method][place], alone(one, method), rtol=3e-6, atol=1e-6)


def test_metrics_ask_about_each_case_with_its_own_photos(tmp_path: Path) -> None:
    given = asked(tmp_path / "in")
    cases = [Case(one.path, 0, context=one.context, further=one.further) for one in given]
    how = ["grad_cam"], ["deletion_auc"]
    together = [score.value for score in evaluate(network(), cases, *how, batch=8)]
    single = [score.value for case in cases for score in evaluate(network(), [case], *how)]
    np.testing.assert_allclose(together, single, atol=1e-6)
    assert len({round(value, 5) for value in together}) > 2


def test_maps_of_another_photo_are_refused_where_they_would_be_drawn(tmp_path: Path) -> None:
    given = asked(tmp_path / "in")[:1]
    elsewhere = network().at("encoder:1")
    how: dict[str, Any] = {"methods": ["grad_cam"], "progress": False}
    drawn = explain_many(elsewhere, given, tmp_path / "a", display=Display(), **how)
    assert "do not lie over the photo of the case" in drawn.failed[given[0]]
    layers = {"grad_cam": {"layers": ["encoder:2"]}}
    told = explain_many(network(), given, tmp_path / "b", display=Display(), settings=layers, **how)
    assert 'maps of layer "encoder:2" do not lie over' in told.failed[given[0]]
    assert not explain_many(elsewhere, given, tmp_path / "c", **how).failed
    assert not explain_many(network(), given, tmp_path / "d", display=Display(), **how).failed


def test_maps_of_another_photo_are_not_scored_as_if_they_lay_over_the_first(tmp_path: Path) -> None:
    one = asked(tmp_path / "in")[0]
    boxes = ((0.0, 0.0, 8.0, 8.0),)
    cases = [Case(one.path, 0, boxes, context=one.context, further=one.further)]
    layers: dict[str, Any] = {"grad_cam": {"layers": ["encoder:2"]}}
    for metric in ("energy_in_box", "deletion_auc"):
        with pytest.raises(ExplainerError, match='"encoder:1" do not lie over the photo'):
            list(evaluate(network().at("encoder:1"), cases, ["grad_cam"], [metric]))
        with pytest.raises(ExplainerError, match='"encoder:2" do not lie over the photo'):
            list(evaluate(network(), cases, ["grad_cam"], [metric], settings=layers))
        assert len(list(evaluate(network(), cases, ["grad_cam"], [metric]))) == 1


def test_the_command_line_takes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETWORK_FACTORIES", f"{FACTORY},{SECOND}")
    asked(tmp_path / "in")
    table = tmp_path / "cases.csv"
    table.write_text("photo,further\n0.png,1.png|2.png\n0.png,2.png|1.png\n", encoding="utf-8")
    arguments = ["explain", str(tmp_path / "in"), "--network", FACTORY, "--weights", "package"]
    more = ["--cases", str(table), "--out", str(tmp_path / "out")]
    assert main([*arguments, *more]) == 0
    manifests = [json.loads(one.read_text()) for one in (tmp_path / "out").rglob("manifest.json")]
    assert len({tuple(one["provenance"]["context_digests"]) for one in manifests}) == 2
    table.write_text("photo,further\n0.png,../in/1.png\n", encoding="utf-8")
    assert main([*arguments, *more]) != 0
    assert "line 2: ../in/1.png is not a path below the folder" in capsys.readouterr().err


def test_the_classes_of_a_preview_are_those_of_each_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)
    given = asked(tmp_path / "in")
    found = classify(
        {
            "networks": {"own": {"builder": FACTORY, "weights": "package"}},
            "photos": [str(one.path) for one in given],
            "further": [[str(path) for path in one.further] for one in given],
        }
    )
    first = [
        int(
            network()
            .asked([entry(one)])
            .predict(network().prepare([network().open(one.path)]))
            .argmax()
        )
        for one in given
    ]
    assert [classes[0] for classes in found["own"]["classes"]] == first
    assert set(first) == {0, 1}
