"""What a process writes to a terminal: its last line, and how far a bar is."""

import errno
import os
import re
import select

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# A bar of tqdm's: Photos:  45%|████▌     | 72/160 [00:10<00:12,  7.1photo/s]
BAR = re.compile(r"(?:(.*?):)?\s*(\d{1,3})%\|.*\|\s*(\S+)/(\S+) \[[^<\]]*(?:<([\d:]+))?")
MOST = 20_000  # characters that are remembered


class Screen:
    """Reads a pseudo-terminal by its descriptor."""

    def __init__(self, terminal: int) -> None:
        self.terminal = terminal
        self.written = ""

    def read(self) -> None:
        """Take what was written since, without waiting for more."""
        while select.select([self.terminal], [], [], 0)[0]:
            try:
                found = os.read(self.terminal, MOST)
            except OSError as error:
                if error.errno == errno.EIO:  # all who could write are gone
                    return
                raise
            self.written = (self.written + found.decode("utf-8", errors="replace"))[-MOST:]

    @property
    def lines(self) -> list[str]:
        pieces = re.split(r"[\r\n]+", CODES.sub("", self.written))
        return [line for piece in pieces if (line := piece.strip())]

    @property
    def _bar(self) -> re.Match[str] | None:
        return BAR.match(self.lines[-1]) if self.lines else None

    @property
    def doing(self) -> str:
        """What the last line says, of a bar without its drawing; at most 200 characters."""
        if (bar := self._bar) is None:
            return self.lines[-1][:200] if self.lines else ""
        left = f", {bar[5]} left" if bar[5] else ""
        return f"{bar[1] or 'step'}: {bar[3]} of {bar[4]}{left}"[:200]

    @property
    def share(self) -> int | None:
        """Percent of the last bar; None where the last line is none."""
        return int(self._bar[2]) if self._bar else None

    @property
    def last_words(self) -> str:
        """The last line that is no bar."""
        return next((line for line in reversed(self.lines) if not BAR.match(line)), "")
