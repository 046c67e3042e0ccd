"""Who may come to a study by their part in others, as its plan says it."""

from collections.abc import Iterator

from studyapp.sections.entry import EntrySection

ARMS = {
    "same": "They are asked in the arm of the name that theirs had there.",
    "other": "They are asked in another arm than there.",
}


def entry_lines(entry: EntrySection) -> Iterator[str]:
    """A line for each rule; none where anybody may come."""
    if entry.not_after:
        yield f"- Nobody who took a place in {_listed(entry.not_after)}."
    if entry.only_after:
        first, last = entry.wait_days, entry.at_most_days
        after = f", from {first} days after" if first is not None else ""
        until = f", at most {last} days after" if last is not None else ""
        yield f"- Only people who finished {_listed(entry.only_after)}{after}{until}."
    if entry.arm in ARMS:
        yield f"- {ARMS[entry.arm]}"


def _listed(slugs: list[str]) -> str:
    return " or ".join(f"`{slug}`" for slug in slugs)
