"""Which pictures a person's page has just named, so that fetching them costs no query.

Each process remembers what the last page that it wrote for a person shows. Whatever it does not
remember is looked up. A person who leaves through this process gets nothing more from then on; one
who leaves through another gets what their last page here named for as long as is remembered.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from studyapp.models import Participation, Trial
from studyapp.paradigms.base import PHOTO
from studyapp.studies.definition.study import Definition

from .trials import further_of, pictures_of

# Browsers fetch at once what a page names
SECONDS = 5
# Of people who look at a page now; some 2 kB each
MOST_PEOPLE = 2_000
# A picture's code → the study's photo (by key) whose overlays have one size; None for a plain photo
Named = Mapping[str, int | None]


@dataclass(frozen=True)
class _Remembered:
    study: int
    named: Named
    until: float


_remembered: OrderedDict[str, _Remembered] = OrderedDict()
_lock = Lock()


def named_on(trials: Sequence[Trial], definition: Definition) -> Named:
    """The pictures on the pages of `trials`, which are fetched for the first and ahead for others.
    Where one stands on several, as on any of them."""
    found: dict[str, int | None] = {}
    for trial in trials:
        for place, code in pictures_of(trial, definition).items():
            assert trial.stimulus is not None
            found[code] = None if place == PHOTO else trial.stimulus.photo_id
        found |= dict.fromkeys(further_of(trial, definition))
    return found


def remember(person: Participation, named: Named) -> None:
    """That a page of this person names these pictures, and no others any more."""
    with _lock:
        _remembered[person.code] = _Remembered(person.study_id, named, monotonic() + SECONDS)
        _remembered.move_to_end(person.code)
        while len(_remembered) > MOST_PEOPLE:
            _remembered.popitem(last=False)


def forget(code: str) -> None:
    """Whatever the pages of the person with `code` named."""
    with _lock:
        _remembered.pop(code, None)


def in_sight(code: str, name: str) -> tuple[int, int | None] | None:
    """The study (by key) and what is named (see Named) of a picture that a page of the person with
    `code` named just now; None where this process does not know of one."""
    found = _remembered.get(code)
    if found is None or name not in found.named or monotonic() > found.until:
        return None
    return found.study, found.named[name]
