"""Every stimulus with its overlays, from the highest mean outcome to the lowest, or in the order of
the design where what stands on one page is compared: there the mean over all is always the same."""

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image as Picture

from studyapp.models import Kind
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.base import of_member
from studyapp.paradigms.tabulation import Facts
from studyapp.sections.meetings import members
from studyapp.shelf.formatting import number, percent, signed

from .declines import declined_words
from .study_record import StudyRecord

Show = Callable[[float | None], str]
# Of what is shown: role, digest of the file, what it is, and a film's seconds
Part = tuple[str, str, str, float | None]
SIDE, QUALITY = 128, 78


@dataclass(frozen=True)
class Cell:
    """A stimulus under one condition. `pictures`: (role, address of the picture with its data);
    `texts`: (role, words) of explanations that are words."""

    condition: str
    figure: str
    pictures: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entry:
    """`figure`: the mean over all conditions; empty where it says nothing. `declined`: how often
    people preferred not to say; empty where nobody did."""

    rank: int
    stimulus: str
    category: str
    photo: str
    figure: str
    cells: tuple[Cell, ...]
    declined: str = ""


def gallery(record: StudyRecord, found: Facts) -> list[Entry]:
    """The stimuli that analysed people judged, in their order."""
    judged: Mapping[str, Facts] = found.get("stimuli") or {}
    ranked = is_ranked(found)
    order = sorted(judged, key=lambda key: (-_pooled(judged[key])["mean"] if ranked else 0.0, key))
    shown = _explanations(record)
    show = {"score": signed, "correct": percent, "value": number}[found["outcome"]]
    declined: Mapping[str, int] = found.get("declined", {}).get("stimuli", {})
    entries = (
        _entry(
            record,
            (place, key, _figure(_pooled(judged[key]), show) if ranked else ""),
            judged[key],
            shown.get(key, {}),
            show,
        )
        for place, key in enumerate(order, 1)
    )
    return [replace(one, declined=declined_words(declined.get(one.stimulus, 0))) for one in entries]


def is_ranked(found: Facts) -> bool:
    """Whether one stimulus can have a higher mean than another: answers on several scales have no
    common mean."""
    has_scales = "scales" in (found.get("alpha") or {})
    return PARADIGMS[found["paradigm"]].meets == "one" and not has_scales


def _pooled(methods: Mapping[str, Facts]) -> dict[str, Any]:
    """Over all methods: how many judgments, and their mean."""
    count = sum(one["n"] for one in methods.values())
    return {"n": count, "mean": sum(one["n"] * one["mean"] for one in methods.values()) / count}


def _explanations(record: StudyRecord) -> dict[str, dict[str, list[Part]]]:
    """(role, digest of the overlay, kind) by stimulus and condition."""
    found: dict[str, dict[str, list[Part]]] = {}
    for row in record.frames["explanations"].itertuples(index=False):
        condition, role = of_member(str(row.condition), str(row.role))
        pictures = found.setdefault(str(row.stimulus_id), {}).setdefault(condition, [])
        lasts = float(str(row.seconds)) if row.kind == Kind.FILM else None
        part = (role, str(row.overlay_sha256), str(row.kind), lasts)
        # A member of several meetings is there once for each
        if part not in pictures:
            pictures.append(part)
    return found


def _entry(
    record: StudyRecord,
    heading: tuple[int, str, str],
    methods: Mapping[str, Facts],
    shown: Mapping[str, list[Part]],
    show: Show,
) -> Entry:
    rank, key, figure = heading
    stimuli = record.frames["stimuli"]
    stimulus = stimuli[stimuli["stimulus_id"] == key].iloc[0]
    cells = []
    for name, one in methods.items():
        # A statement's name follows a comma, which no condition's name has
        pictures = _shown_under(name.partition(", ")[0], shown)
        drawn, texts = tuple(_pictures(record, pictures)), tuple(_texts(record, pictures))
        cells.append(Cell(name, _figure(one, show), drawn, texts))
    category, photo = str(stimulus["category"]), str(stimulus["image_name"])
    return Entry(rank, key, category, photo, figure, tuple(cells))


def _shown_under(condition: str, shown: Mapping[str, list[Part]]) -> list[Part]:
    """A condition's pictures; of two that stood side by side each one's, by its name."""
    met = members(condition)
    if len(met) == 1:
        return shown.get(condition, [])
    return [
        (one, digest, kind, lasts)
        for one in met
        for role, digest, kind, lasts in shown.get(one, [])
        if role == "stronger"
    ]


def _figure(one: Facts, show: Show) -> str:
    """The mean outcome, of how many."""
    return f"{show(one['mean'])}, n = {one['n']}"


def _pictures(record: StudyRecord, shown: list[Part]) -> Iterator[tuple[str, str]]:
    for role, digest, kind, _ in sorted(shown):
        content = record.picture(digest) if kind not in (Kind.TEXT, Kind.FILM) else None
        if content is not None:
            yield role, _thumbnail(content)


def _texts(record: StudyRecord, shown: list[Part]) -> Iterator[tuple[str, str]]:
    for role, digest, kind, seconds in sorted(shown):
        if kind == Kind.FILM:
            yield role, f"Film, {number(seconds or 0)} s"
        content = record.picture(digest) if kind == Kind.TEXT else None
        if content is not None:
            yield role, content.decode()


def _thumbnail(content: bytes) -> str:
    """The picture small, as an address that holds its data: the page asks for nothing outside."""
    with Picture.open(io.BytesIO(content)) as picture:
        small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
