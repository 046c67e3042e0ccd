"""How often people preferred not to say, for the report."""

from collections.abc import Iterator

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import percent


def declines_tables(found: Facts) -> Iterator[Table]:
    """By condition, where people could: of two that differ in it, those who answered may not be the
    same kind of people."""
    if (told := found.get("declined")) is None:
        return
    rows = [
        [name, str(one["asked"]), str(one["declined"]), percent(one["declined"] / one["asked"])]
        for name, one in told["methods"].items()
    ]
    header = ["", "asked", "declined", "share"]
    yield Table("“Prefer not to say”: answers without a score, left out above", header, rows)


def declined_words(count: int) -> str:
    """Of one stimulus; empty where nobody declined."""
    return f"{count} × “Prefer not to say”" if count else ""
