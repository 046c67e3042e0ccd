"""Both sides held against each other: what people were told and what is stored, rows and files."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from django.core.files.storage import default_storage

from studyapp.models import (
    Crop,
    Explanation,
    Judgment,
    Overlay,
    Participation,
    Status,
    Study,
    WorkState,
)

from .lines import Lines
from .people import Seen

WORK = ("pk", "state", "attempts")
MAP, PICTURE = ("map_file", "map_digest"), ("file", "digest")


@dataclass(frozen=True)
class Kept:
    """What became of the answers. `other`: stored, but not as anybody sent it, or without its
    time."""

    acknowledged: int
    stored: int
    lost: int
    double: int
    other: int
    twice_entered: int
    wrong_codes: int

    @property
    def is_whole(self) -> bool:
        return not (
            self.lost or self.double or self.other or self.twice_entered or self.wrong_codes
        )


def kept(study: Study, seen: Seen) -> Kept:
    rows = Judgment.objects.filter(participation__study=study)
    stored: Counter[tuple[str, str]] = Counter()
    other = 0
    columns = ("participation__code", "trial__code", "value", "rt_ms")
    for person, trial, value, rt_ms in rows.values_list(*columns).iterator():
        stored[person, trial] += 1
        other += (value, rt_ms) not in seen.sent.get((person, trial), ())
    people = Participation.objects.filter(study=study)
    finished = people.filter(status=Status.FINISHED).values_list("code", "completion_code")
    codes = dict(finished)
    return Kept(
        acknowledged=len(seen.acknowledged),
        stored=stored.total(),
        lost=len(seen.acknowledged - stored.keys()),
        double=sum(count - 1 for count in stored.values()),
        other=other,
        twice_entered=people.count()
        - people.values("participant__identity__external_id").distinct().count(),
        wrong_codes=sum(codes.get(code) != shown for code, shown in seen.completion.items()),
    )


@dataclass(frozen=True)
class Made:
    """What became of the explanations and pictures that workers made meanwhile."""

    studies: int
    ready: int
    unfinished: int
    failed: int
    taken_up_again: int
    missing: int
    damaged: int
    orphans: int

    @property
    def is_whole(self) -> bool:
        return not (self.unfinished or self.failed or self.missing or self.damaged or self.orphans)


def made(lines: Lines) -> Made:
    """The rows that workers filled, and every file below maps/ and pictures/."""
    files = {
        **dict(Explanation.objects.filter(map_file__startswith="maps/").values_list(*MAP)),
        **dict(Overlay.objects.exclude(file="").values_list(*PICTURE)),
        **dict(Crop.objects.exclude(file="").values_list(*PICTURE)),
    }
    there = {name for kind in ("maps", "pictures") for name in below(kind)}
    rows = [row for found in lines.rows() for row in found.values_list(*WORK)]
    states = Counter(state for _, state, _ in rows)
    return Made(
        studies=len(lines.begun),
        ready=states[WorkState.READY],
        unfinished=states[WorkState.PENDING],
        failed=states[WorkState.FAILED],
        taken_up_again=sum(attempts > 1 for _, _, attempts in rows),
        missing=len(files.keys() - there),
        damaged=sum(digest_of(name) != files[name] for name in files.keys() & there),
        orphans=len(there - files.keys()),
    )


def below(folder: str) -> Iterator[str]:
    """Every file below a folder of the storage, by name."""
    with suppress(FileNotFoundError):  # nothing was stored there
        folders, files = default_storage.listdir(folder)
        yield from (f"{folder}/{name}" for name in files)
        for name in folders:
            yield from below(f"{folder}/{name}")


def digest_of(name: str) -> str:
    with default_storage.open(name) as file:
        return sha256(file.read()).hexdigest()
