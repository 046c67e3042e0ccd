"""Ready studies, asked for at the desk: what they need is made by `python -m ready make`, in a
process of its own that ends with the row; then they are loaded as drafts."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import transaction

from ready.catalogue import FILES, needed_by
from studyapp.models import Making, Study
from studyapp.queue import MAKE, MEASURING, app, ask
from studyapp.studies.definition.file import DefinitionError
from studyapp.studies.loading import LoadingError
from studyapp.studies.photos.readers import ReaderError
from studyapp.studies.preparation.claims import fail, finish, is_held
from studyapp.studies.ready_files import load_ready

from .batches import claimed, refuse_fault, worker_name
from .children import bounded, end
from .screens import Screen

LOOK_SECONDS = 0.5
# Shorter than LONGEST_TASK_SECONDS, after which another worker would get the message
MOST_SECONDS = 3300
ROWS_AND_COLUMNS = (50, 160)


class _LostError(Exception):
    """The row was cancelled, or is another worker's by now."""


@app.task(name=MAKE)
def make_ready(keys: list[int]) -> None:
    """Make the claimed ones of the ready studies `keys`, one after the other. Where a worker is at
    another one they stay as they are: its end asks for the next."""
    if Making.objects.pending().filter(is_held()).exists():
        return
    with claimed(Making.objects.filter(pk__in=keys), MAKE, queue=MEASURING) as (name, mine):
        for row in mine.select_related("made_by"):
            if why := _made(row, name):
                fail(row, name, why)
            else:
                _load(row, name)
    free = Making.objects.pending().exclude(is_held()).order_by("asked_at")
    for key in free.values_list("pk", flat=True)[:1]:
        ask(MAKE, [key], queue=MEASURING)


def command(row: Making) -> list[str]:
    """What makes all that the study needs, and nothing of it that is there."""
    needed = needed_by(FILES / f"{row.ready}.toml")
    return bounded([sys.executable, "-m", "ready", "make", *needed], MOST_SECONDS)


def _made(row: Making, name: str) -> str:
    """Why what the study needs could not be made; empty when it is there."""
    # A terminal, as bars are drawn nowhere else
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *ROWS_AND_COLUMNS, 0, 0))
        child = subprocess.Popen(
            command(row), cwd=settings.ROOT, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
            start_new_session=True, env={**os.environ, "DISCERN_VAR": str(settings.VAR)},
        )  # fmt: skip
        os.close(theirs)
        screen = Screen(terminal.fileno())
        try:
            why = _follow(child, screen, row, name)
        finally:
            end(child)
        screen.read()
    if why or child.returncode == 0:
        return why
    return f"{worker_name()}: {screen.last_words or 'it ended without saying why'}"


def _follow(child: "subprocess.Popen[bytes]", screen: Screen, row: Making, name: str) -> str:
    """Until the process has ended, or must: why it must. Who cancels takes the claim away."""
    deadline = time.monotonic() + MOST_SECONDS
    mine = Making.objects.pending().filter(pk=row.pk, claimed_by=name)
    while child.poll() is None:
        screen.read()
        if not mine.update(doing=screen.doing, share=screen.share):
            return "cancelled"
        if time.monotonic() > deadline:
            last = f" (it was at: {screen.doing})" if screen.doing else ""
            return (
                f"took longer than {MOST_SECONDS // 60} minutes{last}; run `python -m ready make "
                f"{row.ready}` where the worker runs, then ask again"
            )
        time.sleep(LOOK_SECONDS)
    return ""


def _load(row: Making, name: str) -> None:
    """The draft and the row's end, both or neither."""
    try:
        with tempfile.TemporaryDirectory() as folder, transaction.atomic():
            study = load_ready(row.ready, row.slug, row.made_by, Path(folder))
            if not finish(row, name, study=study, doing="", share=None):
                raise _LostError
            _record(row, study)
    except _LostError:
        return
    except (DefinitionError, LoadingError, ReaderError) as error:
        fail(row, name, str(error))
    except OSError as error:
        refuse_fault(error)
        raise


def _record(row: Making, study: Study) -> None:
    LogEntry.objects.log_actions(
        user_id=row.made_by.pk,
        queryset=[study],
        action_flag=ADDITION,
        change_message=f"created from the ready study {row.ready}, which a worker has made",
        single_object=True,
    )
