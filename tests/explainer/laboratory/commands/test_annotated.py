"""`evaluate` on ImageNet's photos: what tells their classes and boxes, and what is left out."""

from argparse import Namespace
from pathlib import Path

import pytest

from explainer import METRICS
from explainer.__main__ import main
from explainer.laboratory.commands.evaluate import metrics_of
from explainer.laboratory.evaluation import Case
from tests.photos.test_imagenet import ORANGE, PUG, TABBY, VAL, photos, written

HOW = ["--network", "squeezenet1_1", "--weights", "random", "--methods", "centre_prior"]


def labels(folder: Path) -> list[str]:
    rest = (f"thing {number}" for number in range(2, 1000))
    return ["--labels", str(written(folder / "labels.txt", "\n".join(["tabby", "pug", *rest])))]


def validation(folder: Path) -> Path:
    return photos(folder / "val", *(f"{VAL}{number}.JPEG" for number in (1, 2, 3)))


def test_imagenets_validation_set_is_judged_by_the_boxes_of_its_solution(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = written(
        tmp_path / "LOC_val_solution.csv",
        f"ImageId,PredictionString\n{VAL}1,{TABBY} 1 1 9 9\n{VAL}2,{PUG} 11 11 30 30\n"
        f"{VAL}3,{ORANGE} 1 1 40 40\n",
    )
    numbers = tmp_path / "numbers.csv"
    asked = ["evaluate", "--imagenet", str(validation(tmp_path)), "--truth", str(table), *HOW]
    asked += [*labels(tmp_path), "--metrics", "pointing_game", "--csv", str(numbers)]
    assert main(asked) == 0
    assert "1 of 3 photos show no class of squeezenet1_1" in capsys.readouterr().err
    assert numbers.read_text().splitlines()[1:] == [
        f"{VAL}1.JPEG,tabby,centre_prior,pointing_game,0.0",
        f"{VAL}2.JPEG,pug,centre_prior,pointing_game,1.0",
    ]


def test_photos_of_which_only_the_class_is_told_are_judged_without_boxes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classes = written(tmp_path / "truth.txt", f"{PUG}\n{TABBY}\n{PUG}\n")
    asked = ["evaluate", "--imagenet", str(validation(tmp_path)), "--truth", str(classes), *HOW]
    asked += labels(tmp_path)
    assert main([*asked, "--metrics", "average_drop"]) == 0
    assert "Means over 3 photos" in capsys.readouterr().out
    assert main([*asked, "--metrics", "pointing_game"]) == 1
    assert "pointing_game needs boxes" in capsys.readouterr().err


def test_all_metrics_are_those_that_every_photo_allows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    boxed, bare = Case(Path("1.JPEG"), 0, ((1, 1, 9, 9),)), Case(Path("2.JPEG"), 0)
    every = Namespace(metrics="all")
    assert metrics_of(every, [boxed]) == [*METRICS]
    assert not capsys.readouterr().err
    some = metrics_of(every, [boxed, bare])
    assert {*METRICS} - {*some} == {name for name, one in METRICS.items() if one.needs == "boxes"}
    assert "1 of 2 photos have no boxes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["evaluate", "--imagenet", "NONE", *HOW], "holds no photos"),
        (["evaluate", "--imagenet", "NONE", "--voc", "NONE", *HOW], "leave --imagenet out"),
        (["evaluate", "--truth", "NONE", *HOW], "give --imagenet DIR"),
        (["evaluate", "--imagenet", "NONE", "--synsets", "NONE", *HOW], "give --truth F"),
        (["evaluate", "--imagenet", "NONE", "--split", "val", *HOW], "give --voc F as well"),
    ],
)
def test_what_would_be_passed_over_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], message: str
) -> None:
    assert main([str(tmp_path / "none") if word == "NONE" else word for word in asked]) == 1
    out, err = capsys.readouterr()
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not out
