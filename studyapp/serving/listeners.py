"""gunicorn's addresses, which take calls once a worker has loaded the site.

gunicorn itself listens first and has its workers load the site afterwards. Whoever calls meanwhile
is connected by the kernel and waits, for seconds on a busy machine, though other web processes
could answer. A refused call goes to one of those at once.
"""

from collections.abc import Iterable

from gunicorn.sock import BaseSocket

_listens = BaseSocket._is_listening


def hold_back() -> None:
    """Have gunicorn only bind its addresses. It skips `listen` for a socket that listens already,
    so it is told that all of them do; those that it inherits really do."""
    BaseSocket._is_listening = staticmethod(lambda _: True)


def take_calls(listeners: Iterable[BaseSocket], backlog: int) -> None:
    for listener in listeners:
        if not _listens(listener.sock):
            listener.sock.listen(backlog)
