"""Remembered results, and what can be known of them without a call."""

from studyapp.shelf.memory import remembered


def test_what_was_looked_up_is_known_until_more_than_the_most_came_after_it() -> None:
    calls = []

    @remembered(most=2)
    def total(one: int, other: int) -> int:
        calls.append((one, other))
        return one + other

    assert total.known(1, 2) is None
    assert [total(1, 2), total(1, 2), total(2, 1), total.known(1, 2)] == [3, 3, 3, 3]
    assert calls == [(1, 2), (2, 1)]
    assert total(5, 6) == 11
    assert [total.known(1, 2), total.known(2, 1), total.known(5, 6)] == [None, 3, 11]
    total.cache_clear()
    assert total.known(5, 6) is None
