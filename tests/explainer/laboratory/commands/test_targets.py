"""Named targets on the command line: of a segmenter and of a detector, from photos to maps."""

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explainer import ExplainerError, explain, read_target, store, targets
from explainer.__main__ import main
from tests.explainer.small_segmenter import DETECTOR, SEGMENTER, detector, picture, segmenter

HOW = ["--weights", "package", "--device", "cpu"]


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWORK_FACTORIES", f"{SEGMENTER},{DETECTOR}")


def photos(folder: Path) -> Path:
    for name, things in {"both": ("red", "green"), "red": ("red",)}.items():
        (folder / "photos").mkdir(exist_ok=True)
        picture(*things).save(folder / "photos" / f"{name}.png")
    return folder / "photos"


def asked(folder: Path, network: str, target: str, *more: str) -> list[str]:
    given = ["explain", str(photos(folder)), "--network", network, *HOW, "--no-pictures"]
    return [*given, "--target", target, "--out", str(folder / "out"), *more]


def made(folder: Path, name: str) -> tuple[Any, dict[str, Any]]:
    """The map of Grad-CAM of a photo, and its provenance."""
    (own,) = (folder / "out").glob(f"{name}-*")
    told = json.loads((own / "manifest.json").read_text())
    return store.load_maps(own / "maps.npz")["grad_cam"][0], told["provenance"]


def test_a_segmenters_class_is_explained_over_its_own_region_of_each_photo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(tmp_path, SEGMENTER, "region:green")) == 1
    said = capsys.readouterr().err
    assert "red.png: class 2 scores highest at no pixel: ask about another class" in said
    assert "1 explained" in said
    map, provenance = made(tmp_path, "both")
    network = segmenter()
    image = network.prepare([picture("red", "green")])
    region = targets.Segmented.of_box(2, (24, 24), (13, 11, 22, 21))
    assert provenance["targets"] == [region.text()]
    assert read_target(provenance["targets"][0]) == region
    expected = explain(network, image, region, ["grad_cam"])["grad_cam"][0]
    np.testing.assert_allclose(map, expected, atol=1e-6)
    assert main(asked(tmp_path, SEGMENTER, "region:2")) == 1
    assert "0 explained, 1 already in" in capsys.readouterr().err
    assert main(asked(tmp_path, SEGMENTER, "region:red")) == 0
    assert "2 explained, 0 already in" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["box:red", "box:red@2,3,10,12", "box:1"])
def test_a_detectors_box_is_its_surest_or_the_one_that_is_named(
    tmp_path: Path, target: str
) -> None:
    assert main(asked(tmp_path, DETECTOR, target)) == 0
    for name, things in {"both": ("red", "green"), "red": ("red",)}.items():
        map, provenance = made(tmp_path, name)
        network, box = detector(), targets.Detected(1, (2.0, 3.0, 10.0, 12.0))
        assert provenance["targets"] == [box.text()]
        image = network.prepare([picture(*things)])
        expected = explain(network, image, box, ["grad_cam"])["grad_cam"][0]
        np.testing.assert_allclose(map, expected, atol=1e-6)


FORMS = {
    "difference:red,blue": targets.Difference(1, 3),
    "words:red,0": targets.Words((1, 0)),
    "channel:7": targets.Channel(7),
    "neuron:1,0,5": targets.Neuron((1, 0, 5)),
    "neuron:2": targets.Neuron((2,)),
    targets.SurestBox(2).text(): targets.SurestBox(2),
}


@pytest.mark.parametrize("given", FORMS)
def test_each_form_names_its_target(given: str) -> None:
    from explainer.laboratory.commands.targets import target_of

    chosen = argparse.Namespace(targets="top1", target=given)
    assert target_of(chosen, segmenter()) == FORMS[given]


def test_a_number_that_is_another_class_name_is_no_index() -> None:
    from explainer.laboratory.commands.targets import target_of

    network = replace(segmenter(), labels=("zero", "2", "4", "3"))
    chosen = argparse.Namespace(targets="top1", target="words:zero,1,3")
    assert target_of(chosen, network) == targets.Words((0, 1, 3))
    for given, class_ in {"words:zero,2": 1, "region:4": 2}.items():
        chosen.target = given
        name = given[-1]
        said = f'"{name}" could be the name of class {class_} or the index {name}: give the target'
        with pytest.raises(ExplainerError, match=said):
            target_of(chosen, network)


def test_methods_are_judged_by_metrics_for_a_named_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture("red", "green").save(tmp_path / "one.png")
    given = ["evaluate", str(tmp_path / "one.png"), "--network", SEGMENTER, *HOW]
    given += ["--target", "region:red", "--metrics", "deletion_auc", "--csv"]
    assert main([*given, str(tmp_path / "table.csv")]) == 0
    with (tmp_path / "table.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert read_target(row["target"]) == targets.PredictedRegion(1)
    from explainer import METRICS

    network, region = segmenter(), targets.Segmented.of_box(1, (24, 24), (2, 3, 10, 12))
    image = network.prepare([picture("red", "green")])
    maps = explain(network, image, region, ["grad_cam"])["grad_cam"]
    expected = METRICS["deletion_auc"].compute(network, image, maps, region)
    assert float(row["value"]) == pytest.approx(float(expected[0]), abs=1e-6)


REFUSED = {
    "segment:red": 'no kind "segment": did you mean region?',
    "region:rde": 'no class named "rde": did you mean red',
    "region:4": "class index 4 is out of range: use 0 to 3",
    "region:": 'no class named ""',
    "box:red@1,2,3": '"1,2,3" is not a box: write left,top,right,bottom in pixels',
    "difference:red": "difference:red needs two classes: separate them by a comma, as diff",
    "difference:red,blue,green": "difference:red,blue,green needs two classes",
    "channel:red": '"red" is not an index: use a whole number from 0',
    '{"target": "Chosen", "version": 1, "class_": 1}': "name the class by itself",
    '{"target": "Segmented"}': "Segmented of no version",
}


@pytest.mark.parametrize("target", REFUSED)
def test_a_target_that_is_none_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    assert main(asked(tmp_path, SEGMENTER, target)) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert REFUSED[target] in line


@pytest.mark.parametrize(
    ("network", "target", "why"),
    [
        (SEGMENTER, "region:blue", "class 3 scores highest at no pixel"),
        (DETECTOR, "box:red@0,0,2,2", "of 1 detections of class 1, none overlaps the box"),
    ],
)
def test_no_method_is_left_out_because_the_first_photo_lacks_what_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: str, target: str, why: str
) -> None:
    assert main(asked(tmp_path, network, target, "--methods", "all")) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"--methods all is tried on both.png: {why}" in line
    assert "name the methods, or give first a photo that shows what is explained" in line


def test_classes_and_a_target_exclude_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(tmp_path, SEGMENTER, "region:red", "--targets", "red")) == 1
    assert "--target and --targets are both given: leave one of them out" in capsys.readouterr().err
    given = ["evaluate", "--coco", "none.json", "--network", SEGMENTER, *HOW]
    assert main([*given, "--target", "region:red"]) == 1
    assert "leave --target out, or give PHOTO" in capsys.readouterr().err
