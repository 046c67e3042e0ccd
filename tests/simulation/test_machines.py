"""Machines among simulated people, on real pages: what the table of evidence tells of each kind."""

from random import Random
from typing import Any

import pandas as pd
import pytest
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import make_study
from studyapp.analyses.frames import study_frame
from studyapp.analyses.tables import EVIDENCE
from studyapp.analyses.tables.columns import participant_id
from studyapp.models import Participation, StudyKind
from studyapp.participations.traces import read_trace
from studyapp.simulation.crowd import send_crowd
from studyapp.simulation.machines import MACHINES, human_trace, machine_trace
from studyapp.simulation.profiles import POPULATIONS, Population, Profile, able, as_machine
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import open_study

CONDITIONS = [
    {"name": "looks", "method": "guided_backprop"},
    {"name": "same", "method": "grad_cam", "versus": "grad_cam"},
]
BLOCKS: list[dict[str, Any]] = [
    {"name": "main", "paradigm": "trust", "trials": 20, "repeats": 4},
    {"name": "named", "paradigm": "discrimination", "trials": 6, "repeats": 2,
     "conditions": ["looks"]},
    {"name": "squares", "paradigm": "sight", "trials": 1},
]  # fmt: skip
RULE = {"webdriver": True, "untrusted_share": 0.5}
# One of each kind, in turn
KINDS = ("", *MACHINES)


class InTurn(Population):
    """A person, and then a machine of each kind, over and over."""

    def person(self, paradigm: str, random: Random, *, photo_seed: int) -> Profile:
        person = super().person(paradigm, random, photo_seed=photo_seed)
        turn.append(KINDS[len(turn) % len(KINDS)])
        return as_machine(person, turn[-1]) if turn[-1] else person


turn: list[str] = []


@pytest.mark.django_db(transaction=True)
def test_the_table_tells_each_kind_of_machine_by_its_own_columns(live_server: LiveServer) -> None:
    turn.clear()
    study = make_study(
        people=4, stimuli=20, conditions=CONDITIONS, blocks=BLOCKS,
        evidence={"traces": True, "rule": RULE},
    )  # fmt: skip
    copy = marked_copy(open_study(study), StudyKind.SIMULATED, seed=5, people=4)
    population = InTurn("in turn", able, memory=0.3)
    crowd = send_crowd(copy, live_server.url, population, people=4, seed=5, at_once=1)
    assert crowd.is_sound, crowd.errors
    by_kind = rows_by_kind(copy)
    clicks, reader, describer = (by_kind.loc[kind] for kind in MACHINES)
    person = by_kind.loc["person"]
    # A browser that is driven shows itself; one that is driven well shows nothing
    assert by_kind["flagged"].to_dict() == {
        "person": False, "perfect-clicks": True, "reader": False, "describer": False
    }  # fmt: skip
    assert clicks["webdriver_answers"] == clicks["observed_answers"] == 33
    assert clicks["untrusted_share"] == 1
    assert clicks["rt_variation"] == pytest.approx(0, abs=1e-6)
    assert pd.isna(clicks["rt_lag1"])
    # Paths: the reader's are straight, the describer makes none; neither counts for anything
    assert (reader["path_straight"], describer["path_none"]) == (33, 33)
    assert person["path_curved"] > 20
    # Times of the others are as spread as a person's
    assert min(reader["rt_variation"], describer["rt_variation"], person["rt_variation"]) > 0.2
    # Who sees no difference between sides says so of sides that have none, and says it again
    assert (describer["same_sides_equal"], describer["repeats_same"]) == (1, 1)
    assert reader["seen_as_usual"] in (0, 1)


def rows_by_kind(study: Any) -> pd.DataFrame:
    people = Participation.objects.filter(study=study).order_by("pk")
    names = dict(people.values_list(participant_id(), "profile__machine"))
    rows = study_frame(EVIDENCE, study).set_index("participant_id")
    return rows.rename(index={name: kind or "person" for name, kind in names.items()})


def test_every_trace_can_be_read() -> None:
    random = Random(1)
    for is_written in (False, True):
        told = [human_trace(random, is_written=is_written) for _ in range(40)]
        told += [machine_trace(one, is_written=is_written) for one in MACHINES.values()]
        found = [read_trace(one).features for one in told]
        assert not [one for one in found if one.get("unreadable")]
        assert {one["path"] for one in found[:40]} == {"curved", "none"}
        assert [one["path"] for one in found[40:]] == ["none", "straight", "none"]
        assert {one["pastes"] for one in found[40:]} == ({1} if is_written else {None})


def test_a_mixed_population_has_its_shares_and_the_others_draw_as_before() -> None:
    mixed = POPULATIONS["mixed"]
    kinds = [mixed.person("trust", Random(n), photo_seed=1).machine for n in range(400)]
    shares = {kind: kinds.count(kind) / 400 for kind in {*kinds}}
    assert shares[""] == pytest.approx(0.6, abs=0.06)
    assert shares["reader"] == pytest.approx(0.15, abs=0.05)
    assert not POPULATIONS["able"].person("trust", Random(1), photo_seed=1).machine


def test_a_persons_next_time_remembers_the_last_and_a_machines_is_constant() -> None:
    person = POPULATIONS["mixed"].person("trust", Random(3), photo_seed=1)
    pace, random, paces = 0.0, Random(2), []
    for _ in range(4000):
        pace = person.pace(random, pace)
        paces.append(pace)
    series = pd.Series(paces)
    assert person.memory == 0.3
    assert series.autocorr(1) == pytest.approx(0.3, abs=0.05)
    assert series.std() == pytest.approx(0.4, abs=0.03)
    assert as_machine(person, "perfect-clicks").pace(random, 0.0) == 0.0
