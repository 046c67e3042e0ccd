"""What a process remembers of trials is what the tables hold, and small."""

import gc
import tracemalloc

import pytest

from sandbox.builders import open_small_study
from studyapp.models import Slot, Stimulus, Trial
from studyapp.studies.trial_cache import REMEMBERED_SLOTS, slot_trials

pytestmark = pytest.mark.django_db
# A process may remember so much of people who take part at once, of so many trials each
MOST_BYTES, TRIALS = 150_000_000, 22


def slots(people: int, trials: int) -> list[int]:
    study = open_small_study(people=people, trials=trials, stimuli=trials, checks=1)
    return list(Slot.objects.filter(study=study).values_list("pk", flat=True))


def test_what_is_remembered_of_trials_is_what_is_stored() -> None:
    for slot in slots(4, 4):
        rows = Trial.objects.filter(slot=slot).order_by("position").select_related("stimulus")
        remembered = slot_trials(slot)
        assert [values(one) for one in remembered] == [values(one) for one in rows]
        for one, row in zip(remembered, rows, strict=True):
            assert (one.stimulus and values(one.stimulus)) == (
                row.stimulus and values(row.stimulus)
            )
            assert one.condition == row.condition


def values(row: Trial | Stimulus) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_so_many_people_as_are_remembered_take_little_memory() -> None:
    every = slots(24, 20)
    slot_trials(every[0])
    gc.collect()
    tracemalloc.start()
    try:
        trials = sum(len(slot_trials(slot)) for slot in every[1:])
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert REMEMBERED_SLOTS * TRIALS * taken / trials < MOST_BYTES
