"""What a simulated person's browser would tell of the pictures that a page presented."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from studyapp.paradigms import PARADIGMS, Asked
from studyapp.paradigms.filmed import ShownFilm
from studyapp.sections.presentation import PresentationSection
from studyapp.studies.films import films_on

FRAME_MS = 16.7
# From the page's first frame until the length of a frame is known
WARM_UP_MS = 10 * FRAME_MS


def presented_ms(asked: Asked) -> int:
    """How long people wait for the answers after the first picture's onset."""
    films = films_on(asked)
    if films:
        return round(1000 * sum(film.seconds for film in films.values()))
    shown = asked.block.presentation
    if shown is None or shown.exposure_ms is None or asked.trial.stimulus_id is None:
        return 0
    each = shown.exposure_ms + (shown.mask_ms or 0)
    if shown.order == "together":
        return each
    count = len(PARADIGMS[asked.trial.paradigm].places(asked))
    return count * each + (count - 1) * (shown.gap_ms or 0)


def plausible_record(asked: Asked, random: Random) -> str:
    """The record of a screen with 60 frames a second, on which now and then a frame is late."""
    if films := films_on(asked):
        return json.dumps(_films(films, random))
    shown = asked.block.presentation
    if shown is None or asked.trial.stimulus_id is None:
        return ""
    places = list(PARADIGMS[asked.trial.paradigm].places(asked))
    told: dict[str, Any] = {
        "presented": 1, "interrupted": random.random() < 0.01, "places": places,
    }  # fmt: skip
    if shown.is_sequence:
        told |= _sequence(shown, places, random)
    if shown.reveal == "on_request":
        told["looks"] = _looks(places, random)
    if shown.zoom:
        told["zooms"] = [{**one, "level": 2} for one in _looks(places, random)[:1]]
    return json.dumps(told)


def _films(films: Mapping[str, ShownFilm], random: Random) -> dict[str, Any]:
    """One after the other, some of them twice."""
    told, now = [], 150.0
    for place, film in films.items():
        ended = round(now + 1000 * film.seconds + 5, 1)
        told.append({
            "place": place, "started_ms": round(now, 1), "ended_ms": ended,
            "plays": 1 + (random.random() < 0.2), "pauses": 0, "stalls": 0, "dropped": 0,
            "failed": None,
        })  # fmt: skip
        now = ended + 20
    return {"presented": 1, "interrupted": random.random() < 0.01, "films": told}


def _sequence(shown: PresentationSection, places: list[str], random: Random) -> dict[str, Any]:
    now = WARM_UP_MS + (shown.fixation_ms or 0)
    pictures = []
    for place in places:
        pictures.append(_picture(shown, place, now, random))
        if shown.order == "one_after_another":
            now += sum(filter(None, (shown.exposure_ms, shown.mask_ms, shown.gap_ms)))
    return {"frame_ms": FRAME_MS, "mask": shown.mask, "pictures": pictures}


def _picture(
    shown: PresentationSection, place: str, onset: float, random: Random
) -> dict[str, Any]:
    picture = {
        "place": place, "onset_ms": round(onset, 1), "painted_ms": round(onset, 1) + 8,
        "offset_ms": None, "frames": 0,
    }  # fmt: skip
    if shown.exposure_ms is None:
        return picture
    frames = max(1, round(shown.exposure_ms / FRAME_MS)) + (random.random() < 0.02)
    return {**picture, "offset_ms": round(onset + frames * FRAME_MS, 1), "frames": frames}


def _looks(places: list[str], random: Random) -> list[dict[str, Any]]:
    """Each picture once or twice, in any order, one after the other."""
    wanted = random.sample(places, len(places)) + [one for one in places if random.random() < 0.3]
    looks, now = [], 400.0
    for place in wanted:
        lasts = 900 * random.lognormvariate(0, 0.5)
        looks.append({"place": place, "start_ms": round(now, 1), "ms": round(lasts, 1)})
        now += lasts + 300
    return looks
