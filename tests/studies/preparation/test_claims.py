"""A claim is one worker's for a while, and three that run out are enough."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from sandbox.builders import make_study
from studyapp.models import Explanation, WorkState
from studyapp.studies.preparation.advance import _batches
from studyapp.studies.preparation.claims import (
    claim,
    fail,
    finish,
    give_back,
    renew,
    retry,
    take_back_attempts,
)

pytestmark = pytest.mark.django_db


def waiting_rows() -> QuerySet[Any]:
    make_study(prepared=False)
    Explanation.objects.update(state=WorkState.PENDING, map_digest="", map_file="")
    return Explanation.objects.order_by("pk")


def one_of(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(pk=rows[0].pk)


def let_claims_run_out() -> None:
    Explanation.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_what_one_worker_has_claimed_no_other_gets() -> None:
    rows = waiting_rows()
    first, second = claim(rows, "one"), claim(rows, "other")
    assert rows.filter(claimed_by=first).count() == rows.count()
    assert not rows.filter(claimed_by=second).exists()


def test_a_claim_that_ran_out_is_free_for_another_worker_and_the_first_records_nothing() -> None:
    rows = waiting_rows()
    late = claim(rows, "late")
    let_claims_run_out()
    claim(rows, "other")
    row = rows[0]
    assert not finish(row, late, map_digest="d" * 64)
    assert not fail(row, late, "too late")
    row.refresh_from_db()
    assert (row.state, row.map_digest, row.attempts) == (WorkState.PENDING, "", 2)


def test_a_claim_is_renewed_while_its_worker_lives() -> None:
    rows = waiting_rows()
    name = claim(rows, "slow")
    let_claims_run_out()
    renew(rows, name)
    assert not rows.filter(claimed_by=claim(rows, "other")).exists()


def test_nobody_renews_the_claim_of_another() -> None:
    rows = waiting_rows()
    claim(rows, "dead")
    let_claims_run_out()
    renew(rows, "somebody else/1")
    assert rows.filter(claimed_by=claim(rows, "other")).count() == rows.count()


def test_three_dead_claims_make_a_row_failed_with_the_reason() -> None:
    rows = one_of(waiting_rows())
    for _ in range(4):
        claim(rows, "doomed")
        let_claims_run_out()
    assert set(rows.values_list("state", "claimed_by")) == {(WorkState.FAILED, "")}
    assert rows[0].error == "3 workers stopped at it; see the worker's log, then retry"


def test_a_row_given_back_is_free_at_once_and_fails_with_the_last_reason() -> None:
    rows = one_of(waiting_rows())
    for reason in ("no memory", "no memory", "no disk"):
        name = claim(rows, "one")
        for row in rows.filter(claimed_by=name):
            assert give_back(row, name, reason)
    assert set(rows.values_list("state", "error")) == {(WorkState.FAILED, "no disk")}


def test_failed_rows_that_are_tried_again_have_all_their_attempts() -> None:
    rows = waiting_rows()
    name = claim(rows, "one")
    fail(rows[0], name, "a bad photo")
    assert retry(rows) == 1
    assert (rows[0].state, rows[0].attempts, rows[0].error) == (WorkState.PENDING, 0, "")


def test_a_row_on_its_last_attempt_comes_alone_so_that_it_fails_alone() -> None:
    assert list(_batches([(1, 0), (2, 2), (3, 1), (4, 2)])) == [[2], [4], [1, 3]]


def test_a_request_of_before_claims_no_row_that_has_come_to_its_last_attempt_since() -> None:
    rows = waiting_rows()
    tried = rows[0]
    rows.filter(pk=tried.pk).update(attempts=2)
    many = claim(rows, "one")
    assert set(rows.exclude(claimed_by=many)) == {tried}
    alone = claim(one_of(rows), "other")
    assert rows.get(claimed_by=alone) == tried


@pytest.mark.parametrize("before", [0, 2])
def test_a_claim_that_broke_off_counts_no_attempt_even_if_it_ran_out(before: int) -> None:
    """Another worker claims the row, or fails it, before the first can say what happened."""
    rows = one_of(waiting_rows())
    rows.update(attempts=before)
    name = claim(rows, "cut off")
    let_claims_run_out()
    other = claim(rows, "other")
    take_back_attempts(rows, name, "the database was unavailable")
    assert rows[0].state == WorkState.PENDING
    assert rows[0].attempts == (1 if rows[0].claimed_by == other else before)


def test_a_claim_that_broke_off_leaves_alone_what_another_worker_has_done() -> None:
    rows = waiting_rows()
    name = claim(rows, "cut off")
    let_claims_run_out()
    other = claim(rows, "other")
    done, bad, *_ = rows
    assert finish(done, other, map_digest="d" * 64, map_file="maps/d")
    assert fail(bad, other, "a bad photo")
    take_back_attempts(rows, name, "the database was unavailable")
    found = {row.pk: (row.state, row.error) for row in rows.all()}
    assert found[done.pk] == (WorkState.READY, "")
    assert found[bad.pk] == (WorkState.FAILED, "a bad photo")
