"""The command line as people call it, on a small network's own weights and photos."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explainer import METHODS, METRICS, ExplainerError, store
from explainer.__main__ import main
from explainer.laboratory.commands import COMMANDS
from tests.explainer.coco_sets import write_set
from tests.explainer.small_networks import OF_ATTENTION
from tests.photos.voc_sets import Thing, write_voc
from tests.running import python

NETWORK = ["--network", "squeezenet1_1", "--weights", "random"]


def photo(folder: Path, name: str = "one.png", seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(folder / name)
    return folder / name


def labels(folder: Path, count: int = 1000) -> list[str]:
    path = folder / "labels.txt"
    path.write_text("\n".join(["cat", "dog", *(f"thing {n}" for n in range(2, count))]), "utf-8")
    return ["--labels", str(path)]


def told(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    found = capsys.readouterr()
    return found.out, found.err


def test_photos_and_folders_are_explained_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(tmp_path / "in", "one.png")
    other = photo(tmp_path / "elsewhere", "two.png", seed=1)
    asked = ["explain", str(tmp_path / "in"), str(other), *NETWORK, *labels(tmp_path)]
    asked += ["--methods", "grad_cam,gradient", "--targets", "cat,1", "--out", str(tmp_path / "o")]
    assert main(asked) == 0
    assert "2 explained, 0 already in" in told(capsys)[1]
    folders = sorted((tmp_path / "o").iterdir())
    assert [folder.name.split("-")[0] for folder in folders] == ["one", "two"]
    maps = store.load_maps(folders[0] / "maps.npz")
    assert maps["grad_cam"].shape[:2] == (1, 2)
    assert len(list((folders[0] / "pictures").iterdir())) == 4
    assert main(asked) == 0
    assert "0 explained, 2 already in" in told(capsys)[1]


def test_an_unreadable_photo_is_told_and_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = photo(tmp_path)
    asked = ["explain", str(tmp_path / "none.jpg"), str(good), *NETWORK]
    assert main([*asked, "--out", str(tmp_path / "o"), "--no-pictures"]) == 1
    out, err = told(capsys)
    assert "none.jpg can't be read" in out + err
    assert "1 explained" in err


def test_a_map_that_shows_nothing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = tmp_path / "flat.png"
    Image.new("RGB", (64, 64), "teal").save(flat)
    asked = ["explain", str(flat), *NETWORK, "--methods", "edges", "--no-pictures"]
    assert main([*asked, "--out", str(tmp_path / "o")]) == 0
    assert "flat.png: empty map: edges" in told(capsys)[1]


def test_a_setting_reaches_its_method(tmp_path: Path) -> None:
    asked = ["explain", str(photo(tmp_path)), *NETWORK, "--out", str(tmp_path / "o")]
    asked += ["--methods", "centre_prior", "--set", "centre_prior.spread=0.1", "--no-pictures"]
    assert main(asked) == 0
    (maps,) = (tmp_path / "o").rglob("maps.npz")
    values = store.load_maps(maps)["centre_prior"][0]
    assert values[0].max() < 0.01


def test_all_leaves_out_what_the_network_cannot_have_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from explainer.laboratory.commands.choices import methods_of
    from explainer.networks import load_network

    class Asked:
        methods = "all"

    smooth = load_network("efficientnet_b0", weights=None)
    found = methods_of(Asked(), smooth, photo(tmp_path), {})
    assert "grad_cam" in found
    assert not {"guided_backprop", "deconvnet", "other_image"} & set(found)
    assert not set(OF_ATTENTION) & set(found)
    said = told(capsys)[1]
    assert "guided_backprop is left out: the network also rectifies by silu" in said
    assert "legrad is left out: " in said
    with pytest.raises(ExplainerError, match="lrp has no setting"):
        methods_of(Asked(), smooth, photo(tmp_path), {"lrp": {"rule": "epsilon"}})


def test_methods_are_judged_as_a_table_and_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = photo(tmp_path, "one.png"), photo(tmp_path, "two.png", 1)
    asked = ["evaluate", str(one), str(two), *NETWORK, *labels(tmp_path), "--targets", "dog"]
    asked += ["--methods", "grad_cam,edges", "--csv", str(tmp_path / "numbers.csv")]
    assert main([*asked, "--metrics", "average_drop,increase_in_confidence"]) == 0
    out, _ = told(capsys)
    assert "Means over 2 photos" in out
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["method", "grad_cam", "edges"]
    with (tmp_path / "numbers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2
    assert {row["target"] for row in rows} == {"dog"}
    assert all(0 <= float(row["value"]) <= 1 for row in rows)


def coco(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    scenes = {
        "1.png": (pixels, {"pet": (16, 16, 48, 48)}),
        "2.png": (pixels, {"cup": (0, 0, 9, 9)}),
    }
    return write_set(folder, scenes, {"pet": ["cat", "dog"], "cup": ["no class"]})


def test_photos_with_boxes_are_judged_by_where_the_map_lies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["evaluate", "--coco", str(coco(tmp_path / "set")), *NETWORK, *labels(tmp_path)]
    asked += ["--methods", "centre_prior", "--metrics", "pointing_game,localization_iou"]
    assert main(asked) == 0
    out, err = told(capsys)
    assert "1 of 2 photos show no class" in err
    assert out.splitlines()[-1].split()[:2] == ["centre_prior", "1.000"]


def test_photos_in_vocs_layout_are_judged_by_their_boxes_and_need_masks_for_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pet, hard = Thing("dog", (11, 11, 30, 30)), Thing("cat", difficult=True)
    voc = write_voc(tmp_path / "VOC2007", {"1": [pet], "2": [hard]}, ["val"])
    how = ["--voc", str(voc), "--split", "val", *NETWORK, *labels(tmp_path)]
    asked = ["evaluate", *how, "--methods", "centre_prior", "--metrics", "pointing_game"]
    assert main(asked) == 0
    out, err = told(capsys)
    assert "1 of 2 photos show no class" in err
    assert out.splitlines()[-1].split() == ["centre_prior", "1.000"]
    assert main(["dissect", *how]) == 1
    assert "1.jpg: a dog has no segmentation" in told(capsys)[1]


def test_units_are_named_and_photos_explained_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["dissect", "--coco", str(coco(tmp_path / "set")), *NETWORK, *labels(tmp_path)]
    assert main(asked) == 0
    assert "units of classifier.2 have a name" in told(capsys)[0]
    assert main([*asked, str(photo(tmp_path)), "--targets", "cat"]) == 0
    out, _ = told(capsys)
    assert "one.png: cat" in out
    assert "against: " in out


def test_methods_and_networks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    out, _ = told(capsys)
    assert [name for name in [*METHODS, *METRICS] if f"  {name}\n" not in out] == []
    assert main(["networks"]) == 0
    assert "efficientnet_lite2\n  weights: package, random, or a file" in told(capsys)[0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["explain", "P", "--out", "O", "--network", "vgg17"], "did you mean vgg1"),
        (["explain", "P", "--out", "O", *NETWORK, "--methods", "cam"], "did you mean"),
        (["explain", "P", "--out", "O", *NETWORK, "--methods", ","], "contains no name"),
        (["explain", "P", "--out", "O", *NETWORK, "--targets", "cat"], "no labels"),
        (["explain", "P", "--out", "O", *NETWORK, "--set", "groups=3"], "names no method"),
        (["explain", "P", "--out", "O", *NETWORK, "--colours", "red"], "red"),
        (["explain", "P", "--out", "O", *NETWORK, "--batch", "0"], "batch=0"),
        (["explain", "P", "--out", "O", *NETWORK, "--option", "x"], "write KEY=VALUE"),
        (["explain", "--out", "O", *NETWORK], "see python -m explainer explain --help"),
        (
            ["evaluate", "P", *NETWORK, "--metrics", "localisation_iou"],
            "did you mean localization_iou",
        ),
        (["evaluate", "P", *NETWORK, "--metrics", "energy_in_box"], "needs boxes"),
        (["evaluate", *NETWORK], "give either PHOTO"),
        (["dissect", "--coco", "O", *NETWORK], "no instances.json"),
        (["dissect", *NETWORK], "give --coco F or --voc F"),
        (["dissect", "--voc", "O", *NETWORK], "has no folders Annotations and JPEGImages"),
        (["evaluate", "--coco", "O", "--split", "val", *NETWORK], "give --voc F as well"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], message: str
) -> None:
    names = {"P": str(photo(tmp_path)), "O": str(tmp_path / "none")}
    given = [names.get(word, word) for word in asked]
    try:
        code = main(given)
    except SystemExit as stopped:
        code = stopped.code
    out, err = told(capsys)
    assert code == 1
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not out


def test_every_verb_has_a_help_page() -> None:
    told = python("-m", "explainer", "--help").stdout
    assert [name for name in COMMANDS if name not in told] == []


def test_a_grid_is_named_on_the_command_line_and_stands_in_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["explain", str(photo(tmp_path)), *NETWORK, "--out", str(tmp_path / "o")]
    assert main([*asked, "--grid", "4,4,1"]) == 0
    (manifest,) = (tmp_path / "o").glob("*/manifest.json")
    assert json.loads(manifest.read_text())["provenance"]["grid"] == [4, 4, 1]
    told(capsys)
    assert main([*asked, "--grid", "4x4"]) == 1
    assert "--grid 4x4: not a list of whole numbers: write --grid 14,14" in told(capsys)[1]


def test_classes_read_by_themselves_are_named_on_the_command_line_and_stand_in_the_record(
    tmp_path: Path,
) -> None:
    asked = ["explain", str(photo(tmp_path)), *NETWORK, "--probabilities", "sigmoid"]
    assert main([*asked, "--out", str(tmp_path / "o")]) == 0
    (manifest,) = (tmp_path / "o").glob("*/manifest.json")
    assert json.loads(manifest.read_text())["provenance"]["probabilities"] == "sigmoid"
