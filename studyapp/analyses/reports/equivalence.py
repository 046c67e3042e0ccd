"""Whether differences are smaller than the smallest effect of interest, where one is named."""

from collections.abc import Iterator
from typing import Any

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import interval, p_value, points, signed

LEVEL = 0.05


def equivalence_sentences(found: Facts) -> Iterator[str]:
    """A sentence for each planned contrast; none where hypotheses have verdicts instead, or where
    the sequence decides."""
    is_elsewhere = found.get("hypothesis_family") or found.get("sequence")
    for one in [] if is_elsewhere else found["contrasts"]:
        if one["equivalence"] is not None and one["planned"]:
            yield f"{one['a']} − {one['b']}: {_verdict(one['equivalence'], _show(found))}"


def equivalence_table(found: Facts) -> Table | None:
    """Every contrast against the margin; None where the plan names no smallest effect, or where
    the sequence decides."""
    if found.get("sequence"):
        return None
    show = _show(found)
    rows = [
        [
            f"{one['a']} − {one['b']}",
            f"±{_size(told, show)}",
            interval(None if told["low90"] is None else (told["low90"], told["high90"]), show),
            p_value(told["p"]),
            _verdict(told, show),
        ]
        for one in found["contrasts"]
        if (told := one["equivalence"]) is not None
    ]
    header = ["contrast", "smallest effect", "90 % interval", "p, two one-sided tests", ""]
    title = "Differences against the smallest effect of interest"
    title += " (exploratory)" if found.get("hypothesis_family") else ""
    return Table(title, header, rows) if rows else None


def _show(found: Facts) -> Any:
    return points if found["outcome"] == "correct" else signed


def _size(told: Facts, show: Any) -> str:
    return str(show(told["margin"])).removeprefix("+")


def _verdict(told: Facts, show: Any) -> str:
    size = _size(told, show)
    if told["p"] is None:
        return f"no test against the smallest effect of interest, {size}."
    is_smaller = told["p"] < LEVEL
    verdict = "the difference is" if is_smaller else "the difference could not be shown to be"
    return (
        f"{verdict} smaller than the smallest effect of interest, {size} "
        f"(equivalence p {p_value(told['p'])})."
    )
