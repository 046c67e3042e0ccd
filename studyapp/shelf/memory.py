"""Remembered results, for callers who must know whether the function would have to look again."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar, TypeVarTuple

Args = TypeVarTuple("Args")
Value = TypeVar("Value")


class Remembered(Generic[*Args, Value]):
    """A function that remembers its latest `most` results and forgets earlier ones.

    Unlike with `functools.lru_cache`, a remembered result can be read without a call.
    """

    def __init__(self, look_up: Callable[[*Args], Value], most: int) -> None:
        self.look_up, self.most = look_up, most
        self._found: dict[tuple[*Args], Value] = {}
        self._lock = Lock()

    def __call__(self, *args: *Args) -> Value:
        found = self.known(*args)
        if found is None:
            found = self.look_up(*args)
            with self._lock:
                self._found[args] = found
                while len(self._found) > self.most:
                    del self._found[next(iter(self._found))]
        return found

    def known(self, *args: *Args) -> Value | None:
        """What is remembered; None if the function would have to be called."""
        return self._found.get(args)

    def cache_clear(self) -> None:
        with self._lock:
            self._found.clear()


def remembered(*, most: int) -> Callable[[Callable[[*Args], Value]], Remembered[*Args, Value]]:
    return lambda look_up: Remembered(look_up, most)
