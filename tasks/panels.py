"""Panels asked once an hour what became of their sessions, with researchers' tokens."""

import contextlib

from studyapp.payments.line import PanelError
from studyapp.payments.polling import due, poll
from studyapp.queue import POLL, app


@app.task(name=POLL)
def poll_panels(keys: list[int]) -> None:
    """Ask with those of the accesses `keys` that are still due: another worker may have been first.

    Why a panel could not be asked is kept with the access, and shown at the desk.
    """
    for access in due().filter(pk__in=keys).select_related("study"):
        with contextlib.suppress(PanelError):
            poll(access)
