"""Films as workers draw them again: when their pictures come, and what no decoder is asked for."""

import io
from itertools import pairwise
from typing import Any

import av
import pytest

import explainer
from photos.films import read_film
from sandbox.films import small_film
from studyapp import storage
from studyapp.models import Explanation
from tasks.films import drawn_film

DISPLAY = {"size": 96, "surround": "#777777"}


def stored(content: bytes, ending: str, seconds: float) -> Explanation:
    file = f"explanations/film.{ending}"
    told = {"imported": {"seconds": seconds}}
    digest = storage.keep(file, content)
    return Explanation(map_file=file, map_digest=digest, provenance=told)


@pytest.mark.parametrize("begins", [0.0, 1.5])
def test_a_film_begins_with_its_first_picture_and_lasts_as_long_as_it_says(begins: float) -> None:
    film = read_film(small_film(ending="webm", begins=begins))
    assert film.seconds == pytest.approx(1 + begins, abs=0.05)
    drawn = drawn_film(stored(film.content, "webm", film.seconds), DISPLAY)
    assert read_film(drawn).seconds == pytest.approx(film.seconds, abs=0.002)
    with av.open(io.BytesIO(drawn)) as opened:
        times = [float(frame.time) for frame in opened.decode(video=0)]
    steps = [after - before for before, after in pairwise(times)]
    assert times[0] == 0
    assert steps == pytest.approx([0.1 + begins] + [0.1] * 8, abs=0.002)


def test_no_decoder_makes_room_for_more_pixels_than_films_may_have() -> None:
    large = small_film(ending="webm", size=(2048, 2048), seconds=0.2)
    told = large.replace(b"\xb0\x82\x08\x00\xba\x82\x08\x00", b"\xb0\x82\x00\x40\xba\x82\x00\x40")
    assert told != large
    with pytest.raises(explainer.ExplainerError, match="the film can't be read"):
        drawn_film(stored(told, "webm", 1), DISPLAY)


def test_marks_that_are_no_letters_hinder_no_worker() -> None:
    marked = small_film().replace(b"iso2", b"\xff\xfe\xfd\xfc", 1)
    assert drawn_film(stored(read_film(marked).content, "mp4", 1), DISPLAY)


@pytest.mark.parametrize(("size", "side"), [(96, 96), (97, 98)])
def test_a_film_has_even_sides(size: int, side: int) -> None:
    drawn: Any = read_film(drawn_film(stored(small_film(), "mp4", 1), {**DISPLAY, "size": size}))
    assert (drawn.width, drawn.height) == (side, side)
