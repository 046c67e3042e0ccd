"""Contenders that take turns in one run, and whether the machine was quiet enough to judge them."""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Contender = Callable[[], object]
MOST_FOREIGN = 0.25  # cores that other processes may take
MOST_SPREAD = 0.10  # half of a contender's times may lie so far apart, as a share of the median
TICKS = os.sysconf("SC_CLK_TCK")
BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal: columns of /proc/stat


class Clock:
    """Processor time of this process, or the clock's where a run asks for that."""

    read: Callable[[], float] = staticmethod(time.process_time)


@dataclass
class Turns:
    """`seconds[name]`: one number for each round. `foreign`: cores that others took meanwhile."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    foreign: float = 0.0

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, one: str, other: str) -> "Ratio":
        """One contender's time by another's, each pair from the same round."""
        rounds = zip(self.seconds[one], self.seconds[other], strict=True)
        return Ratio(sorted(a / b for a, b in rounds))

    def doubts(self) -> list[str]:
        """Why these numbers can't be judged; nothing where they can."""
        found = []
        if self.foreign > MOST_FOREIGN:
            found.append(f"other processes took {self.foreign:.2f} cores")
        for name, seconds in self.seconds.items():
            spread = spread_of(seconds) / statistics.median(seconds)
            if spread > MOST_SPREAD:
                found.append(f"{name} varied by {spread:.0%}")
        return found


@dataclass(frozen=True)
class Ratio:
    """The ratios of all rounds, in order."""

    rounds: list[float]

    @property
    def middle(self) -> float:
        return statistics.median(self.rounds)

    @property
    def verdict(self) -> str:
        """ "level": no more than the rounds differ among themselves."""
        if self.rounds[-1] < 1:
            return "faster"
        return "level" if self.middle <= 1 or self.rounds[0] <= 1 else "slower"

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.rounds[0]:.2f}–{self.rounds[-1]:.2f})"


def spread_of(seconds: list[float]) -> float:
    """The distance between the quartiles."""
    if len(seconds) < 3:
        return max(seconds) - min(seconds)
    low, _, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return high - low


def take_turns(contenders: Mapping[str, Contender], repeats: int) -> Turns:
    """Each contender once a round, after one round that isn't counted."""
    names = list(contenders)
    found = Turns({name: [] for name in names})
    for run in contenders.values():
        run()
    with _others(found):
        for turn in range(repeats):
            # Whoever follows another finds that one's memory in the caches: not always the same
            for name in names[:: -1 if turn % 2 else 1]:
                started = Clock.read()
                contenders[name]()
                found.seconds[name].append(Clock.read() - started)
    return found


def medians(contenders: Mapping[str, Contender], repeats: int) -> dict[str, float]:
    """Median seconds of each."""
    found = take_turns(contenders, repeats)
    return {name: found.median(name) for name in contenders}


@contextmanager
def _others(found: Turns) -> Iterator[None]:
    """Count the cores that other processes take."""
    started, machine, own = time.perf_counter(), _machine_seconds(), time.process_time()
    yield
    wall = time.perf_counter() - started
    taken = _machine_seconds() - machine - (time.process_time() - own)
    found.foreign = max(0.0, taken / wall)


def _machine_seconds() -> float:
    columns = Path("/proc/stat").read_text("utf-8").splitlines()[0].split()[1:]
    return sum(int(columns[n]) for n in BUSY) / TICKS


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*cells: object) -> None:
    print()
    row(*cells)
    row(*("---" for _ in cells))


def megabytes(name: str) -> float:
    """A line of Linux' account of this process: VmRSS is held now, VmHWM the most so far."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(name))
    return int(line.split()[1]) / 1024
