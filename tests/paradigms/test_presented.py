"""What a page tells of its pictures is checked, and never a reason to refuse an answer."""

import json
from typing import Any

import pytest

from studyapp.paradigms.presented import read_presentation
from studyapp.paradigms.told import MOST_CHARACTERS
from studyapp.sections.presentation import PresentationSection

PLACES = {"photo": "photo", "a": "weaker", "b": "stronger"}
TIMED = {"exposure_ms": 200, "mask": "noise", "mask_ms": 100}
PICTURE = {
    "place": "a", "onset_ms": 170.04, "painted_ms": 175, "offset_ms": 370.1,
    "frames": 12,
}  # fmt: skip
RECORD = {
    "presented": 1, "interrupted": False, "frame_ms": 16.7, "mask": "noise",
    "pictures": [PICTURE],
}  # fmt: skip


def read(told: Any, **presentation: Any) -> dict[str, Any]:
    text = told if isinstance(told, str) else json.dumps(told)
    return read_presentation(
        text, PresentationSection.model_validate(presentation or TIMED), PLACES
    )


def with_picture(**changed: Any) -> dict[str, Any]:
    return {**RECORD, "pictures": [{**PICTURE, **changed}]}


def test_a_record_is_stored_with_roles_and_the_bound_of_its_error() -> None:
    assert read(RECORD) == {
        **RECORD,
        "measured_by": "element",
        "pictures": [
            {"place": "a", "role": "weaker", "asked_ms": 200, "onset_ms": 170.0,
             "painted_ms": 175.0, "offset_ms": 370.1, "shown_ms": 200.1, "frames": 12,
             "error_ms": 16.7},
        ],
    }  # fmt: skip


def test_a_late_paint_widens_the_bound_and_without_paints_it_is_a_frame() -> None:
    [late] = read(with_picture(painted_ms=200))["pictures"]
    assert late["error_ms"] == 34.0  # 200 − 170, and the four by which paints are rounded
    told = read(with_picture(painted_ms=None))
    assert (told["measured_by"], told["pictures"][0]["error_ms"]) == ("frame", 16.7)
    assert read({**RECORD, "pictures": []})["measured_by"] == "none"


def test_a_picture_that_stays_has_no_end() -> None:
    told = {**with_picture(offset_ms=9), "mask": "none"}
    [one] = read(told, fixation_ms=500)["pictures"]
    assert (one["offset_ms"], one["shown_ms"], one["asked_ms"]) == (None, None, None)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("", "missing"),
        ("{", "not JSON"),
        ("[" * 20_000, "not JSON"),
        ("[]", "not an object"),
        ("x" * (MOST_CHARACTERS + 1), "too long"),
        ({**RECORD, "presented": True}, "presented"),
        ({**RECORD, "presented": -1}, "presented"),
        ({**RECORD, "interrupted": "no"}, "interrupted"),
        ({**RECORD, "frame_ms": 0}, "frame_ms"),
        ({**RECORD, "frame_ms": float("nan")}, "frame_ms"),
        ({**RECORD, "frame_ms": 10**400}, "frame_ms"),
        ({**RECORD, "mask": "<b>"}, "mask"),
        ({**RECORD, "mask": "none"}, "mask"),
        (with_picture(offset_ms=None), "offset_ms"),
        ({**RECORD, "pictures": {}}, "pictures"),
        ({**RECORD, "pictures": [PICTURE] * 4}, "pictures"),
        ({**RECORD, "pictures": [PICTURE] * 2}, "a picture twice"),
        ({**RECORD, "pictures": [1]}, "onset_ms"),
        (with_picture(place="c"), "place"),
        (with_picture(place=["a"]), "place"),
        (with_picture(onset_ms="170"), "onset_ms"),
        (with_picture(offset_ms=100), "offset_ms"),
        (with_picture(painted_ms=100), "painted_ms"),
        (with_picture(onset_ms=1e12), "onset_ms"),
        (with_picture(frames=1.5), "frames"),
    ],
)
def test_what_can_not_be_read_is_stored_as_the_reason_alone(told: Any, why: str) -> None:
    assert read(told) == {"unreadable": why}


def test_looks_and_enlargements_are_kept_with_their_times() -> None:
    look = {"place": "b", "start_ms": 900.26, "ms": 450}
    plain = {"presented": 2, "interrupted": False, "places": ["a", "b"]}
    told = read({**plain, "looks": [look]}, reveal="on_request")
    kept = {"place": "b", "role": "stronger", "start_ms": 900.3, "ms": 450.0}
    there = [{"place": "a", "role": "weaker"}, {"place": "b", "role": "stronger"}]
    assert told == {**plain, "places": there, "looks": [kept]}
    assert read({**plain, "places": ["c"], "looks": []}, reveal="on_request") == {
        "unreadable": "place"
    }
    told = read({**plain, "zooms": [{**look, "level": 2}]}, zoom=True)
    assert told["zooms"] == [{**kept, "level": 2.0}]
    for wrong in ([{**look, "level": 99}], [look], [{**look, "level": 2}] * 401):
        assert "unreadable" in read({**plain, "zooms": wrong}, zoom=True)


def test_looks_that_are_not_listed_are_counted_with_their_time() -> None:
    look = {"place": "b", "start_ms": 900, "ms": 450}
    plain = {"presented": 1, "interrupted": False, "places": ["a", "b"], "looks": [look] * 400}
    more = {"place": "b", "count": 7, "ms": 1000.04}
    told = read({**plain, "more": [more]}, reveal="on_request")
    assert told["more"] == [{"place": "b", "role": "stronger", "count": 7, "ms": 1000.0}]
    assert "more" not in read({**plain, "more": []}, reveal="on_request")
    for wrong in ([{**more, "place": "c"}], [{**more, "count": -1}], [more] * 9, "b"):
        assert "unreadable" in read({**plain, "more": wrong}, reveal="on_request")
