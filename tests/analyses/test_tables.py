"""The tables against the rows they come from, and outcomes against the paradigms own scores."""

import csv
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from django.db import connections

from sandbox.builders import open_small_study, take_part
from sandbox.people import give, send_people
from studyapp.analyses.frames import people_frames, study_frame
from studyapp.analyses.tables import JUDGMENTS, PARTICIPATIONS, TABLES, TRIALS, Table
from studyapp.analyses.tables.copying import snapshot, write_csv
from studyapp.models import Exclusion, Judgment, Participant, Participation, Stage, Study
from studyapp.paradigms import PARADIGMS
from studyapp.participations.answering import current_trial
from studyapp.simulation.profiles import possible_values
from studyapp.studies.definition.study import study_definition

pytestmark = pytest.mark.django_db


def read(table: Table, study: Study) -> list[dict[str, str]]:
    file = io.BytesIO()
    write_csv(table, study, file)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


def judge_every_value(study: Study) -> None:
    """People who between them give every possible answer to the first trials."""
    for number in range(4):
        person = take_part(study, f"person-{number}")
        while (trial := current_trial(person)) is not None:
            values = possible_values(trial)
            value = values[(number + trial.position) % len(values)]
            give(person, value)


@pytest.mark.parametrize(
    "paradigm", sorted(name for name, one in PARADIGMS.items() if one.outcome is not None)
)
def test_the_database_scores_every_answer_as_the_paradigm_does(paradigm: str) -> None:
    study = open_small_study(paradigm=paradigm, trials=4, stimuli=4)
    judge_every_value(study)
    column = "score" if PARADIGMS[paradigm].outcome == "score" else "correct"
    rows = read(JUDGMENTS, study)
    judgments = list(JUDGMENTS.rows(study).select_related("trial__stimulus"))
    block = study_definition(study).block("main")
    keys = [PARADIGMS[paradigm].keys_of(one.trial, block)["value"] for one in judgments]
    expected = [key[str(one.value)] for key, one in zip(keys, judgments, strict=True)]
    assert [int(row[column]) for row in rows] == expected
    assert len(set(expected)) > 1
    assert {row["score" if column == "correct" else "correct"] for row in rows} == {""}


def test_every_paradigm_with_an_outcome_has_an_answer_key_and_no_other() -> None:
    with_keys = {name for name, one in PARADIGMS.items() if one.keys is not None}
    assert with_keys == {name for name, one in PARADIGMS.items() if one.outcome is not None}


def test_the_name_on_the_chosen_button_is_told() -> None:
    study = open_small_study(paradigm="discrimination")
    judge_every_value(study)
    judgments = JUDGMENTS.rows(study).select_related("trial__stimulus")
    shown = [one.trial.options_shown[one.value] for one in judgments]
    assert [row["answer_name"] for row in read(JUDGMENTS, study)] == shown


def test_an_attention_check_has_no_outcome_but_is_passed_or_failed() -> None:
    study = open_small_study(checks=2, trials=3)
    judge_every_value(study)
    checks = [row for row in read(JUDGMENTS, study) if row["stage"] == Stage.CHECK]
    assert len(checks) == 8
    assert {row["score"] for row in checks} == {""}
    for row in checks:
        assert row["check_passed"] == str(row["value"] == row["expected"]).lower()


def test_the_allocation_is_whole_with_slots_that_nobody_took() -> None:
    study = open_small_study(people=4, trials=3)
    send_people(study, 1)
    rows = read(TRIALS, study)
    assert len(rows) == 12
    assert sorted({(row["slot_id"], row["slot_is_open"]) for row in rows}) == [
        ("s0000", "false"), ("s0001", "true"), ("s0002", "true"), ("s0003", "true"),
    ]  # fmt: skip


def test_judgments_join_trials_and_participations_by_their_ids() -> None:
    study = open_small_study(people=4, trials=3)
    send_people(study, 3)
    trials = {row["trial_id"]: row for row in read(TRIALS, study)}
    people = {row["participant_id"]: row for row in read(PARTICIPATIONS, study)}
    rows = read(JUDGMENTS, study)
    assert len({row["row_id"] for row in rows}) == len(rows) == 9
    for row in rows:
        assert trials[row["trial_id"]]["stimulus_id"] == row["stimulus_id"]
        assert people[row["participant_id"]]["slot_id"] == row["slot_id"]


