"""What threads made, written into its rows by the worker's own thread, a batch at a time."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from django.db import transaction

from studyapp import storage
from studyapp.models import Explanation, Work
from studyapp.studies.preparation.claims import finish

from .batches import refuse
from .drawing import Made

# The name of the claim on the rows of each kind
Claims = Mapping[type[Work], str]


def settle(made: Iterable[tuple[list[Made], list[Made]]], claims: Claims) -> None:
    """Record maps and the pictures drawn of them, photo by photo, in one transaction.

    A picture counts only where all the maps of its photo were recorded: another worker may have
    made them since. Then what could not be made is refused, which may raise StorageFault.
    """
    kept: list[Made] = []
    lost: list[Made] = []
    refused: list[Made] = []
    with transaction.atomic():
        for maps, pictures in made:
            found, gone = _recorded(maps, claims)
            kept += found
            failed = [one for one in (*maps, *pictures) if one.error is not None]
            lost += gone
            refused += failed
            if gone or any(one.error is not None for one in maps):
                lost += [one for one in pictures if one.error is None]
                continue
            found, gone = _recorded(pictures, claims)
            kept += found
            lost += gone
    for one in lost:
        storage.remove(_file_of(one))
    for one in kept:
        if was_tried(one.row):
            _remove_leftovers(_file_of(one))
    for one in refused:
        assert one.error is not None
        refuse(one.row, claims[type(one.row)], one.error)


def _recorded(made: Iterable[Made], claims: Claims) -> tuple[list[Made], list[Made]]:
    """What was stored and is now recorded; and what was stored under a claim that is lost."""
    kept: list[Made] = []
    lost: list[Made] = []
    for one in made:
        if one.error is None:
            is_kept = finish(one.row, claims[type(one.row)], **one.values)
            (kept if is_kept else lost).append(one)
    return kept, lost


def was_tried(row: Work) -> bool:
    """Whether an earlier try may have left a file: one that was counted, one that failed before the
    row was asked for again, or one that lost its database."""
    return row.attempts > 1 or row.finished_at is not None or bool(row.error)


def _file_of(one: Made) -> str:
    return str(one.values["map_file" if isinstance(one.row, Explanation) else "file"])


def _remove_leftovers(file: str) -> None:
    """Remove what earlier tries left of the row whose recorded file this is.

    Only once it is recorded: a worker that has lost its claim would remove the file that counts.
    """
    row = PurePosixPath(file).name.rpartition("-")[0]
    # Pictures were once named without a claim
    storage.remove_leftovers(file, [f"{dot}{row}{end}" for dot in ("", ".") for end in "-."])
