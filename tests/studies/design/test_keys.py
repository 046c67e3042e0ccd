"""The answer key is drawn with the trial, stored, hashed apart, and the same by frozen rules."""

import importlib
import json
from pathlib import Path

import pytest

from sandbox.builders import open_small_study
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tables import TRIALS
from studyapp.analyses.tidy import TidyError
from studyapp.exports.bundle import write_bundle
from studyapp.exports.folder import ExportError
from studyapp.models import Deviation, Study, Trial
from studyapp.paradigms import PARADIGMS
from studyapp.studies.design.keys import keys_digest
from studyapp.studies.extension import extend_study
from studyapp.studies.lifecycle import close_study
from tests.analyses.test_tables import read

pytestmark = pytest.mark.django_db
SCORED = sorted(name for name, one in PARADIGMS.items() if one.keys is not None)
migration = importlib.import_module("studyapp.migrations.0017_answer_keys")


@pytest.mark.parametrize("paradigm", sorted(PARADIGMS))
def test_the_rules_that_filled_earlier_trials_give_the_keys_of_today(paradigm: str) -> None:
    checks = int(bool(PARADIGMS[paradigm].check_values))
    open_small_study(paradigm=paradigm, trials=4, practice=1, checks=checks)
    trials = list(Trial.objects.select_related("stimulus"))
    assert [migration.keys_of(one) for one in trials] == [one.keys for one in trials]
    assert any(one.keys for one in trials) == (paradigm in SCORED)


def test_reliance_in_one_step_has_the_keys_of_before_too() -> None:
    block = {"name": "main", "paradigm": "reliance", "trials": 4, "steps": "one"}
    open_small_study(paradigm="reliance", stimuli=4, blocks=[block])
    trials = list(Trial.objects.select_related("stimulus"))
    assert [migration.keys_of(one) for one in trials] == [one.keys for one in trials]


def test_the_digest_of_a_study_is_that_of_its_keys_and_of_no_later_places() -> None:
    study = open_small_study(paradigm="trust", people=4)
    assert study.keys_digest == keys_digest(study) == migration.digest_of(Trial.objects.all())
    extend_study(study, people=4)
    assert keys_digest(Study.objects.get()) == study.keys_digest
    assert keys_digest(study, addition=1)[:12] in Deviation.objects.get().detail
    trial = Trial.objects.filter(slot__addition=0).exclude(keys={}).first()
    trial.keys["value"]["2"] *= -1
    trial.save(update_fields=["keys"])
    assert keys_digest(study) != study.keys_digest


def test_nobody_gets_the_keys_in_a_table_before_the_study_is_closed() -> None:
    study = open_small_study(paradigm="discrimination", people=4)
    assert {row["keys"] for row in read(TRIALS, study)} == {""}
    close_study(study)
    told = [json.loads(row["keys"]) for row in read(TRIALS, study)]
    assert told == [one.keys for one in TRIALS.rows(study)]


@pytest.mark.parametrize("says", ["not those that were drawn", "an earlier version opened it"])
def test_a_study_whose_keys_are_not_as_drawn_is_neither_analysed_nor_exported(
    says: str, tmp_path: Path
) -> None:
    study = open_small_study(paradigm="trust", people=2)
    study.keys_digest = "0" * 64 if "drawn" in says else ""
    study.save(update_fields=["keys_digest"])
    with pytest.raises(TidyError, match=says):
        tidy_study(study)
    with pytest.raises(ExportError, match=says):
        write_bundle(study, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
