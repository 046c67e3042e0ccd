"""`manage.py analyse`: a file needs nothing, a study and its bundle say the same."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from django.core.management import CommandError

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile, send_people
from studyapp.exports.bundle import write_bundle
from studyapp.models import Exclusion, Participation, StudyKind
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import close_study
from tests.analyses.tidy_tables import write_csv
from tests.running import ROOT, output_of, python

GOOD = "participant,image,method,correct\n" + "".join(
    f"p{person},i{image},{'ab'[(person + image) % 2]},{int((person * image) % 3 > 0)}\n"
    for person in range(6)
    for image in range(5)
)


def bare_environment(folder: Path) -> dict[str, str]:
    """No database and no setting, and output that leaves as soon as it is written."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DISCERN_VAR": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


def test_a_file_is_analysed_without_database_and_environment(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", GOOD)
    command = (ROOT / "manage.py", "analyse", path, "--json", tmp_path / "r.json")
    done = python(*command, env=bare_environment(tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "discrimination: 30 judgments of 6 people on 5 photos" in done.stdout
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["methods"]["a"]["n"] == 15


def test_the_results_are_written_though_nobody_reads_the_summary(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", GOOD)
    command = [sys.executable, ROOT / "manage.py", "analyse", path, "--json", tmp_path / "r.json"]
    with subprocess.Popen(
        command, env=bare_environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        process.stdout.close()
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["methods"]["a"]["n"] == 15


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("participant,image,correct\np,i,1\n", "no column “method”"),
        ("participant,image,method\np,i,a\n", "no column “score” or “correct”; add one"),
        ("participant,image,method,score,correct\np,i,a,1,1\n", "add --paradigm"),
        (
            "participant,image,method,score\np,i,a,1\np,i,a,7\n",
            "line 3: score '7' is not one of -2",
        ),
        ("participant,image,method,correct\np,i,a,yes\n", "line 2: correct 'yes' is not one of 0"),
        ("participant,image,method,correct\n,i,a,1\n", "line 2: participant is empty"),
        ("", "can't be read as CSV"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        output_of("analyse", write_csv(tmp_path / "d.csv", text))


def test_missing_outcomes_are_left_out_and_other_columns_ignored(tmp_path: Path) -> None:
    rows = "p,i,a,1,x\np,j,a,,x\nq,i,a,0,x\nq,j,a,1,x\n"
    path = write_csv(tmp_path / "d.csv", "participant,image,method,correct,mood\n" + rows)
    assert "2 of 3" in output_of("analyse", path)


def test_chance_can_be_told_for_a_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", GOOD)
    assert "against chance (25.0 %)" in output_of("analyse", path, chance=0.25)
    with pytest.raises(CommandError, match="between 0 and 1"):
        output_of("analyse", path, chance=25)


def test_an_unknown_reference_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no method “c” was judged; there are a, b"):
        output_of("analyse", write_csv(tmp_path / "d.csv", GOOD), reference="c")


@pytest.mark.django_db
@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_a_study_and_its_bundles_give_the_same_results(paradigm: str, tmp_path: Path) -> None:
    study = open_small_study(paradigm=paradigm, people=6, trials=4, stimuli=6)
    send_people(study, 5, paradigm=paradigm)
    Participation.objects.update(publication_consent=True)
    study = close_study(study)
    texts = [tmp_path / f"{name}.json" for name in "abc"]
    output_of("analyse", study.slug, json=texts[0])
    for public, text in ((False, texts[1]), (True, texts[2])):
        bundle = write_bundle(study, tmp_path / text.stem, public=public, analysis=False)
        output_of("analyse", bundle.path, json=text)
    assert texts[0].read_bytes() == texts[1].read_bytes() == texts[2].read_bytes()
    assert json.loads(texts[0].read_text("utf-8"))["n"] == 20


@pytest.mark.django_db
def test_excluded_and_unfinished_people_are_counted_and_left_out() -> None:
    study = open_small_study(people=4, trials=3, exclusions={"failed_checks": 1}, checks=1)
    send_people(study, 2)
    answer_all(take_part(study, "stopped"), make_profile(), most=2)
    Exclusion.objects.create(
        participation=Participation.objects.order_by("pk")[0], rule="failed_checks"
    )
    text = output_of("analyse", study.slug)
    assert "3 judgments of 1 person" in text
    assert "left out by a rule: 1 failed_checks" in text
    assert "most of those who finished are left out" not in text


@pytest.mark.django_db
def test_simulated_people_are_analysed_only_when_asked_for() -> None:
    study = open_small_study(people=4, trials=4, stimuli=6)
    with pytest.raises(CommandError, match="study simulate small"):
        output_of("analyse", study.slug, simulated=True)
    copy = marked_copy(study, StudyKind.SIMULATED, seed=2)
    for number in range(4):
        person = take_part(copy, f"simulated-{number}")
        profile = make_profile(seed=number)
        Participation.objects.filter(pk=person.pk).update(profile=asdict(profile))
        answer_all(person, profile, seed=number)
    assert "no scored judgments" in output_of("analyse", study.slug)
    text = output_of("analyse", study.slug, simulated=True)
    assert "16 judgments of 4 people" in text
    assert text.count("known 0.") + text.count("known 1.") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("paradigm", ["agreement", "distinction", "meta_prediction", "reliance"])
def test_further_paradigms_are_analysed_from_their_studies(paradigm: str, tmp_path: Path) -> None:
    study = open_small_study(paradigm=paradigm, people=6, trials=4, stimuli=8)
    send_people(study, 4, paradigm=paradigm)
    text = output_of("analyse", study.slug, json=tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert text.startswith(f"{paradigm}: ")
    assert found["people"] == 4
    assert found["n"] >= 16
    assert found[paradigm]


@pytest.mark.django_db
def test_a_study_of_two_paradigms_is_one_report_and_a_json_file_each(tmp_path: Path) -> None:
    blocks = [{"name": name, "paradigm": name, "trials": 2} for name in ("trust", "discrimination")]
    study = open_small_study(blocks=blocks, people=4)
    send_people(study, 2)
    text = output_of("analyse", study.slug, html=tmp_path / "r.html")
    assert text.count(" judgments of 2 people") == 2
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.index('id="trust"') < page.index('id="discrimination"')
    with pytest.raises(CommandError, match="holds one paradigm, but there are trust and disc"):
        output_of("analyse", study.slug, json=tmp_path / "r.json")
    output_of("analyse", study.slug, json=tmp_path / "r.json", paradigm="trust")
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["paradigm"] == "trust"
