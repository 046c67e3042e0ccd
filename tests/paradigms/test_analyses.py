"""What paradigms say of their own analysis."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from studyapp.analyses.preregistration import _plan
from studyapp.analyses.tidy import TidyError, tidy_file
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.analysis import VALUES, declared_analysis, input_schemas
from studyapp.paradigms.measures import by_outcome, by_value, unscored
from studyapp.paradigms.rating.analysis import rated
from tests.analyses.tidy_tables import write_csv


def test_every_named_module_is_in_the_folder_of_its_paradigm() -> None:
    named = {name: one.analysis for name, one in PARADIGMS.items() if one.analysis is not None}
    assert named == {name: f"studyapp.paradigms.{name}.analysis" for name in named}
    assert {"pointing", "reliance"} <= set(named)


def test_every_paradigm_takes_a_table_from_elsewhere_under_its_own_name() -> None:
    assert set(PARADIGMS) <= set(input_schemas())


def test_a_paradigm_without_a_module_is_analysed_by_what_it_declares() -> None:
    plain = declared_analysis(replace(PARADIGMS["rating"], name="plain", analysis=None))
    written = declared_analysis(replace(PARADIGMS["open_text"], name="written", analysis=None))
    compared = declared_analysis(replace(PARADIGMS["trust"], name="compared", analysis=None))
    assert (compared.measure, compared.schemas) == (by_outcome, {"compared": None})
    assert (plain.measure, plain.schemas) == (by_value, {"plain": VALUES})
    assert (written.measure, written.schemas) == (unscored, {"written": VALUES})


def test_guessing_is_right_once_among_the_buttons() -> None:
    assert (PARADIGMS["discrimination"].chance, PARADIGMS["distinction"].chance) == (0.5, 0.25)
    assert PARADIGMS["which_answer"].chance == 0.25
    assert PARADIGMS["agreement"].chance == 0.5


def test_a_table_with_two_outcomes_asks_for_its_paradigm(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "table.csv", "participant,image,method,score,correct\na,b,c,1,1\n")
    with pytest.raises(TidyError, match="score and correct; add --paradigm trust or discrimin"):
        tidy_file(path)
    with pytest.raises(TidyError, match="must be one of trust, discrimination, agreement"):
        tidy_file(path, paradigm="guessed")


def test_registered_plans_keep_their_words() -> None:
    """A plan's digest is worked out again at any time, and must be the one that was registered."""
    told = {
        name: hashlib.sha256(_plan(paradigm).encode()).hexdigest()[:8]
        for name, paradigm in PARADIGMS.items()
    }
    right = dict.fromkeys(
        ["discrimination", "which_answer", "agreement", "distinction", "meta_prediction",
         "reliance"], "0adcd8fa"
    )  # fmt: skip
    values = dict.fromkeys(["pointing", "rating", "questionnaire"], "d8f81e79")
    words = dict.fromkeys(["open_text", "custom"], "f1836bd8")
    comparisons = {"comparison": "f09da61c", "ranking": "d76380e8", "marking": "467a8d94"}
    alone = {"trust": "b90418b1", "sight": "e70a1d60"}
    assert told == {**alone, **right, **values, **words, **comparisons}


def test_a_paradigm_of_numbers_plans_neither_clicks_nor_statements() -> None:
    plan = _plan(replace(PARADIGMS["rating"], plan=""))
    assert "as the numbers that they are" in plan
    assert "licks" not in plan


def test_a_note_calls_an_item_as_its_answers_are_called() -> None:
    blocks = {
        "once": {"items": ["Good?"], "points": 5},
        "declinable": {"items": ["Good?"], "points": 5, "may_decline": True},
    }
    assert rated([], blocks).notes == (
        "the item of once: “Good?”, 1 to 5",
        "item_1 of declinable: “Good?”, 1 to 5",
    )
