"""`make mutants`: put every listed fault into a copy of the code, one at a time, and run its test.

`python -m tests.mutations [WORD…]` runs those whose list, fault, file or test contains a word.
Exit status 1 where a fault survived or a named test does not pass on the sound code.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue

from sandbox.scratch import scratch_environment

from .listed import ROOT, Mutation, listed

WORKERS = os.cpu_count() or 1
PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider"]
PASSED, FAILED = 0, 1
# A fault that makes its test run for ever is noticed as well as one that fails it.
SECONDS = 300


class Bench:
    """A copy of the tracked files with servers of its own, where one fault at a time is tried."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.has_database = False

    def status(self, tests: list[str]) -> int:
        # Migrating takes longer than most of the tests; one that was cut off may leave rows behind.
        database = "--reuse-db" if self.has_database else "--create-db"
        self.has_database = True
        try:
            return subprocess.run(
                [*PYTEST, "--reuse-db", database, *tests],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                timeout=SECONDS * len(tests),
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            self.has_database = False
            return FAILED

    def caught(self, mutation: Mutation) -> bool:
        path = self.folder / mutation.file
        sound = path.read_text(encoding="utf-8")
        path.write_text(mutation.broken(self.folder), encoding="utf-8")
        changes_the_tables = "migrations" in path.parts
        self.has_database &= not changes_the_tables
        try:
            # Any other status is a test that could not be run: that catches nothing.
            return self.status([mutation.test]) == FAILED
        finally:
            path.write_text(sound, encoding="utf-8")
            self.has_database &= not changes_the_tables


@contextmanager
def bench() -> Iterator[Bench]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="discern-mutants-")))
        copy_tracked_files(folder)
        environment = stack.enter_context(scratch_environment())
        # A file that was broken and fixed within one second would keep its stale byte code.
        yield Bench(folder, {**environment, "PYTHONDONTWRITEBYTECODE": "1"})


def copy_tracked_files(folder: Path) -> None:
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def chosen(words: list[str]) -> list[Mutation]:
    return [entry for entry in listed() if not words or any(word in str(entry) for word in words)]


def main(words: list[str]) -> int:
    mutations = chosen(words)
    complaints = [told for entry in mutations if (told := entry.complaint())]
    if complaints or not mutations:
        print("\n".join(complaints) or "No listed fault contains that word.")
        return 1
    with ExitStack() as stack:
        benches: Queue[Bench] = Queue()
        for _ in range(WORKERS):
            benches.put(stack.enter_context(bench()))
        return report(mutations, benches)


def report(mutations: list[Mutation], benches: "Queue[Bench]") -> int:
    tests = sorted({entry.test for entry in mutations})
    first = benches.get()
    if first.status(tests) != PASSED:
        print("On the sound code the named tests do not all pass; run them first:")
        print("\n".join(tests))
        return 1
    benches.put(first)

    def try_one(mutation: Mutation) -> bool:
        place = benches.get()
        began = time.monotonic()
        try:
            caught = place.caught(mutation)
        finally:
            benches.put(place)
        verdict = "caught  " if caught else "SURVIVED"
        print(f"{verdict} {time.monotonic() - began:5.1f} s  {mutation}", flush=True)
        return caught

    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(try_one, mutations))
    survivors = [entry for entry, caught in zip(mutations, results, strict=True) if not caught]
    print(f"\n{len(mutations) - len(survivors)} of {len(mutations)} faults were caught.")
    for entry in survivors:
        print(f"survived: {entry}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
