"""Many photos through one network: read ahead, computed together, each told what became of it.

Workers and the command line share it. Where a batch fails it is tried in halves, so that one photo
that can't be explained, or a batch too large for the memory, ends nothing else.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, cast

from explainer.errors import ExplainerError

Item = TypeVar("Item")
Read = TypeVar("Read")
Found = TypeVar("Found")
READERS = 2
TROUBLE = (ExplainerError, OSError, RuntimeError)  # of the input, of storages, of the memory


def in_batches(
    items: Iterable[Item],
    read: Callable[[Item], Read],
    compute: Callable[[Sequence[Read]], Found],
    *,
    size: int,
    is_passed_by: Callable[[Read], bool] = lambda value: False,
    readers: int = READERS,
) -> Generator[tuple[Sequence[Item], Found | Exception]]:
    """(the items of a batch, what `compute` gives for it); for an item that fails alone, its error.

    `read` runs in so many threads (`readers`), up to 2 · `size` items ahead of what is computed, so
    it should give what takes little memory. `compute` runs in the caller's thread, with what was
    read of up to `size` items. `is_passed_by`: whether what was read needs no computing, asked in
    the items' order.
    """
    refuse_size(size)
    pool = ThreadPoolExecutor(readers)
    batch: list[tuple[Item, Read]] = []
    try:
        for item, future in _ahead(pool, read, items, 2 * size):
            problem = future.exception()
            if isinstance(problem, TROUBLE):
                yield [item], problem
            elif not is_passed_by(future.result()):
                batch.append((item, future.result()))
            if len(batch) == size:
                yield from _in_halves(batch, compute)
                batch = []
        yield from _in_halves(batch, compute)
    finally:
        pool.shutdown(cancel_futures=True)


def one_ahead(found: Generator[Found]) -> Generator[Found]:
    """The same, each made in a thread of its own while the caller deals with the one before it.

    `found` runs in that thread alone, so it may not ask the caller's database connection; what it
    raises is raised here. Close it (`contextlib.closing`) where the caller may stop before its end.
    """
    end = object()
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, found, end)
        try:
            while (made := coming.result()) is not end:
                coming = thread.submit(next, found, end)
                yield cast(Found, made)
        finally:
            thread.shutdown()
            found.close()


def refuse_size(size: int) -> None:
    if size < 1:
        raise ExplainerError(f"batch={size}", "use a number above 0")


def all_or_none(
    outcomes: Iterable[tuple[Sequence[Item], Found | Exception]],
) -> Iterator[tuple[Sequence[Item], Found]]:
    """The same, where one item that fails is the end of all."""
    for items, found in outcomes:
        if isinstance(found, Exception):
            raise found
        yield items, found


def _ahead(
    pool: ThreadPoolExecutor, read: Callable[[Item], Read], items: Iterable[Item], depth: int
) -> Iterator[tuple[Item, "Future[Read]"]]:
    """Each item with what is read of it, at most `depth` of them ahead."""
    waiting: deque[tuple[Item, Future[Read]]] = deque()
    for item in items:
        waiting.append((item, pool.submit(read, item)))
        if len(waiting) >= depth:
            yield waiting.popleft()
    yield from waiting


def _in_halves(
    batch: Sequence[tuple[Item, Read]], compute: Callable[[Sequence[Read]], Found]
) -> Iterator[tuple[Sequence[Item], Found | Exception]]:
    if not batch:
        return
    items = [item for item, _ in batch]
    try:
        found = compute([value for _, value in batch])
    except TROUBLE as error:
        # Its traceback holds the batch's tensors, which the halves need the memory of.
        problem = error.with_traceback(None)
    else:
        yield items, found
        return
    if len(batch) == 1:
        yield items, problem
        return
    middle = len(batch) // 2
    yield from _in_halves(batch[:middle], compute)
    yield from _in_halves(batch[middle:], compute)
