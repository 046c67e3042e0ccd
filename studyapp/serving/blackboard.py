"""Notes that all processes of one gunicorn share, in memory that each of them inherits.

gunicorn's first process imports this before it forks the others, so nothing of Django may be
imported here. A process that does not run under gunicorn has notes of its own.
"""

import json
import mmap
import struct
import zlib
from typing import Any

# 16 MB; a machine provides only the pages of memory that are written to
PLACES, PLACE_BYTES = 4096, 4096
# A note's length and its checksum
HEAD = struct.Struct("<II")
MOST_BYTES = PLACE_BYTES - HEAD.size


class Blackboard:
    """A hash table of notes by name. A slot has room for one note, so a note may overwrite that of
    another name. There are no locks; a note that is half written is ignored."""

    def __init__(self, places: int = PLACES) -> None:
        self.places = places
        self._memory = mmap.mmap(-1, places * PLACE_BYTES)

    def write(self, name: str, note: Any) -> None:
        """`note`: anything that JSON can hold. If it does not fit, the slot is left empty."""
        text = json.dumps([name, note], separators=(",", ":")).encode()
        self._put(name, text if len(text) <= MOST_BYTES else b"")

    def read(self, name: str) -> Any:
        """The note; None if there is none, or none any more."""
        place = self._place(name)
        length, checksum = HEAD.unpack_from(self._memory, place)
        start = place + HEAD.size
        text = self._memory[start : start + min(length, MOST_BYTES)]
        if not text or zlib.crc32(text) != checksum:
            return None
        written, note = json.loads(text)
        return note if written == name else None

    def wipe(self, name: str) -> None:
        """Remove whatever is in the name's slot."""
        self._put(name, b"")

    def _put(self, name: str, text: bytes) -> None:
        place, whole = self._place(name), HEAD.pack(len(text), zlib.crc32(text)) + text
        self._memory[place : place + len(whole)] = whole

    def _place(self, name: str) -> int:
        return zlib.crc32(name.encode()) % self.places * PLACE_BYTES


BLACKBOARD = Blackboard()
