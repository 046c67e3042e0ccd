"""The answer key is drawn with the trial, stored, hashed apart, and the same by frozen rules."""

import importlib
import json
from pathlib import Path

import pytest
from django.core.management import CommandError

from sandbox.builders import open_small_study
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tables import TRIALS
from studyapp.analyses.tidy import TidyError
from studyapp.exports.bundle import write_bundle
from studyapp.exports.folder import ExportError
from studyapp.models import Deviation, Study, Trial
from studyapp.paradigms import PARADIGMS
from studyapp.studies.design.keys import keys_digest, keys_flaw
from studyapp.studies.extension import extend_study
from studyapp.studies.lifecycle import close_study
from tests.analyses.test_tables import read
from tests.running import output_of

pytestmark = pytest.mark.django_db
SCORED = sorted(name for name, one in PARADIGMS.items() if one.keys is not None)
LATER = {"which_answer"}  # than stored keys: no trial of theirs was ever without one
migration = importlib.import_module("studyapp.migrations.0017_answer_keys")


@pytest.mark.parametrize("paradigm", sorted(PARADIGMS.keys() - LATER))
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


def test_trials_of_an_earlier_version_get_their_keys_by_the_command_that_is_named() -> None:
    study = open_small_study(paradigm="trust", people=2)
    extend_study(study, people=2)
    drawn = dict(Trial.objects.values_list("pk", "keys"))
    Study.objects.update(keys_digest="")
    Trial.objects.update(keys={})
    Deviation.objects.all().delete()  # an earlier version wrote no keys there
    study.refresh_from_db()
    assert f"run `manage.py study keys {study.slug}`" in keys_flaw(study)
    assert "trials of small got their keys" in output_of("study", "keys", study.slug)
    assert dict(Trial.objects.values_list("pk", "keys")) == drawn
    study.refresh_from_db()
    assert (keys_flaw(study), study.keys_digest) == ("", keys_digest(study))


@pytest.mark.parametrize("change", ["emptied", "turned"])
def test_keys_of_added_places_are_looked_at_too(change: str) -> None:
    study = open_small_study(paradigm="trust", people=2)
    extend_study(study, people=2)
    assert keys_flaw(study) == ""
    for trial in Trial.objects.filter(slot__addition=1).exclude(keys={}):
        values = trial.keys["value"]
        turned = {"value": {answer: -score for answer, score in values.items()}}
        trial.keys = turned if change == "turned" else {}
        trial.save(update_fields=["keys"])
    assert "not those that were drawn" in keys_flaw(study)
    with pytest.raises(TidyError):
        tidy_study(study)


def test_missing_keys_are_drawn_keys_again_and_changed_ones_are_refused() -> None:
    study = open_small_study(paradigm="trust", people=2)
    Trial.objects.update(keys={})
    output_of("study", "keys", study.slug)
    assert keys_flaw(study) == ""
    trial = Trial.objects.exclude(keys={}).first()
    trial.keys["value"]["2"] *= -1
    trial.save(update_fields=["keys"])
    with pytest.raises(CommandError, match="not those that were drawn"):
        output_of("study", "keys", study.slug)


@pytest.mark.parametrize("says", ["not those that were drawn", "an earlier version drew them"])
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
