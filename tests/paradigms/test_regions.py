"""What is taken as a region of a photo, in every tool, and the sentence for what is not."""

import json
from typing import Any

import pytest

from studyapp.paradigms import PARADIGMS, TrialForm
from studyapp.paradigms.regions import LONGEST, SIDE, region_words, shapes_of, touching

from .examples import asked, trial

BOX = [0.1, 0.2, 0.5, 0.6]


def region(tool: str, **parts: Any) -> str:
    return json.dumps({"version": 1, "tool": tool, **parts})


def form(data: dict[str, str], **block: Any) -> TrialForm:
    one = trial("marking")
    return TrialForm(data, questions=PARADIGMS["marking"].asks(asked(one, **block)))


def stored(text: str, **block: Any) -> Any:
    found = form({"region": text}, **block)
    assert found.is_valid(), found.errors
    assert found.value() is None
    return found.extra()["region"]


def complaint(text: str, **block: Any) -> str:
    found = form({"region": text}, **block)
    assert not found.is_valid()
    return found.problems()["region"]


def test_boxes_points_and_brushed_cells_are_stored_as_fractions_of_the_photo() -> None:
    assert stored(region("box", boxes=[BOX, [0, 0, 1, 1]])) == {
        "version": 1, "tool": "box", "boxes": [BOX, [0, 0, 1, 1]]
    }  # fmt: skip
    points = region("points", points=[[0.123456789, 1]], by="keys")
    assert stored(points, tool="points") == {
        "version": 1, "tool": "points", "by": "keys", "points": [[0.12346, 1.0]]
    }  # fmt: skip
    # Runs that overlap, or are not in order, are the same cells.
    runs = region("brush", side=SIDE, runs=[[3, 5, 9], [0, 0, 0], [3, 8, 12], [3, 13, 13]])
    assert stored(runs, tool="brush") == {
        "version": 1, "tool": "brush", "side": 56, "runs": [[0, 0, 0], [3, 5, 13]]
    }  # fmt: skip


def test_a_fully_painted_photo_and_every_second_cell_are_taken() -> None:
    whole = region("brush", side=SIDE, runs=[[row, 0, SIDE - 1] for row in range(SIDE)])
    assert len(stored(whole, tool="brush")["runs"]) == SIDE
    checked = [[row, one, one] for row in range(SIDE) for one in range(row % 2, SIDE, 2)]
    text = region("brush", side=SIDE, runs=checked)
    assert len(text) < LONGEST
    assert stored(text, tool="brush")["runs"] == checked


@pytest.mark.parametrize("text", ["", "   ", region("box", boxes=[])])
def test_an_empty_region_is_asked_for(text: str) -> None:
    assert complaint(text) == "Please mark something in the photo."
    assert complaint(region("brush", side=SIDE, runs=[]), tool="brush").startswith("Please mark")


@pytest.mark.parametrize(
    "box", [[-0.1, 0, 0.5, 0.5], [0, 0, 1.01, 0.5], [0, 0, 1e999, 0.5], [0, 0, 10**400, 1]]
)
def test_a_region_outside_the_photo_is_refused(box: list[float]) -> None:
    # JSON has no infinity, and Python writes it in letters.
    text = region("box", boxes=[box]).replace("Infinity", "1e999")
    assert "lies outside the photo" in complaint(text)
    for run in ([SIDE, 0, 0], [0, 0, SIDE], [-1, 0, 0], [0, 5, 4]):
        assert "lies outside" in complaint(region("brush", side=SIDE, runs=[run]), tool="brush")


@pytest.mark.parametrize(
    "text",
    [
        "no JSON", "[]", "null", "3", "{}", "[" * 20_000, region("points", points=[[0.5, 0.5]]),
        '{"version": 1, "tool": "box", "boxes": [[NaN, 0, 1, 1]]}',
        '{"version": 2, "tool": "box", "boxes": [[0, 0, 1, 1]]}',
        region("box", boxes=[[0, 0, 1]]), region("box", boxes=[[0, 0, True, 1]]),
        region("box", boxes=[["0", 0, 1, 1]]), region("box", boxes=[None]),
        region("box", boxes={"0": BOX}), region("box", boxes="all"),
    ],
)  # fmt: skip
def test_what_is_no_region_says_that_it_could_not_be_read(text: str) -> None:
    assert complaint(text) == "Your drawing could not be read. Please clear it and draw again."


