"""Which pictures a person's page has just named, so that fetching them costs no query.

The processes of one gunicorn share what they remember: for each person, the pictures on the last
page that any of them wrote. Whatever they do not remember is looked up. A person who leaves gets
nothing more from then on. One who leaves through another machine still gets what their last page
here named, for as long as it is remembered.
"""

from collections.abc import Mapping, Sequence
from time import monotonic

from studyapp.models import Participation, Trial
from studyapp.paradigms.base import PHOTO
from studyapp.serving.blackboard import BLACKBOARD
from studyapp.studies.definition.study import Definition

from .trials import further_of, pictures_of

# Browsers fetch at once what a page names
SECONDS = 5
# A picture's code → the study's photo (by key) whose overlays have one size; None for a plain photo
Named = Mapping[str, int | None]


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
    """Remember that this person's page now names these pictures and no others, unless they have
    just withdrawn."""
    if not _has_just_withdrawn(person.code):
        BLACKBOARD.write(person.code, [person.study_id, monotonic() + SECONDS, named])


def forget(code: str) -> None:
    """Forget whatever the pages of the person with `code` named."""
    if not _has_just_withdrawn(code):
        BLACKBOARD.wipe(code)


def withdrawn(code: str) -> None:
    """Forget the same, and whatever a process may still remember that looked before the person with
    `code` withdrew."""
    BLACKBOARD.write(code, [None, monotonic() + SECONDS, {}])


def _has_just_withdrawn(code: str) -> bool:
    found = BLACKBOARD.read(code)
    return found is not None and found[0] is None and monotonic() <= found[1]


def in_sight(code: str, name: str) -> tuple[int, int | None] | None:
    """The study (by key) and what is named (see Named) of a picture that a page of the person with
    `code` has just named; None if these processes do not know of one."""
    found = BLACKBOARD.read(code)
    if found is None:
        return None
    study, until, named = found
    # The monotonic clock is the machine's, so it is the same in all processes.
    if name not in named or monotonic() > until:
        return None
    return study, named[name]
