"""Notes that all processes of one gunicorn share, in memory that each of them inherits.

gunicorn's first process imports this before it makes the others, so that nothing of Django is
imported here. A process without one has the notes for itself.
"""

import json
import mmap
import struct
import zlib
from typing import Any

# 16 MB, of which a machine gives what is written to
PLACES, PLACE_BYTES = 4096, 4096
# A note's length and its checksum
HEAD = struct.Struct("<II")
MOST_BYTES = PLACE_BYTES - HEAD.size


class Blackboard:
    """One note under a name. A place has room for one, so that a later one may take the place of
    another name's; nobody waits for anybody, and a note that is half written is none."""

    def __init__(self, places: int = PLACES) -> None:
        self.places = places
        self._memory = mmap.mmap(-1, places * PLACE_BYTES)

    def write(self, name: str, note: Any) -> None:
        """`note`: what JSON can say; one that has no room is not kept, nor the one before it."""
        text = json.dumps([name, note], separators=(",", ":")).encode()
        self._put(name, text if len(text) <= MOST_BYTES else b"")

    def read(self, name: str) -> Any:
        """The note; None where there is none any more."""
        place = self._place(name)
        length, checksum = HEAD.unpack_from(self._memory, place)
        start = place + HEAD.size
        text = self._memory[start : start + min(length, MOST_BYTES)]
        if not text or zlib.crc32(text) != checksum:
            return None
        written, note = json.loads(text)
        return note if written == name else None

    def wipe(self, name: str) -> None:
        """Whatever is in the name's place."""
        self._put(name, b"")

    def _put(self, name: str, text: bytes) -> None:
        place, whole = self._place(name), HEAD.pack(len(text), zlib.crc32(text)) + text
        self._memory[place : place + len(whole)] = whole

    def _place(self, name: str) -> int:
        return zlib.crc32(name.encode()) % self.places * PLACE_BYTES


BLACKBOARD = Blackboard()
