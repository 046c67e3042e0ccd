"""Power against the size of an effect, and as a surface of people × photos."""

from collections.abc import Mapping, Sequence

from studyapp.analyses.numerals import short, whole_percent

from .drawing import WIDTH, Drawing, Figure
from .scales import Scale, horizontal_axis, vertical_axis

LEFT, RIGHT, TOP, BOTTOM = 48, 78, 10, 190
CELL = 34
WANTED = 0.8


def power_curves(
    title: str, curves: Mapping[int, Sequence[tuple[float, float]]], effect_words: str
) -> Figure:
    """One curve a number of people: (effect, power) from left to right."""
    drawing = Drawing(BOTTOM + 40)
    effects = [effect for points in curves.values() for effect, _ in points]
    across = Scale(min(effects), max(effects) or 1, LEFT, WIDTH - RIGHT)
    upward = Scale(0, 1, BOTTOM, TOP)
    drawing.line((LEFT, upward(WANTED)), (WIDTH - RIGHT, upward(WANTED)), "null")
    for place, points in enumerate(curves.values()):
        places = [(across(effect), upward(power)) for effect, power in points]
        drawing.path(places, f"curve dash-{place % 4}")
    for people, y in _apart({people: upward(points[-1][1]) for people, points in curves.items()}):
        drawing.text(WIDTH - RIGHT + 5, y + 4, f"{people} people", "faint")
    vertical_axis(drawing, upward, LEFT, whole_percent)
    horizontal_axis(drawing, across, BOTTOM, short)
    drawing.text((LEFT + WIDTH - RIGHT) / 2, BOTTOM + 32, effect_words, "faint", "middle")
    alt = f"{title}. " + " ".join(_sentence(*one) for one in curves.items())
    rows = [
        [str(people), short(effect), whole_percent(power)]
        for people, points in curves.items()
        for effect, power in points
    ]
    return Figure(title, alt, drawing.svg(alt), ["people", effect_words, "power"], rows)


def power_surface(
    title: str, people: Sequence[int], photos: Sequence[int], power: Sequence[Sequence[float]]
) -> Figure:
    """`power[row][column]` for each number of photos (row) and people (column): darker is more."""
    drawing = Drawing(CELL * len(photos) + 44)
    width = (WIDTH - 90) / len(people)
    for row, count in enumerate(photos):
        drawing.text(80, CELL * row + 21, f"{count} photos", "faint", "end")
        for column, value in enumerate(power[row]):
            _cell(drawing, (90 + width * column, CELL * row), width, value)
    for column, count in enumerate(people):
        drawing.text(
            90 + width * (column + 0.5), CELL * len(photos) + 16, str(count), "faint", "middle"
        )
    drawing.text(90 + (WIDTH - 90) / 2, CELL * len(photos) + 34, "people", "faint", "middle")
    rows = [
        [str(count), *map(whole_percent, values)]
        for count, values in zip(photos, power, strict=True)
    ]
    alt = f"{title}: " + "; ".join(
        f"{row[0]} photos "
        + ", ".join(f"{n} people {p}" for n, p in zip(people, row[1:], strict=True))
        for row in rows
    )
    return Figure(title, alt, drawing.svg(alt), ["photos", *(f"{n} people" for n in people)], rows)


def _cell(drawing: Drawing, corner: tuple[float, float], width: float, value: float) -> None:
    x, y = corner
    drawing.add(
        "rect", "level p2", x=x, y=y, width=width, height=CELL, fill_opacity=round(value, 2)
    )
    ink = "on-dark" if value > 0.55 else "label"
    drawing.text(x + width / 2, y + 21, whole_percent(value), ink, "middle")


def _apart(places: Mapping[int, float]) -> list[tuple[int, float]]:
    """The labels' heights, pushed apart so that none covers another."""
    found: list[tuple[int, float]] = []
    for people, y in sorted(places.items(), key=lambda one: one[1]):
        found.append((people, max(y, found[-1][1] + 13) if found else y))
    return found


def _sentence(people: int, points: Sequence[tuple[float, float]]) -> str:
    said = ", ".join(f"{whole_percent(power)} at {short(effect)}" for effect, power in points)
    return f"{people} people: {said}."