def test_no_table_holds_a_code_that_opens_a_page_or_a_panel_id() -> None:
    study = open_small_study()
    send_people(study, 2)
    secrets = {one.code for one in Participation.objects.all()}
    secrets |= {one.completion_code for one in Participation.objects.all()}
    secrets |= {one.code for one in Participant.objects.all()} | {"person-0", "person-1"}
    for table in TABLES:
        file = io.BytesIO()
        write_csv(table, study, file)
        assert [secret for secret in secrets if secret in file.getvalue().decode()] == []


def test_a_person_has_another_pseudonym_in_another_study() -> None:
    first, second = open_small_study(slug="one"), open_small_study(slug="two")
    people = [take_part(study, "the same person") for study in (first, second)]
    assert people[0].participant_id == people[1].participant_id
    pseudonyms = [read(PARTICIPATIONS, study)[0]["participant_id"] for study in (first, second)]
    assert pseudonyms[0] != pseudonyms[1]


def excluded(study: Study) -> list[str]:
    return [row["excluded"] for row in read(JUDGMENTS, study)]


def test_an_exclusion_marks_the_judgments_until_it_is_undone() -> None:
    study = open_small_study(trials=1)
    send_people(study, 1)
    assert excluded(study) == ["false"]
    made = Exclusion.objects.create(participation=Participation.objects.get(), rule="too_fast")
    assert excluded(study) == ["true"]
    Exclusion.objects.create(participation=made.participation, rule="too_fast", undoes=made)
    assert excluded(study) == ["false"]


@pytest.mark.parametrize(
    ("text", "cell"), [("=1+1", "'=1+1"), ("'=x", "''=x"), ("", ""), ('a"b,c', 'a"b,c')]
)
def test_text_that_a_spreadsheet_would_run_is_neutralised(text: str, cell: str) -> None:
    study = open_small_study()
    send_people(study, 1)
    Exclusion.objects.create(participation=Participation.objects.get(), rule="hand", note=text)
    table = next(table for table in TABLES if table.name == "exclusions")
    assert read(table, study)[0]["note"] == cell


def test_minus_two_stays_a_number() -> None:
    study = open_small_study(trials=1)
    person = take_part(study, "a")
    give(person, -2)
    row = read(JUDGMENTS, study)[0]
    assert (row["value"], abs(int(row["score"]))) == ("-2", 2)


def test_times_are_utc_with_z() -> None:
    study = open_small_study(trials=1)
    send_people(study, 1)
    moment = Judgment.objects.get().answered_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert read(JUDGMENTS, study)[0]["answered_at"] == moment


@pytest.mark.django_db(transaction=True)
def test_all_tables_are_as_they_were_at_one_moment() -> None:
    study = open_small_study(trials=1)
    with snapshot():
        before = read(JUDGMENTS, study)
        in_another_thread(lambda: send_people(study, 1))
        assert read(JUDGMENTS, study) == before
    assert len(read(JUDGMENTS, study)) == 1


def in_another_thread(work: Callable[[], None]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def test_a_table_in_parts_keeps_every_person_whole() -> None:
    study = open_small_study(people=4, trials=3)
    send_people(study, 4)
    names = ("participant_id", "value")
    for rows in (1, 2, 5, 100):
        parts = list(people_frames(JUDGMENTS, study, names, rows=rows))
        assert pd.concat(parts, ignore_index=True).equals(study_frame(JUDGMENTS, study, names))
        assert sum(part["participant_id"].nunique() for part in parts) == 4


def test_the_levels_of_value_are_those_that_paradigms_say(settings: Any) -> None:
    levels = next(one for one in JUDGMENTS.columns if one.name == "value").levels
    before = "discrimination, which_answer, meta_prediction"
    buttons = f"{before}, reliance in two steps, ranking, sight 0, 1, …"
    assert levels[buttons] == "first, second, … button"
    assert levels["rating, questionnaire 1, 2, …"] == "step of the scale"
    assert levels["questionnaire with vas 0 to 100"] == "place on the line"
    assert levels["meta_prediction, learning 1"] == "seen"
    assert levels["trust, comparison 0"] == "both equally (built-in words)"
    settings.PARADIGMS = [one for one in settings.PARADIGMS if not one.endswith(".reliance")]
    assert f"{before}, ranking, sight 0, 1, …" in levels


def test_a_level_of_value_says_where_its_words_may_be_a_block_s_own() -> None:
    levels = next(one for one in JUDGMENTS.columns if one.name == "value").levels
    assert levels["trust -2"] == "A clearly (built-in words)"
    assert levels["comparison -1"] == "A (built-in words)"
    assert levels["agreement 4"] == "fairly confident that it is correct (built-in words)"
    assert levels["reliance in one step 1"] == "accepted (built-in words)"
