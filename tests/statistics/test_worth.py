"""Worths from comparisons, choices and rankings: R's numbers, and what can't be said."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.statistics.choices import Choices, fitted
from studyapp.statistics.robust import Estimate
from studyapp.statistics.worth import (
    NO_SIDE_EFFECT,
    ONE_SIDE,
    Compared,
    Ranked,
    Worth,
    WorthError,
    chance_of_beating,
    compared_worths,
    ranked_worths,
)
from tests.analyses.oracles import FOLDER, oracle

CLOSE = 2e-5


def comparisons(frame: pd.DataFrame, *, with_sides: bool) -> list[Compared]:
    return [
        Compared(row.first, row.second, float(row.result), row.participant, row.image,
                 bool(row.left) if with_sides else None)
        for row in frame.itertuples(index=False)
    ]  # fmt: skip


def estimates(found: Worth) -> dict[str, float | None]:
    return {name: one.estimate for name, one in found.log_worths.items() if name != "a"}


def errors(found: Worth) -> dict[str, float | None]:
    return {name: one.se for name, one in found.log_worths.items() if name != "a"}


def test_comparisons_without_ties_agree_with_bradley_terry_2_and_sandwich() -> None:
    frame, told = oracle("decided")
    found = compared_worths(comparisons(frame, with_sides=False), "a")
    assert estimates(found) == pytest.approx(told["BradleyTerry2"], abs=CLOSE)
    assert errors(found) == pytest.approx(told["se"], rel=1e-6)
    assert found.contrasts["c", "b"].se == pytest.approx(told["c_minus_b"], rel=1e-6)
    assert found.loglik == pytest.approx(told["loglik"], rel=1e-8)
    assert (found.tie, found.side, found.n) == (None, None, len(frame))


def test_without_ties_the_information_gives_bradley_terry_2s_own_errors() -> None:
    frame, _ = oracle("decided")
    told = json.loads((FOLDER / "decided_errors.json").read_text("utf-8"))
    beta = {name: place for place, name in enumerate("bcde")}
    rows = np.zeros((2 * len(frame), 4))
    for place, one in enumerate(frame.itertuples(index=False)):
        for name, sign in ((one.first, 0.5), (one.second, -0.5)):
            if name in beta:
                rows[2 * place : 2 * place + 2, beta[name]] += sign, -sign
    choice = np.repeat(np.arange(len(frame)), 2)
    taken = np.column_stack([frame["result"] == 1, frame["result"] == 0]).ravel()
    found = fitted(Choices(rows, choice, taken))
    ses = dict(zip("bcde", np.sqrt(np.diag(found.inverse)), strict=True))
    worths = dict(zip("bcde", found.coefficients, strict=True))
    assert worths == pytest.approx(told["worths"], abs=CLOSE)
    assert ses == pytest.approx(told["se"], rel=1e-4)


def test_ties_and_the_side_agree_with_davidsons_likelihood_and_sandwich() -> None:
    frame, told = oracle("ties")
    found = compared_worths(comparisons(frame, with_sides=True), "a")
    assert found.tie is not None
    assert found.side is not None
    parameters = {**estimates(found), "tie": found.tie.estimate, "side": found.side.estimate}
    assert parameters == pytest.approx(told["davidson"], abs=CLOSE)
    ses = {**errors(found), "tie": found.tie.se, "side": found.side.se}
    assert ses == pytest.approx(told["se"], rel=1e-6)
    assert found.loglik == pytest.approx(told["loglik"], rel=1e-8)


def rankings(frame: pd.DataFrame, best: tuple[int, ...], worst: tuple[int, ...]) -> list[Ranked]:
    return [
        Ranked(
            tuple("abcde"),
            tuple(getattr(row, f"place_{place}") for place in best),
            row.participant,
            row.image,
            tuple(getattr(row, f"place_{place}") for place in worst),
        )
        for row in frame.itertuples(index=False)
    ]


@pytest.mark.parametrize(
    ("name", "best", "worst"),
    [("ranking", (1, 2, 3, 4), ()), ("ranking", (1, 2, 3, 4, 5), ()), ("chosen", (1,), ()),
     ("best_worst", (1,), (5,))],
)  # fmt: skip
def test_orders_agree_with_conditional_logits_of_their_choices_and_sandwich(
    name: str, best: tuple[int, ...], worst: tuple[int, ...]
) -> None:
    frame, told = oracle("rankings")
    found = ranked_worths(rankings(frame, best, worst), "a")
    assert estimates(found) == pytest.approx(told[name]["worths"], abs=CLOSE)
    assert errors(found) == pytest.approx(told[name]["se"], rel=1e-6)
    assert found.loglik == pytest.approx(told[name]["loglik"], rel=1e-8)


def test_another_reference_moves_every_worth_by_the_same() -> None:
    frame, _ = oracle("ties")
    rows = comparisons(frame, with_sides=True)
    by_a, by_c = compared_worths(rows, "a"), compared_worths(rows, "c")
    moved = by_c.log_worths["b"].estimate
    assert moved == pytest.approx(by_a.contrasts["b", "c"].estimate)
    assert by_c.contrasts["b", "d"].interval == pytest.approx(by_a.contrasts["b", "d"].interval)


def test_who_stood_first_in_the_row_does_not_matter() -> None:
    frame, _ = oracle("ties")
    rows = comparisons(frame, with_sides=True)
    turned = [
        replace(one, first=one.second, second=one.first, result=1 - one.result,
                is_left=not one.is_left)
        for one in rows
    ]  # fmt: skip
    a, b = compared_worths(rows, "a"), compared_worths(turned, "a")
    assert estimates(a) == pytest.approx(estimates(b))
    assert a.log_worths["d"].interval == pytest.approx(b.log_worths["d"].interval)


def rows(*results: tuple[str, str, float], side: Any = None) -> list[Compared]:
    """Each result by three people on three photos."""
    return [
        Compared(first, second, result, person, image, side)
        for first, second, result in results
        for person in range(3)
        for image in range(3)
    ]


def test_groups_that_never_met_are_named() -> None:
    apart = rows(("a", "b", 1), ("a", "b", 0), ("c", "d", 1), ("c", "d", 0))
    with pytest.raises(WorthError, match=r"^no page links a and b to c and d, not even by way of"):
        compared_worths(apart, "a")


def test_whoever_never_lost_is_named() -> None:
    always = rows(("a", "b", 1), ("a", "b", 0), ("c", "a", 1), ("c", "b", 1))
    with pytest.raises(WorthError, match=r"^c never lost, so how far the worth lies above that of"):
        compared_worths(always, "a")


def test_a_tie_is_no_win_for_either_so_the_worth_has_a_limit() -> None:
    found = compared_worths(
        rows(("a", "b", 1), ("a", "b", 0), ("c", "a", 1), ("c", "b", 1), ("c", "b", 0.5)), "a"
    )
    assert found.tie is not None
    assert (found.log_worths["c"].estimate or 0) > 1


def test_a_side_that_always_wins_is_left_out_and_said() -> None:
    lefts = [replace(one, is_left=one.result == 1) for one in
             rows(("a", "b", 1), ("a", "b", 0), ("b", "c", 1), ("b", "c", 0))]  # fmt: skip
    found = compared_worths(lefts, "a")
    assert found.side is None
    assert found.note == ONE_SIDE


def test_a_side_that_is_always_one_methods_is_left_out_and_said() -> None:
    found = compared_worths(rows(("a", "b", 1), ("a", "b", 0), side=True), "a")
    assert (found.side, found.note) == (None, NO_SIDE_EFFECT)


def test_a_side_that_is_not_known_everywhere_is_left_out_and_counted() -> None:
    known = rows(("a", "b", 1), ("a", "b", 0), side=True)
    known = [replace(one, is_left=one.image > 0) for one in known]
    assert compared_worths(known, "a").side is not None
    some = compared_worths([replace(known[0], is_left=None), *known[1:]], "a")
    assert some.side is None
    assert (
        some.note == "the side of 1 comparison is not known, so the fit has no effect of the side"
    )
    assert compared_worths([replace(one, is_left=None) for one in known], "a").note == ""


def test_ties_without_an_end_are_refused_in_words() -> None:
    with pytest.raises(WorthError, match=r"^too few comparisons were .*, or leave out the ties$"):
        compared_worths(rows(("a", "b", 0.5), ("b", "c", 0.5)), "a")


def test_one_person_gives_worths_without_intervals() -> None:
    alone = [replace(one, person=1) for one in rows(("a", "b", 1), ("a", "b", 0))]
    found = compared_worths(alone, "a").log_worths["b"]
    assert found.estimate == pytest.approx(0, abs=1e-9)
    assert found.interval is None
    assert found.note.startswith("too little for an interval: 1 person and 3 photos")


def test_nobody_compared_anything() -> None:
    with pytest.raises(WorthError, match="there are no comparisons"):
        compared_worths([], "a")


def test_the_chance_of_beating_is_the_logistic_of_the_difference() -> None:
    found = chance_of_beating(Estimate(math.log(3), 0.1, 9, math.log(2), math.log(4), 0.01))
    assert (found.estimate, found.low, found.high) == pytest.approx((3 / 4, 2 / 3, 4 / 5))
    assert found.p == 0.01
