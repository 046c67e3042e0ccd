"""Orders of a Latin square, given to people and things evenly."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from studyapp.studies.design.latin import even_numbers, latin_orders


@pytest.mark.parametrize("count", range(3, 9))
def test_each_option_stands_once_at_each_place_and_before_each_other_one(count: int) -> None:
    orders = latin_orders(count, Random(count))
    assert all({order[place] for order in orders} == {*range(count)} for place in range(count))
    assert all({*order} == {*range(count)} for order in orders)
    followers = {pair for order in orders for pair in pairwise(order)}
    assert count % 2 or len(followers) == count * (count - 1)


@pytest.mark.parametrize("seed", range(20))
def test_numbers_are_even_for_every_person_every_thing_and_over_all(seed: int) -> None:
    random = Random(seed)
    count, people, things = random.randint(3, 8), random.randint(2, 20), random.randint(2, 15)
    pairs = [
        (person, thing)
        for person in range(people)
        for thing in random.sample(range(things), random.randint(1, things))
    ]
    numbers = even_numbers(pairs, count, random)
    given = Counter(
        (key, number)
        for (person, thing), number in zip(pairs, numbers, strict=True)
        for key in (("person", person), ("thing", thing), ("all", 0))
    )
    for key in {key for key, _ in given}:
        counts = [given[key, number] for number in range(count)]
        assert max(counts) - min(counts) <= 1
