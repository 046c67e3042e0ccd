"""Arrays of other tools become maps and a table that a study reads, or the option that is missing
is named."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explainer.__main__ import main

PHOTOS = ("cat/a.png", "dog/b.png")
RANDOM = np.random.default_rng(1)


def laid_out(
    folder: Path, shape: tuple[int, ...], *, names: tuple[str, ...] = ()
) -> list[np.ndarray]:
    """Two photos, and an array of each in the folder `arrays`."""
    arrays = [RANDOM.normal(size=shape).astype(np.float32) for _ in PHOTOS]
    for photo, array, name in zip(PHOTOS, arrays, names or ("cat/a", "dog/b"), strict=True):
        (folder / "photos" / photo).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16)).save(folder / "photos" / photo)
        path = folder / "arrays" / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array)
    return arrays


def converted(folder: Path, *options: str) -> int:
    return main(["import-maps", str(folder / "arrays"), "--photos", str(folder / "photos"),
                 "--out", str(folder / "made"), *options])  # fmt: skip


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "made" / "maps.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def maps(folder: Path) -> list[np.ndarray]:
    return [np.load(folder / "made" / row["file"]) for row in table(folder)]


@pytest.mark.parametrize(
    ("shape", "options", "wanted"),
    [
        ((7, 7), [], lambda array: array),
        ((1, 7, 7), [], lambda array: array[0]),
        ((7, 7, 1), [], lambda array: array[..., 0]),
        ((1, 1, 7, 7), [], lambda array: array[0, 0]),
        ((3, 7, 7), ["--channels", "sum"], lambda array: array.sum(0)),
        ((1, 3, 7, 7), ["--channels", "abs-max"], lambda array: np.abs(array[0]).max(0)),
        ((7, 7, 3), ["--channels", "abs-sum"], lambda array: np.abs(array).sum(2)),
        ((1, 7, 7, 3, 1), ["--channels", "abs-mean"],
         lambda array: np.abs(array[0, ..., 0]).mean(2)),
        ((3, 7, 3), ["--channels", "sum", "--axis", "last"], lambda array: array.sum(2)),
        ((5, 7, 9), ["--channels", "sum", "--axis", "first"], lambda array: array.sum(0)),
    ],
)  # fmt: skip
def test_arrays_of_every_usual_shape_become_one_number_for_each_place(
    tmp_path: Path, shape: tuple[int, ...], options: list[str], wanted: object
) -> None:
    arrays = laid_out(tmp_path, shape)
    signs = "positive" if any(one.startswith("abs-") for one in options) else "signed"
    assert converted(tmp_path, "--signs", signs, *options) == 0
    for found, array in zip(maps(tmp_path), arrays, strict=True):
        np.testing.assert_allclose(found, wanted(array), rtol=1e-6)
    assert [row["photo"] for row in table(tmp_path)] == list(PHOTOS)
    assert set(table(tmp_path)[0]) == {"photo", "file"}


def test_what_is_positive_loses_what_is_below_0_and_says_of_what_it_is(tmp_path: Path) -> None:
    arrays = laid_out(tmp_path, (7, 7))
    told = ["--signs", "positive", "--answer", "cat", "--network", "theirs"]
    assert converted(tmp_path, *told) == 0
    for found, array in zip(maps(tmp_path), arrays, strict=True):
        np.testing.assert_array_equal(found, np.maximum(array, 0))
    assert {(row["answer"], row["network"]) for row in table(tmp_path)} == {("cat", "theirs")}


@pytest.mark.parametrize("shape", [(2, 7, 7), (1, 2, 7, 7), (7, 7, 2), (1, 7, 7, 2), (2, 3, 7, 7)])
def test_arrays_of_several_answers_are_parted_by_name(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    arrays = laid_out(tmp_path, shape)
    options = ["--channels", "sum"] if 3 in shape else []
    assert converted(tmp_path, "--signs", "signed", "--classes", "cat,dog", *options) == 0
    rows = table(tmp_path)
    assert [row["answer"] for row in rows] == ["cat", "dog"] * 2
    first = arrays[0].reshape([length for length in shape if length != 1])
    first = first[..., 1] if shape[-1] == 2 else first[1]
    np.testing.assert_allclose(
        maps(tmp_path)[1], first.sum(0) if 3 in shape else first, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ["a", "a.png", "cat/a.png"])
def test_arrays_are_found_by_the_photos_path_or_name(tmp_path: Path, name: str) -> None:
    laid_out(tmp_path, (7, 7), names=(name, "dog/b"))
    assert converted(tmp_path, "--signs", "signed") == 0
    assert [row["photo"] for row in table(tmp_path)] == list(PHOTOS)


def test_a_photo_in_no_folder_has_an_array_of_its_own_name_beside_one_in_a_folder(
    tmp_path: Path,
) -> None:
    arrays = laid_out(tmp_path, (7, 7), names=("a", "dog/b"))
    (tmp_path / "photos" / "cat" / "a.png").rename(tmp_path / "photos" / "a.png")
    Image.new("RGB", (16, 16)).save(tmp_path / "photos" / "dog" / "a.png")
    # What a system leaves beside the files that it copies
    (tmp_path / "arrays" / "dog" / "._b.npy").write_bytes(b"litter")
    assert converted(tmp_path, "--signs", "signed") == 0
    assert [row["photo"] for row in table(tmp_path)] == ["a.png", "dog/b.png"]
    np.testing.assert_array_equal(maps(tmp_path), arrays)


@pytest.mark.parametrize(
    ("shape", "options", "said"),
    [
        ((3, 7, 7), [], "3 channels, an array of 3×7×7: say how they become one number, as"),
        ((3, 7, 3), ["--channels", "sum"], "of which either end could be the channels: say --axis"),
        ((5, 7, 9), ["--channels", "sum"], "no axis is that of 3 channels: say --axis first"),
        ((2, 3, 7, 7), ["--channels", "sum"], "an array of 2×3×7×7: save height×width, or"),
        ((2, 7, 7), ["--classes", "cat,dog,ape"], "and 3 classes are named: save classes×height"),
        ((2, 7, 2), ["--classes", "cat,dog"], "the first or the last axis could be the classes"),
        ((7, 7), ["--classes", "a,b", "--answer", "a"], "both name what is explained: give one"),
        ((2, 7, 7), ["--classes", "cat,cat"], "--classes cat,cat names an answer twice: give each"),
        ((0, 7), [], "its map has no two different values: make it again, or leave its photo out"),
        ((7, 7), ["--classes", "cat"], '--classes names one answer, cat: say --answer "cat"'),
        ((3, 7, 7), ["--classes", "cat,dog,ape", "--channels", "sum"],
         "an array of 3×7×7 holds 3 answers or channels, not both: leave out --channels if"),
        ((3, 7, 7), ["--channels", "sum", "--axis", "last"],
         "3×7×7, whose last axis is not that of 3 channels: say the other --axis"),
        ((3, 7, 7), ["--channels", "abs-sum"], "leaves no values below 0, and --signs signed says"),
    ],
)  # fmt: skip
def test_an_ambiguous_shape_is_refused_with_the_option_that_resolves_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    shape: tuple[int, ...],
    options: list[str],
    said: str,
) -> None:
    laid_out(tmp_path, shape)
    assert converted(tmp_path, "--signs", "signed", *options) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "made" / "maps.csv").exists()


def test_signs_have_to_be_declared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laid_out(tmp_path, (7, 7))
    with pytest.raises(SystemExit):
        converted(tmp_path)
    assert "--signs" in capsys.readouterr().err


def test_an_array_of_no_photo_or_of_two_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path, (7, 7), names=("cat/a", "dog/x"))
    assert converted(tmp_path, "--signs", "signed") == 1
    assert "x.npy belongs to no photo in" in capsys.readouterr().err
    Image.new("RGB", (16, 16)).save(tmp_path / "photos" / "dog" / "a.png")
    (tmp_path / "arrays" / "dog" / "x.npy").rename(tmp_path / "arrays" / "a.npy")
    assert converted(tmp_path, "--signs", "signed") == 1
    assert "a.npy belongs to cat/a.png and dog/a.png" in capsys.readouterr().err


def test_a_map_without_anything_above_0_is_refused_with_the_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path, (7, 7))
    np.save(tmp_path / "arrays" / "dog" / "b.npy", -np.ones((7, 7)))
    assert converted(tmp_path, "--signs", "positive") == 1
    assert "b.npy: its map has no two different values above 0" in capsys.readouterr().err


def stacked(folder: Path, names: str, *, count: int = 2) -> tuple[int, np.ndarray]:
    """One array of all photos, in the order of `names`."""
    laid_out(folder, (7, 7))
    stack = RANDOM.normal(size=(count, 3, 7, 7)).astype(np.float32)
    np.save(folder / "all.npy", stack)
    (folder / "order.txt").write_text(names, "utf-8")
    code = main(["import-maps", str(folder / "all.npy"), "--photos", str(folder / "photos"),
                 "--out", str(folder / "made"), "--channels", "sum", "--signs", "signed",
                 "--order", str(folder / "order.txt")])  # fmt: skip
    return code, stack


def test_one_array_of_all_photos_is_parted_in_the_order_that_is_told(tmp_path: Path) -> None:
    code, stack = stacked(tmp_path, "\ufeffdog/b.png\ncat/a.png\n")  # as some editors begin a file
    assert code == 0
    assert [row["photo"] for row in table(tmp_path)] == ["dog/b.png", "cat/a.png"]
    np.testing.assert_allclose(maps(tmp_path), stack.sum(1), rtol=1e-5, atol=1e-6)


def test_one_array_of_nothing_and_what_is_not_there_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stacked(tmp_path, "", count=0)[0] == 1
    assert "all.npy: an array of 0×3×7×7; the photos in" in capsys.readouterr().err
    stacked(tmp_path, "dog/b.png\ncat/a.png\n")
    for name, said in (("photos", "photos is no folder"), ("all.npy", "all.npy is no file")):
        (tmp_path / name).rename(tmp_path / "elsewhere")
        code = main(["import-maps", str(tmp_path / "all.npy"), "--photos", str(tmp_path / "photos"),
                     "--out", str(tmp_path / "made"), "--channels", "sum", "--signs", "signed",
                     "--order", str(tmp_path / "order.txt")])  # fmt: skip
        assert code == 1
        assert f"{said}: check its path" in capsys.readouterr().err
        (tmp_path / "elsewhere").rename(tmp_path / name)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("cat/a.png\n", "all.npy: an array of 2×3×7×7; the photos in .* are 1:"),
        ("cat/a.png\ncat/a.png\n", "cat/a.png is twice in it: write the path of each photo once"),
        ("cat/a.png\nb.png\n", "b.png is no photo: write the path of each photo once"),
        ("cat/a.png\ndog\n", "dog is no photo: write the path of each photo once"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: str, said: str
) -> None:
    assert stacked(tmp_path, names)[0] == 1
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "made").exists()


def test_one_array_without_its_order_or_arrays_in_an_archive_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path, (7, 7))
    np.save(tmp_path / "all.npy", np.zeros((2, 7, 7)))
    photos, out = str(tmp_path / "photos"), str(tmp_path / "made")
    rest = ["--photos", photos, "--out", out, "--signs", "signed"]
    assert main(["import-maps", str(tmp_path / "all.npy"), *rest]) == 1
    assert "all.npy is one array, and of which photos is not said" in capsys.readouterr().err
    assert converted(tmp_path, "--signs", "signed", "--order", "order.txt") == 1
    assert "is a folder, and --order order.txt is about one array" in capsys.readouterr().err
    (tmp_path / "zipped").mkdir()
    np.savez(tmp_path / "zipped" / "a.npz", np.zeros((7, 7)))
    assert main(["import-maps", str(tmp_path / "zipped"), *rest]) == 1
    assert "no .npy file and 1 .npz: save each array by itself" in capsys.readouterr().err