def test_a_brush_on_another_grid_or_with_half_cells_could_not_be_read() -> None:
    for parts in ({"side": 5}, {"side": SIDE, "runs": [[0, 0.5, 1]]}, {"side": SIDE, "runs": 3}):
        told = complaint(region("brush", **{"runs": [[0, 0, 0]], **parts}), tool="brush")
        assert "could not be read" in told


def test_a_million_points_are_too_many_before_they_are_read() -> None:
    text = '{"version": 1, "tool": "points", "points": [' + "[0.5,0.5]," * 1_000_000 + "]}"
    assert "too many parts" in complaint(text, tool="points")
    few = region("points", points=[[0.5, 0.5]] * 6)
    assert complaint(few, tool="points") == "Please mark at most 5; you have marked 6."
    assert complaint(few, tool="points", least=8, most=9).startswith("Please mark at least 8; you")


def test_a_box_that_nobody_could_see_is_refused() -> None:
    assert "too small to be seen" in complaint(region("box", boxes=[[0.5, 0.1, 0.51, 0.9]]))
    assert "too small to be seen" in complaint(region("box", boxes=[[0.5, 0.9, 0.7, 0.1]]))
    assert stored(region("box", boxes=[[0.1, 0.1, 0.12, 0.12]]))


def ticked(*cells: int) -> dict[str, str]:
    return {"region": "", **{f"region.{cell}": "1" for cell in cells}}


def test_squares_that_touch_are_a_box_round_them() -> None:
    # An L of three squares, and one square for itself
    found = form(ticked(0, 1, 10, 99))
    assert found.is_valid()
    assert found.extra()["region"] == {
        "version": 1, "tool": "box", "by": "squares",
        "boxes": [[0.0, 0.0, 0.2, 0.2], [0.9, 0.9, 1.0, 1.0]],
    }  # fmt: skip
    assert touching({(0, 0), (1, 1)}) == [{(0, 0)}, {(1, 1)}]


def test_squares_are_points_in_their_middles_or_brushed_cells() -> None:
    found = form(ticked(0, 73), tool="points")
    assert found.is_valid()
    assert found.extra()["region"]["points"] == [[0.05, 0.05], [0.35, 0.75]]
    found = form(ticked(5, 6, 20), tool="brush")
    assert found.is_valid()
    assert found.extra()["region"] == {
        "version": 1, "tool": "brush", "by": "squares", "side": 10, "runs": [[0, 5, 6], [2, 0, 0]]
    }  # fmt: skip


def test_unticked_or_too_many_squares_say_so() -> None:
    assert form(ticked()).problems() == {"region": "Please mark something in the photo."}
    many = form(ticked(*range(0, 100, 2)), tool="points")
    assert many.problems() == {"region": "Please mark at most 5; you have marked 50."}


def test_what_was_drawn_counts_more_than_squares_ticked_before() -> None:
    found = form({**ticked(7), "region": region("box", boxes=[BOX])})
    assert found.is_valid()
    assert found.extra()["region"]["boxes"] == [BOX]


def test_a_stored_region_is_drawn_again_and_a_broken_one_draws_nothing() -> None:
    assert shapes_of(region("box", boxes=[[0.1, 0.2, 0.5, 0.8]])).rectangles == (
        ("0.10000", "0.20000", "0.40000", "0.60000"),
    )
    assert shapes_of(region("brush", side=10, runs=[[2, 0, 4]])).rectangles == (
        ("0.00000", "0.20000", "0.50000", "0.10000"),
    )
    assert shapes_of(region("points", points=[[0.5, 1]])).spots == (("0.50000", "1.00000"),)
    for text in ("", "{", "[]", '{"boxes": 3}', '{"runs": [[0, 0, 0]], "side": 0}'):
        assert shapes_of(text) == shapes_of("{}")


def test_a_region_is_told_in_a_few_words() -> None:
    assert region_words(stored(region("box", boxes=[BOX]))) == "1 box"
    points = region("points", points=[[0.1, 0.1], [0.2, 0.2]], by="keys")
    assert region_words(stored(points, tool="points")) == "2 points, by keys"
    half = region("brush", side=SIDE, runs=[[row, 0, SIDE - 1] for row in range(SIDE // 2)])
    assert region_words(stored(half, tool="brush")) == "brushed over 50.0 % of the photo"
