"""What threads made, written into its rows by the worker's own thread, a batch at a time."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from studyapp import storage
from studyapp.models import Work
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
    lost, refused = [], []
    with transaction.atomic():
        for maps, pictures in made:
            gone = [one for one in maps if one.error is None and not _is_kept(one, claims)]
            failed = [one for one in (*maps, *pictures) if one.error is not None]
            lost += gone
            refused += failed
            if gone or any(one.error is not None for one in maps):
                continue
            for one in pictures:
                if one.error is None:
                    _is_kept(one, claims)
    for one in lost:
        storage.remove(one.values["map_file"])
    for one in refused:
        assert one.error is not None
        refuse(one.row, claims[type(one.row)], one.error)


def _is_kept(one: Made, claims: Claims) -> bool:
    return finish(one.row, claims[type(one.row)], **one.values)
