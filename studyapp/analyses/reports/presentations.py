"""How pictures were seen and looked at, as a report's tables."""

from collections.abc import Iterator

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import number

# No browser tells when a picture was gone
MEASURED = {
    "element": "seen from the browser's paint, until a frame of the page",
    "frame": "seen from a frame of the page, until another",
    "none": "pages without a picture",
}


def presentation_tables(found: Facts) -> Iterator[Table]:
    """Nothing where no page presented its pictures."""
    told = found.get("presentation")
    if told is None:
        return
    yield Table("How pictures were presented", ["", "answers"], list(_kept(told)))
    if any("mean_ms" in one for one in told["pictures"]):
        header = ["picture", "answers", "asked for", "seen, mean", "least to most",
                  "off by at most", "beyond that"]  # fmt: skip
        rows = [_exposure(one) for one in told["pictures"] if "mean_ms" in one]
        yield Table("How long pictures were seen, in milliseconds", header, rows)
    if told["looks"]:
        header = ["picture", "answers", "looked at", "times, mean", "ms, mean", "ms, median"]
        rows = [_look(one) for one in told["looks"]]
        yield Table("How long people looked at pictures that they asked for", header, rows)
    if films := told.get("films"):
        header = ["film", "answers", "watched", "times, mean", "ms to its end, mean", "waited",
                  "not shown"]  # fmt: skip
        yield Table("How films were watched", header, [_film(one) for one in films])


def _kept(told: Facts) -> Iterator[list[str]]:
    yield ["with a presentation", str(told["n"])]
    for name, count in told["measured_by"].items():
        yield [MEASURED.get(name, name), str(count)]
    yield ["page hidden meanwhile", str(told["interrupted"])]
    yield ["page shown more than once", str(told["again"])]
    if beyond := told.get("beyond"):
        yield ["looks counted without the time of each", str(beyond)]
    for why, count in told["unreadable"].items():
        yield [f"record not readable: {why}", str(count)]


def _label(one: Facts) -> str:
    return f"{one['block']}, {one['condition']}: {one['role']}"


def _exposure(one: Facts) -> list[str]:
    return [
        _label(one), str(one["n"]), f"{one['asked_ms']}", number(one["mean_ms"]),
        f"{number(one['least_ms'])} to {number(one['most_ms'])}", number(one["error_ms"]),
        str(one["other"]),
    ]  # fmt: skip


def _look(one: Facts) -> list[str]:
    return [
        f"{_label(one)}, {one['kind']}", str(one["n"]), str(one["looked"]),
        number(one["mean_count"]), number(one["mean_ms"]), number(one["median_ms"]),
    ]  # fmt: skip


def _film(one: Facts) -> list[str]:
    return [
        _label(one), str(one["n"]), str(one["watched"]), number(one["mean_plays"]),
        number(one["mean_ms"]), str(one["stalled"]), str(one["failed"]),
    ]  # fmt: skip
