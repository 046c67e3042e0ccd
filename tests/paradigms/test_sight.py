"""Pictures in which people see what pixels do not say, and their controls."""

import re

import numpy as np
import pytest
from django.template.loader import render_to_string
from PIL import Image

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.sight.drawing import DRAWN, FOLDER
from studyapp.paradigms.sight.question import FILES, USUAL
from tests.paradigms.examples import asked, block_of, trial


def pixels(illusion: str, *, control: bool) -> np.ndarray:
    with Image.open(FOLDER / FILES[illusion, control]) as picture:
        return np.asarray(picture.convert("RGB"), dtype=int)


def orange(picture: np.ndarray) -> list[int]:
    """How many orange pixels are on the left and on the right."""
    is_orange = picture[:, :, 0] - picture[:, :, 2] > 100
    half = picture.shape[1] // 2
    return [int(is_orange[:, :half].sum()), int(is_orange[:, half:].sum())]


def shafts(picture: np.ndarray) -> list[int]:
    """How wide the upper and the lower line are, along their middles."""
    is_ink = picture[:, :, 0] < 80
    return [int(is_ink[row].sum()) for row in (170, 430)]


def test_what_looks_different_is_the_same_and_in_the_control_it_is_not() -> None:
    middle = [(300, 240), (300, 720)]
    same, other = pixels("contrast", control=False), pixels("contrast", control=True)
    assert same[middle[0]].tolist() == same[middle[1]].tolist()
    assert other[middle[1]][0] - other[middle[0]][0] > 50
    left, right = orange(pixels("discs", control=False))
    assert left == pytest.approx(right, rel=0.01)
    left, right = orange(pixels("discs", control=True))
    assert left > 1.7 * right
    upper, lower = shafts(pixels("lines", control=False))
    assert upper == pytest.approx(lower, abs=12)
    upper, lower = shafts(pixels("lines", control=True))
    assert lower > 1.2 * upper
    # At a crossing of the white lines
    assert pixels("grid", control=False)[180, 180].min() > 240
    assert pixels("grid", control=True)[180, 180].max() < 120


def test_the_usual_answer_to_a_control_is_what_its_pixels_say() -> None:
    # The lighter square is on the right, the longer line below, the larger disc on the left
    assert [USUAL[one, True] for one in ("contrast", "lines", "discs", "grid")] == [1, 1, 0, 0]
    # Who always says “the same” is never usual, and nobody is by always choosing one side
    for key, usual in USUAL.items():
        words = [words for _, words in question(*key).answers]
        assert words[usual] != "They look the same"
    assert {USUAL[one, False] for one in ("contrast", "lines", "discs")} == {0, 1}


@pytest.mark.parametrize("key", FILES)
def test_the_stored_picture_is_the_drawn_one(key: tuple[str, bool]) -> None:
    drawn = np.asarray(DRAWN[key[0]](control=key[1]).quantize(64, dither=0).convert("RGB"))
    assert np.abs(drawn.astype(int) - pixels(key[0], control=key[1])).max() <= 1


def question(illusion: str, control: bool):
    one = trial("sight", stimulus=None)
    return PARADIGMS["sight"].asks(asked(one, illusion=illusion, control=control))[0]


def test_a_page_names_neither_the_illusion_nor_the_control_and_anybody_may_decline() -> None:
    pages = []
    for illusion, control in FILES:
        block = block_of("sight", illusion=illusion, control=control)
        page = render_to_string("sight/page.html", {"asked": {"block": block}})
        assert not re.search("contrast|lines|discs|grid|control|illusion|same", page), page
        pages.append(re.sub(r"sight/\w\d\.png", "", page))
        assert question(illusion, control).decline == "Prefer not to say"
    assert len(set(pages)) == 1
    # The same words beside the picture and beside its control
    for illusion, control in FILES:
        assert question(illusion, control).words == question(illusion, not control).words
