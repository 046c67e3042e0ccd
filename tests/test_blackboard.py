"""Notes that processes share are complete, have the right name, and are gone when wiped."""

import os

from studyapp.serving.blackboard import HEAD, MOST_BYTES, Blackboard


def test_a_note_is_read_by_its_name_until_it_is_wiped() -> None:
    board = Blackboard()
    board.write("one", [1, {"a": None}])
    board.write("one", [2, {}])
    assert (board.read("one"), board.read("other")) == ([2, {}], None)
    board.wipe("one")
    assert board.read("one") is None


def test_a_note_in_anothers_place_is_not_taken_for_theirs() -> None:
    board = Blackboard(places=1)
    board.write("one", 1)
    board.write("other", 2)
    assert (board.read("one"), board.read("other")) == (None, 2)


def test_a_note_that_is_half_written_is_none() -> None:
    board, other = Blackboard(places=1), Blackboard(places=1)
    board.write("one", "what was there before")
    other.write("one", "and what comes after")
    written = other._memory[: HEAD.size + len('["one","and what comes after"]')]
    for length in range(1, len(written) - len('"]')):
        board._memory[:length] = written[:length]
        assert board.read("one") is None
    board._memory[: len(written)] = written
    assert board.read("one") == "and what comes after"


def test_a_note_without_room_leaves_none() -> None:
    board = Blackboard(places=2)
    board.write("one", "before")
    board.write("one", "x" * MOST_BYTES)
    assert board.read("one") is None
    board.write("one", "x" * (MOST_BYTES - len('["one",""]')))
    assert len(board.read("one")) == MOST_BYTES - len('["one",""]')


def test_a_process_reads_what_one_made_beside_it_wrote() -> None:
    board = Blackboard()
    child = os.fork()
    if not child:
        board.write("one", "by the child")
        os._exit(0)
    os.waitpid(child, 0)
    assert board.read("one") == "by the child"
