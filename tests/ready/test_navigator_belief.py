"""Where a robot may be, from what its localiser said at all moments so far."""

import numpy as np
import pytest

from ready.navigator.belief import LEAVES, Belief
from ready.navigator.maps import FIND_DOOR, FOLLOW, LEFT, RIGHT, Edge, Map, Node
from ready.navigator.rays import Floats

ONE = np.zeros(1, int)
# From a room to the door, to the left or to the right, and on along a corridor
PLACES = [Node(str(number), 0, (0.0, 0.0)) for number in range(6)]
ENDS = ((0, 1, FIND_DOOR), (1, 2, LEFT), (1, 3, RIGHT), (2, 4, FOLLOW), (3, 5, FOLLOW))
SMALL = Map(PLACES, [Edge(start, end, behaviour, ()) for start, end, behaviour in ENDS])


def said(edge: int, sure: float, centre: int = 0) -> list[Floats]:
    """Of all edges of the subgraph with that centre, this one with `sure`, the others alike."""
    own = SMALL.subgraphs[centre]
    shares = np.full(len(own), (1 - sure) / (len(own) - 1))
    shares[own.index(edge)] = sure
    return [shares]


def test_one_moment_does_not_outweigh_all_before_it() -> None:
    belief = Belief([SMALL], [0])
    for _ in range(5):
        assert belief.hear(ONE, said(0, 0.9), [0]) == [0]
    assert belief.hear(ONE, said(3, 0.95), [0]) == [0]
    heard = [belief.hear(ONE, said(1, 0.95), [0])[0] for _ in range(40)]
    assert heard[-1] == 1
    assert set(heard) == {0, 1}


def test_a_robot_never_jumps_to_an_edge_that_no_way_leads_to() -> None:
    belief = Belief([SMALL], [1])
    for _ in range(100):
        assert belief.hear(ONE, said(2, 0.999), [0]) != [2]
    assert belief.shares[0, [0, 2, 4]].sum() == 0


def test_without_a_word_the_belief_goes_on_along_the_edges() -> None:
    belief, even = Belief([SMALL], [0]), said(0, 1 / 5)
    belief.hear(ONE, even, [0])
    expected = [1 - LEAVES, LEAVES / 2, LEAVES / 2, 0, 0]
    assert belief.shares[0] == pytest.approx(expected)
    for _ in range(400):
        belief.hear(ONE, even, [0])
    assert belief.shares[0] == pytest.approx([0, 0, 0, 0.5, 0.5], abs=1e-4)


def test_what_counts_is_the_node_where_edges_begin() -> None:
    belief = Belief([SMALL], [0])
    belief.shares[0] = [0.4, 0.3, 0.29, 0.01, 0]
    # Left or right is open, but the robot is past the door
    assert belief.hear(ONE, said(0, 1 / 5), [0]) == [1]


def test_robots_that_drive_no_more_stay_as_they_are() -> None:
    larger = Map([*PLACES, PLACES[0]], [*SMALL.edges, Edge(4, 6, FOLLOW, ())])
    belief = Belief([SMALL, larger], [0, 3])
    assert belief.hear(np.array([1]), [np.full(len(larger.subgraphs[3]), 0.2)], [3]) == [3]
    assert belief.shares[0].tolist() == [1, 0, 0, 0, 0, 0]
    assert belief.shares.sum(1) == pytest.approx(1)
