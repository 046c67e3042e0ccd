"""A bundle carried to an empty database is the same study: every table, byte for byte."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile, send_people
from studyapp.analyses.tables import TRIALS
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import (
    Adjudication,
    Coding,
    CodingScheme,
    Deviation,
    Exclusion,
    Explanation,
    Judgment,
    Participation,
    Reading,
    Study,
    StudyKind,
    StudyState,
)
from studyapp.participations.enrolment import refuse
from studyapp.participations.entering import enter
from studyapp.participations.withdrawal import withdraw
from studyapp.studies.coding.readings import adjudicate, code_answer, disagreements
from studyapp.studies.coding.rounds import begin_round, end_round
from studyapp.studies.coding.schemes import new_scheme
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import close_study
from studyapp.studies.preparation.targets import digest_of_target
from tests.coded import answered_study, begun, code_all, write_answers
from tests.tables import rows_of

pytestmark = pytest.mark.django_db(transaction=True)


def lively_study(paradigm: str) -> Study:
    """People who finished, stopped in the middle, refused, withdrew or were excluded."""
    study = open_small_study(paradigm=paradigm, people=8, checks=1, practice=1, stimuli=5)
    send_people(study, 3, paradigm=paradigm)
    answer_all(take_part(study, "id-stopped"), make_profile(paradigm), most=2)
    refuse(enter(study, source="link", external_id="id-refused"))
    gone = take_part(study, "id-gone")
    answer_all(gone, make_profile(paradigm))
    withdraw(gone)
    first = Participation.objects.order_by("pk").first()
    made = Exclusion.objects.create(participation=first, rule="failed_checks", note="=2 of 2")
    Exclusion.objects.create(participation=first, rule="failed_checks", undoes=made)
    Exclusion.objects.create(participation=first, rule="by hand", note="'said so, \n twice\"")
    Deviation.objects.create(study=study, what="text", detail="a typo")
    return close_study(study)


def files_of(folder: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    return {
        name: digest
        for name, digest in files.items()
        if name.startswith(("data/", "materials/texts", "materials/overlays", "analysis/results"))
    }


def carry(
    study: Study, tmp_path: Path, settings: Any, name: str = "bundle", *, analysis: bool = False
) -> Path:
    """Write a bundle, then empty the database and the media folder."""
    bundle = write_bundle(study, tmp_path / name, analysis=analysis).path
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another-media")
    return bundle


@pytest.mark.parametrize("paradigm", ["trust", "discrimination", "ranking"])
def test_a_rebuilt_study_has_the_same_tables_and_results(
    paradigm: str, tmp_path: Path, settings: Any
) -> None:
    bundle = carry(lively_study(paradigm), tmp_path, settings, analysis=True)
    call_command("import_bundle", str(bundle), verbosity=0)
    study = Study.objects.get()
    assert study.state == StudyState.CLOSED
    again = write_bundle(study, tmp_path / "again").path
    assert files_of(again) == files_of(bundle)
    assert len(files_of(again)) > 30
    assert "analysis/results.json" in files_of(again)


def test_checks_of_maps_are_rebuilt_also_from_the_provenance_of_earlier_bundles(
    tmp_path: Path, settings: Any
) -> None:
    study = close_study(open_small_study())
    told = {"completeness_error": 0.25}
    Explanation.objects.filter(method="guided_backprop").update(checks=told)
    bundle = carry(study, tmp_path, settings)
    call_command("import_bundle", str(bundle), verbosity=0)
    rows = Explanation.objects.exclude(checks={})
    assert {(row.method, row.checks["completeness_error"]) for row in rows} == {
        ("guided_backprop", 0.25)
    }
    count = rows.count()
    for row in (cells := rows_of(bundle, "explanations")):
        row["provenance"] = json.dumps({"checks": json.loads(row.pop("checks"))})
    rewrite_rows(bundle, cells, "explanations")
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "a-third-media")
    call_command("import_bundle", str(bundle), verbosity=0)
    assert [row.checks for row in Explanation.objects.exclude(checks={})] == [told] * count


def give_target(**found: Any) -> str:
    """A map explained in a region, with what was found in its photo; the text of that."""
    row = Explanation.objects.order_by("pk")[0]
    told = {"class_": row.class_index, "version": 1}
    text = json.dumps({**told, **found}, sort_keys=True)
    target = json.dumps({**told, "target": "PredictedRegion"}, sort_keys=True)
    Explanation.objects.filter(pk=row.pk).update(
        target=target, target_digest=digest_of_target(target), provenance={"targets": [text]}
    )
    return text


def test_the_found_region_of_a_large_picture_is_exported_and_rebuilt(
    tmp_path: Path, settings: Any
) -> None:
    study = close_study(open_small_study())
    runs = [[first, 1] for first in range(0, 512 * 1024, 40)]
    text = give_target(target="Segmented", size=[512, 1024], runs=runs)
    assert len(text) > 150_000
    bundle = carry(study, tmp_path, settings)
    call_command("import_bundle", str(bundle), verbosity=0)
    assert Explanation.objects.get(provenance__targets=[text]).target
    again = write_bundle(Study.objects.get(), tmp_path / "again", analysis=False).path
    assert files_of(again) == files_of(bundle)


@pytest.mark.parametrize("count", [0, 2])
def test_a_map_whose_found_target_is_not_told_is_not_rebuilt(
    count: int, tmp_path: Path, settings: Any
) -> None:
    study = close_study(open_small_study())
    text = give_target(target="Detected", box=[0, 0, 8, 8])
    Explanation.objects.exclude(target="").update(provenance={"targets": [text] * count})
    bundle = carry(study, tmp_path, settings)
    with pytest.raises(CommandError, match="a map with a target does not say what was found"):
        call_command("import_bundle", str(bundle))
    assert Study.objects.count() == 0


def test_a_zip_is_rebuilt_like_its_folder(tmp_path: Path, settings: Any) -> None:
    bundle = carry(lively_study("trust"), tmp_path, settings, "bundle.zip")
    call_command("import_bundle", str(bundle))
    assert Judgment.objects.count() == 17


def test_a_simulated_copy_comes_with_the_study_that_it_was_drawn_from(
    tmp_path: Path, settings: Any
) -> None:
    copy = marked_copy(open_small_study(slug="small"), StudyKind.SIMULATED, seed=3)
    send_people(copy, 2)
    call_command("import_bundle", str(carry(copy, tmp_path, settings)))
    rebuilt = Study.objects.get(kind=StudyKind.SIMULATED)
    assert (rebuilt.copy_of.slug, rebuilt.copy_of.participations.count()) == ("small", 0)
    assert rebuilt.participations.count() == 2


def test_a_study_that_is_here_already_is_not_touched(tmp_path: Path) -> None:
    study = lively_study("trust")
    bundle = write_bundle(study, tmp_path / "bundle", analysis=False).path
    with pytest.raises(CommandError, match="already exists; import into another"):
        call_command("import_bundle", str(bundle))
    assert Study.objects.count() == 1


def test_a_public_bundle_is_not_rebuilt(tmp_path: Path) -> None:
    bundle = write_bundle(
        lively_study("trust"), tmp_path / "bundle", public=True, analysis=False
    ).path
    with pytest.raises(CommandError, match="a public bundle has no times"):
        call_command("import_bundle", str(bundle))


def test_a_bundle_with_a_broken_table_leaves_nothing_behind(tmp_path: Path, settings: Any) -> None:
    bundle = carry(lively_study("trust"), tmp_path, settings)
    lines = next((bundle / "data").glob("*judgments_data.csv")).read_text("utf-8").splitlines()
    rewrite(bundle, [*lines, lines[-1].replace("_t000", "_t0009")])
    with pytest.raises(CommandError, match="can't be rebuilt"):
        call_command("import_bundle", str(bundle))
    assert Study.objects.count() == 0


def rewrite(bundle: Path, lines: list[str], name: str = "judgments") -> None:
    """Another table, with a manifest that vouches for it."""
    table = next((bundle / "data").glob(f"*{name}_data.csv"))
    table.write_text("\n".join(lines), encoding="utf-8")
    vouch(bundle, table)


def vouch(bundle: Path, file: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    name = file.relative_to(bundle).as_posix()
    manifest["files"][name] = hashlib.sha256(file.read_bytes()).hexdigest()
    (bundle / "manifest.json").write_text(json.dumps(manifest))


def rewrite_rows(bundle: Path, rows: list[dict[str, str]], name: str = "trials") -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    rewrite(bundle, text.getvalue().splitlines(), name)


@pytest.mark.parametrize("paradigm", ["trust", "distinction", "reliance"])
def test_a_bundle_of_before_there_were_answer_keys_gets_them(
    paradigm: str, tmp_path: Path, settings: Any
) -> None:
    study = close_study(open_small_study(paradigm=paradigm, trials=4))
    keys = list(TRIALS.rows(study).values_list("keys", flat=True))
    bundle = carry(study, tmp_path, settings)
    for row in (rows := rows_of(bundle, "trials")):
        del row["keys"]
    rewrite_rows(bundle, rows)
    facts = bundle / "materials" / "study.json"
    told = json.loads(facts.read_text("utf-8"))
    del told["study"]["keys_digest"]
    facts.write_text(json.dumps(told), encoding="utf-8")
    vouch(bundle, facts)
    call_command("import_bundle", str(bundle))
    rebuilt = Study.objects.get()
    assert list(TRIALS.rows(rebuilt).values_list("keys", flat=True)) == keys
    assert rebuilt.keys_digest == study.keys_digest


def test_a_bundle_whose_answer_key_was_changed_is_not_rebuilt(
    tmp_path: Path, settings: Any
) -> None:
    bundle = carry(close_study(open_small_study(people=4)), tmp_path, settings)
    rows = rows_of(bundle, "trials")
    rows[0]["keys"] = rows[0]["keys"].replace("-2", "-1")
    rewrite_rows(bundle, rows)
    with pytest.raises(CommandError, match="the answer keys in the table of trials are not those"):
        call_command("import_bundle", str(bundle))
    assert Study.objects.count() == 0


@pytest.mark.parametrize("change", [lambda line: line + ",1", lambda line: line.rpartition(",")[0]])
def test_a_row_with_a_cell_too_many_or_too_few_is_neither_rebuilt_nor_analysed(
    change: Callable[[str], str], tmp_path: Path, settings: Any
) -> None:
    bundle = carry(lively_study("trust"), tmp_path, settings)
    table = next((bundle / "data").glob("*judgments_data.csv"))
    header, first, *others = table.read_text("utf-8").splitlines()
    rewrite(bundle, [header, first, change(others[0]), *others[1:]])
    with pytest.raises(CommandError, match="line 3, has more or fewer cells than the header"):
        call_command("import_bundle", str(bundle))
    with pytest.raises(CommandError, match=r"line 3, has \d+ cells, but the header has \d+"):
        call_command("analyse", str(bundle))
    assert Study.objects.count() == 0


def test_coded_answers_are_rebuilt_with_every_choice_and_decision(
    tmp_path: Path, settings: Any
) -> None:
    study = answered_study()
    round_ = begun(study, overlap=50)
    code_all(round_, wrong=6)
    reading = round_.scheme.coders.get(number=1).readings.get(place=1)
    code_answer(reading, ["other"], seen=1)
    end_round(round_)
    for answer in disagreements(round_.scheme)[:2]:
        adjudicate(answer, ["shape"], by=None, seen=0)
        adjudicate(answer, ["colour"], by=None, seen=1)
    write_answers(study, 1, before="later")
    users = [coder.user for coder in round_.scheme.coders.all()]
    running = begin_round(round_.scheme, users, seed=3)
    code_answer(Reading.objects.filter(answer__round=running).earliest("pk"), ["shape"], seen=0)
    withdraw(study.participations.earliest("pk"))
    new_scheme(study, "main", "text")
    tables = CodingScheme, Reading, Coding, Adjudication
    before = [model.objects.count() for model in tables]
    bundle = carry(close_study(study), tmp_path, settings, analysis=True)
    study = import_bundle(bundle)
    assert [model.objects.count() for model in tables] == before
    again = write_bundle(study, tmp_path / "again").path
    assert files_of(bundle) == files_of(again)
