"""Power against the size of an effect, and as a surface of people × photos."""

from collections.abc import Mapping, Sequence

from studyapp.shelf.formatting import short, whole_percent

from .figure import Figure


def power_curves(
    title: str, curves: Mapping[int, Sequence[tuple[float, float]]], effect_words: str
) -> Figure:
    """One curve a number of people: (effect, power) from left to right."""
    said = (
        f"{people} people: "
        + ", ".join(f"{whole_percent(power)} at {short(effect)}" for effect, power in points)
        for people, points in curves.items()
    )
    rows = [
        [str(people), short(effect), whole_percent(power)]
        for people, points in curves.items()
        for effect, power in points
    ]
    data = {
        "kind": "power_curves", "title": title, "effect_words": effect_words,
        "curves": {str(people): list(points) for people, points in curves.items()},
    }  # fmt: skip
    alt = f"{title}. {'. '.join(said)}."
    return Figure(title, alt, data, ["people", effect_words, "power"], rows)


def power_surface(
    title: str, people: Sequence[int], photos: Sequence[int], power: Sequence[Sequence[float]]
) -> Figure:
    """`power[row][column]` for each number of photos (row) and people (column): darker is more."""
    rows = [
        [str(count), *map(whole_percent, values)]
        for count, values in zip(photos, power, strict=True)
    ]
    alt = f"{title}: " + "; ".join(
        f"{row[0]} photos "
        + ", ".join(f"{n} people {p}" for n, p in zip(people, row[1:], strict=True))
        for row in rows
    )
    data = {
        "kind": "power_surface", "title": title, "people": people, "photos": photos, "power": power,
    }  # fmt: skip
    return Figure(title, alt, data, ["photos", *(f"{n} people" for n in people)], rows)
