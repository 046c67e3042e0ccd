"""The files in which gunicorn's processes count: one folder for each gunicorn, in memory.

gunicorn's first process calls this, so that nothing of Django is imported here.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

# By this name prometheus-client knows that several processes count.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "discern-metrics-"
# In the names of files: what all processes that have ended had counted
ENDED = "ended"


def name_folder(environ: MutableMapping[str, str], within: str = "/dev/shm") -> None:  # nosec B108
    """Have this gunicorn's processes count in a folder of its own; a reload keeps it."""
    environ[FOLDER] = str(Path(within, f"{PREFIX}{os.getpid()}"))


def make_folder(folder: Path) -> None:
    """An empty folder; those of gunicorns that were killed are deleted."""
    for other in folder.parent.glob(f"{PREFIX}*"):
        if other == folder or not _lives(other.name.removeprefix(PREFIX)):
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(mode=0o700)


def _lives(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def whole(folder: Path, *, alone: bool = False) -> Iterator[None]:
    """Nobody else changes which files there are; `alone`: nor reads them."""
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def add_ended(folder: Path, process: int) -> None:
    """Add what a process counted, which has ended, to what others had before it: the sums stay,
    and restarts leave no files behind."""
    from prometheus_client.mmap_dict import MmapedDict

    with whole(folder, alone=True):
        for file in folder.glob(f"*_{process}.db"):
            kind = file.name.partition("_")[0]
            total = MmapedDict(str(folder / f"{kind}_{ENDED}.db"))
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
                before, _ = total.read_value(key)
                total.write_value(key, before + value, 0.0)
            total.close()
            file.unlink()
