"""Batches that workers and the command line share: read ahead, and tried in halves."""

import gc
import threading
import weakref
from collections.abc import Generator, Sequence

import pytest
import torch

from explainer import ExplainerError
from explainer.explanations.batches import all_or_none, in_batches, one_ahead


def read(item: int) -> int:
    if item < 0:
        raise OSError(f"no file {item}")
    return 10 * item


def test_batches_come_in_order_and_what_cannot_be_read_comes_alone() -> None:
    found = list(in_batches([1, 2, -3, 4, 5], read, list, size=2))
    assert [items for items, _ in found] == [[1, 2], [-3], [4, 5]]
    assert (found[0][1], found[2][1]) == ([10, 20], [40, 50])
    assert str(found[1][1]) == "no file -3"


def test_what_fails_together_is_tried_in_halves_down_to_the_one_that_fails() -> None:
    tried = []

    def compute(values: Sequence[int]) -> int:
        tried.append(list(values))
        if 30 in values:
            raise ExplainerError("thirty")
        if len(values) > 4:
            raise RuntimeError("out of memory")
        return sum(values)

    found = {tuple(items): one for items, one in in_batches(range(1, 9), read, compute, size=8)}
    assert found[5, 6, 7, 8] == 260
    assert found[1, 2] == 30
    assert found[4,] == 40
    assert str(found[3,]) == "thirty"
    assert len(found) == 4
    assert len(tried) == 7


def test_a_batch_that_is_too_much_is_let_go_before_its_halves_are_tried() -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def compute(values: Sequence[int]) -> int:
        gc.collect()
        assert [one for one in held if one() is not None] == []
        large = torch.zeros(len(values))
        held.append(weakref.ref(large))
        if len(values) > 1:
            raise torch.OutOfMemoryError("no room")
        return len(large)

    found = list(in_batches([1, 2, 3, 4], read, compute, size=4))
    assert [one for _, one in found] == [1, 1, 1, 1]


def test_what_is_passed_by_is_not_computed() -> None:
    found = list(in_batches([1, 2, 3], read, list, size=2, is_passed_by=lambda value: value == 20))
    assert found == [([1, 3], [10, 30])]


def test_a_fault_of_the_program_is_raised() -> None:
    def compute(values: Sequence[int]) -> int:
        raise KeyError("a slip")

    with pytest.raises(KeyError):
        list(in_batches([1, 2], read, compute, size=2))
    with pytest.raises(KeyError):
        list(in_batches([1], {}.__getitem__, list, size=2))


def test_one_that_fails_ends_all_where_all_are_needed() -> None:
    with pytest.raises(OSError, match="no file -1"):
        list(all_or_none(in_batches([1, -1], read, list, size=1)))


def test_the_next_is_made_in_a_thread_of_its_own_while_the_caller_deals_with_one() -> None:
    begun = [threading.Event() for _ in range(4)]
    threads = set()

    def made() -> Generator[int]:
        for place in range(3):
            threads.add(threading.get_ident())
            begun[place].set()
            yield place

    for place in one_ahead(made()):
        assert place == 2 or begun[place + 1].wait(10)
        assert place > 0 or not begun[2].is_set()  # one ahead, and no more
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_what_is_raised_while_the_next_is_made_is_raised_and_what_is_left_is_closed() -> None:
    closed = []

    def made() -> Generator[int]:
        try:
            yield 1
            raise KeyError("a slip")
        finally:
            closed.append(True)

    with pytest.raises(KeyError):
        list(one_ahead(made()))
    outcomes = one_ahead(in_batches(range(100), read, list, size=1))
    assert next(outcomes) == ([0], [0])
    outcomes.close()
    assert closed == [True]
    assert list(outcomes) == []
