"""Photos with questions go through the streams, the metrics and the command line as photos do."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explainer import METHODS, Asked, ExplainerError, Network, explain, explain_many, store
from explainer.__main__ import main
from explainer.laboratory.dissection import dissect
from explainer.laboratory.evaluation import Case, evaluate
from explainer.laboratory.segmentations import read_labelled
from tests.explainer.coco_sets import write_set
from tests.explainer.small_vqa import BRIGHTNESS, COLOUR, FACTORY, QUESTIONS, SIDE, answering

COLOURS = [(220, 20, 20), (20, 230, 60), (40, 60, 240), (250, 240, 255)]
SETTINGS: dict[str, Any] = {"occlusion": {"patch": 12, "stride": 12}}
METHODS_TRIED = ("grad_cam", "gradient", "occlusion")


def network() -> Network:
    found = answering()
    found.module.eval()
    return found


def photos(folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    paths = []
    for n, colour in enumerate(COLOURS):
        picture = Image.new("RGB", (SIDE, SIDE), colour)
        picture.paste(COLOURS[n - 1], (SIDE // 2, 0, SIDE, SIDE))
        paths.append(folder / f"{n}.png")
        picture.save(paths[-1])
    return paths


def asked(folder: Path) -> list[Asked]:
    """Both questions about every photo, those of one photo side by side."""
    return [Asked(path, question) for path in photos(folder) for question in QUESTIONS]


def alone(one: Asked, method: str) -> torch.Tensor:
    image = network().prepare([network().open(one.path)])
    found = explain(network(), image, None, [method], context=[one.context], settings=SETTINGS)
    return found[method][0]


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_each_question_of_a_photo_gets_the_maps_that_it_has_alone(
    tmp_path: Path, batch: int
) -> None:
    given = asked(tmp_path / "in")
    how: dict[str, Any] = {"methods": METHODS_TRIED, "settings": SETTINGS, "progress": False}
    saved = explain_many(network(), given, tmp_path / "out", batch=batch, **how)
    assert list(saved.made) == given
    assert len(set(saved.made.values())) == len(given)
    for one, folder in saved.made.items():
        maps = store.load_maps(folder / "maps.npz")
        for method in METHODS_TRIED:
            np.testing.assert_allclose(maps[method][0], alone(one, method), atol=1e-6)
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        assert manifest["provenance"]["context_digests"] == [one.digest]
    again = explain_many(network(), given, tmp_path / "out", batch=batch, **how)
    assert list(again.present) == given


@pytest.mark.parametrize("memory", [1, 30_000, None])
@pytest.mark.parametrize("method", METHODS_TRIED)
def test_a_batch_that_is_cut_never_meets_another_rows_question(
    tmp_path: Path, method: str, memory: int | None
) -> None:
    given = asked(tmp_path / "in")
    images = network().prepare([network().open(one.path) for one in given])
    questions = [one.context for one in given]
    settings = {method: SETTINGS[method]} if method in SETTINGS else {}
    found = explain(
        network(), images, None, [method], context=questions, settings=settings, memory=memory
    )
    assert METHODS[method].name == method
    for place, one in enumerate(given):
        torch.testing.assert_close(found[method][place], alone(one, method), atol=1e-6, rtol=1e-5)
    for first in range(0, len(given), 2):  # two questions about one photo
        assert not torch.allclose(found[method][first], found[method][first + 1], atol=1e-4)


def test_a_question_that_cannot_be_read_fails_alone(tmp_path: Path) -> None:
    given = asked(tmp_path / "in")
    given[2] = strange = Asked(given[2].path, "Who is it?")
    saved = explain_many(network(), given, tmp_path / "out", progress=False)
    assert set(saved.failed) == {strange}
    assert "asked 'Who is it?': the call of Answering raises ValueError" in saved.failed[strange]
    assert len(saved.made) == 7


def test_photos_alone_and_contexts_that_change_nothing_are_told(tmp_path: Path) -> None:
    path = photos(tmp_path / "in")[0]
    saved = explain_many(network(), [path], tmp_path / "out", progress=False)
    assert "give each image the context that it reads" in saved.failed[path]
    plain = Network(torch.nn.Conv2d(3, 2, 3), preprocess=network().preprocess)
    one = Asked(path, COLOUR)
    plain.module.eval()
    told = explain_many(plain, [one], tmp_path / "out", progress=False).failed[one]
    assert "is called with images alone" in told
    with pytest.raises(ExplainerError, match="holds more than numbers, texts and arrays"):
        Asked(path, object())


def test_metrics_and_units_ask_each_photo_its_own(tmp_path: Path) -> None:
    given = asked(tmp_path / "in")
    cases = [Case(one.path, context=one.context) for one in given]
    together = list(evaluate(network(), cases, ["grad_cam"], ["deletion_auc"], batch=8))
    singly = [score for case in cases
              for score in evaluate(network(), [case], ["grad_cam"], ["deletion_auc"])]  # fmt: skip
    assert [one.photo for one in together] == [str(case) for case in cases]
    assert [one.target for one in together] == [one.target for one in singly]
    for one, other in zip(together, singly, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-5)


def table(folder: Path, *rows: str) -> Path:
    path = folder / "questions.csv"
    path.write_text("\n".join(["photo,context", *rows]), encoding="utf-8")
    return path


def test_the_command_line_takes_the_table_of_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)
    photos(tmp_path / "in")
    cases = table(tmp_path, f"0.png,{COLOUR}", f"0.png,{BRIGHTNESS}", f"1.png,{COLOUR}")
    common = [str(tmp_path / "in"), "--network", FACTORY, "--cases", str(cases)]
    assert main(["explain", *common, "--out", str(tmp_path / "out")]) == 0
    assert "3 explained" in capsys.readouterr().err
    assert len(list((tmp_path / "out").iterdir())) == 3
    numbers = tmp_path / "numbers.csv"
    asked = ["evaluate", *common, "--metrics", "deletion_auc", "--csv", str(numbers)]
    assert main(asked) == 0
    rows = list(csv.DictReader(numbers.read_text("utf-8").splitlines()))
    assert [row["target"] for row in rows] == ["red", "yes", "green"]
    cases = table(tmp_path, f"9.png,{COLOUR}")
    capsys.readouterr()
    assert main(["explain", *common, "--out", str(tmp_path / "out")]) == 1
    assert "line 2: " in (told := capsys.readouterr().err)
    assert "holds no photo 9.png" in told


def test_units_are_named_by_what_each_question_shows(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (2, SIDE, SIDE, 3), np.uint8)
    left, right = (0, 0, SIDE // 2, SIDE), (SIDE // 2, 0, SIDE, SIDE)
    pictures = {"a.png": (pixels[0], {"cat": left}), "b.png": (pixels[1], {"dog": right})}
    labelled = read_labelled(write_set(tmp_path, pictures))
    questioned = [replace(one, context=COLOUR) for one in labelled]
    assert dissect(network(), questioned).overlaps.shape[0] == 4
    with pytest.raises(ExplainerError, match="give each image the context that it reads"):
        dissect(network(), labelled)
