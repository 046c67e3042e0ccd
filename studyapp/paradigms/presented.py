"""What a page tells of how it presented its pictures, checked as it is stored.

It is never a reason to refuse an answer. What can't be read is stored as the reason alone, never as
it was sent: a browser may send anything.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from studyapp.models import Trial
from studyapp.sections.presentation import PresentationSection

from .questions import Asked
from .registry import PARADIGMS
from .told import (
    LONGEST_MS,
    Unreadable,
    count_in,
    flag_in,
    list_in,
    number_in,
    object_in,
    place_in,
)

# The form's field, as no field of a study can be called; the column of judgments is `presentation`
FIELD = "presentation.record"
MOST_LOOKS = 400
LARGEST_LEVEL = 10
# What a page may have shown for each kind of mask
MASKS = {"none": ("none",), "noise": ("noise", "plain")}
# A browser tells the time of a paint in steps of so many milliseconds
COARSE_MS = 4.0


def told_presentation(text: str, asked: Asked) -> dict[str, Any] | None:
    """What the page of a trial told, as it is stored; None where it had nothing to tell."""
    shown = asked.block.presentation
    if shown is None or asked.trial.stimulus_id is None:
        return None
    record = read_presentation(text, shown, PARADIGMS[asked.trial.paradigm].places(asked))
    drawn = {"seed": mask_seed(asked.trial)} if record.get("mask") == "noise" else {}
    return record | drawn


def mask_seed(trial: Trial) -> int:
    """What the noise of a trial's masks is drawn from: the same however often it is opened."""
    return int.from_bytes(hashlib.sha256(f"mask:{trial.code}".encode()).digest()[:4])


def read_presentation(
    text: str, shown: PresentationSection, places: Mapping[str, str]
) -> dict[str, Any]:
    """The record of a page as it is stored, or {"unreadable": why}.

    places: the role of the picture at each place of the page, which the browser doesn't know.
    """
    try:
        told = object_in(text)
        record: dict[str, Any] = {
            "presented": count_in(told, "presented", 1000),
            "interrupted": flag_in(told, "interrupted"),
        }
        if shown.is_sequence:
            record |= _sequence(told, shown, places)
        if not shown.is_sequence or shown.zoom:
            told_places = list_in(told, "places", len(places))
            record["places"] = [place_in({"place": one}, places) for one in told_places]
        if shown.reveal == "on_request":
            record["looks"] = _looks(told, "looks", places)
        if shown.zoom:
            record["zooms"] = _looks(told, "zooms", places, with_level=True)
        if more := _more(told, places):
            record["more"] = more
    except Unreadable as error:
        return {"unreadable": str(error)}
    return record


def _sequence(
    told: dict[str, Any], shown: PresentationSection, places: Mapping[str, str]
) -> dict[str, Any]:
    """When each picture was seen, by the frames of the page and, where told, by its paints."""
    frame, asked = number_in(told, "frame_ms", 0.5, 1000), shown.exposure_ms
    pictures = [
        _picture(one, asked, frame, places) for one in list_in(told, "pictures", len(places))
    ]
    if len({one["place"] for one in pictures}) < len(pictures):
        raise Unreadable("a picture twice")
    mask = told.get("mask")
    if mask not in MASKS[shown.mask]:
        raise Unreadable("mask")
    painted = bool(pictures) and all(one["painted_ms"] is not None for one in pictures)
    return {
        "measured_by": ("element" if painted else "frame") if pictures else "none",
        "frame_ms": frame,
        "mask": mask,
        "pictures": pictures,
    }


def _picture(
    told: Any, asked: int | None, frame: float, places: Mapping[str, str]
) -> dict[str, Any]:
    """One picture: times from the page's first frame; None for an end where it stays.

    `error_ms` bounds how far the time that it was seen may be from `shown_ms`: a change shows up to
    one frame after the page asked for it, or as late as its paint was told.
    """
    onset = number_in(told, "onset_ms", 0, LONGEST_MS)
    offset = None if asked is None else number_in(told, "offset_ms", onset, LONGEST_MS)
    painted = None
    if told.get("painted_ms") is not None:
        painted = number_in(told, "painted_ms", max(0.0, onset - COARSE_MS), LONGEST_MS)
    late = painted - onset + COARSE_MS if painted is not None else 0.0
    return {
        **place_in(told, places),
        "asked_ms": asked,
        "onset_ms": onset,
        "painted_ms": painted,
        "offset_ms": offset,
        "shown_ms": None if offset is None else round(offset - onset, 1),
        "frames": count_in(told, "frames", 10_000_000),
        "error_ms": round(max(frame, late), 1),
    }


def _looks(
    told: dict[str, Any], name: str, places: Mapping[str, str], *, with_level: bool = False
) -> list[dict[str, Any]]:
    found = []
    for one in list_in(told, name, MOST_LOOKS):
        look = {
            **place_in(one, places),
            "start_ms": number_in(one, "start_ms", 0, LONGEST_MS),
            "ms": number_in(one, "ms", 0, LONGEST_MS),
        }
        if with_level:
            look["level"] = number_in(one, "level", 1, LARGEST_LEVEL)
        found.append(look)
    return found


def _more(told: dict[str, Any], places: Mapping[str, str]) -> list[dict[str, Any]]:
    """Of the looks beyond those that are listed: how many there were, and their time in all."""
    # A page that was opened before there was such a count tells none
    return [
        {
            **place_in(one, places),
            "count": count_in(one, "count", 1_000_000),
            "ms": number_in(one, "ms", 0, LONGEST_MS),
        }
        for one in (list_in(told, "more", len(places)) if "more" in told else ())
    ]
