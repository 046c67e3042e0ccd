"""`manage.py study VERB` for people and for scripts: what is done, told, and refused."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from sandbox.builders import ETHICS, make_study, open_small_study, take_part
from sandbox.people import send_people
from studyapp.models import Exclusion, Explanation, Heartbeat, Study, StudyState, WorkState
from studyapp.studies.lifecycle import close_study
from studyapp.studies.texts import shown_texts
from tests.running import output_of

pytestmark = pytest.mark.django_db


def lines(*arguments: str, **options: Any) -> list[str]:
    return output_of("study", *arguments, **options).splitlines()


def facts(*arguments: str, **options: Any) -> dict[str, Any]:
    return json.loads(output_of("study", *arguments, json=True, **options))


def fail_one_explanation() -> None:
    row = Explanation.objects.earliest("pk")
    row.state, row.map_digest, row.error = WorkState.FAILED, "", "the map is not finite"
    row.save()


def test_the_status_tells_what_is_ready_and_who_takes_part() -> None:
    study = open_small_study(people=4)
    send_people(study, 3)
    told = "\n".join(lines("status", study.slug))
    assert told.startswith("small: open; predictions")
    assert "1 of 4 places free; 3 finished; 9 judgments" in told
    assert facts("status", study.slug)["people"] == {"finished": 3}


def test_the_status_names_what_failed_and_what_stops_a_study() -> None:
    study = make_study(prepared=False)
    fail_one_explanation()
    study.problem = "a file of weights is missing"
    study.save()
    told = "\n".join(lines("status", study.slug))
    assert "1 failed" in told
    assert "PROBLEM: a file of weights is missing" in told
    assert "places are drawn at opening; nobody yet" in told
    assert "the map is not finite" in told


def test_the_status_of_everything_names_each_study_and_each_living_worker() -> None:
    assert lines("status") == ["no study yet; load one"]
    for slug in ("first", "second"):
        make_study(slug=slug)
    now = timezone.now()
    seen = {"alive": now, "silent": now - timedelta(minutes=5)}
    for worker, moment in seen.items():
        Heartbeat.objects.create(worker=worker, queues="cpu", seen_at=moment, started_at=moment)
    told = facts("status")
    assert [one["slug"] for one in told["studies"]] == ["first", "second"]
    assert told["workers"] == ["alive"]
    assert [line.split(":")[0] for line in lines("status") if line[0] != " "] == ["first", "second"]


def test_an_unknown_study_is_refused_with_those_that_there_are() -> None:
    make_study(slug="only")
    with pytest.raises(CommandError, match="there is no study other; existing studies: only"):
        lines("status", "other")


def test_a_study_is_opened_paused_resumed_and_closed() -> None:
    study = make_study()
    opened = facts("open", study.slug)
    assert opened["state"] == StudyState.OPEN
    assert opened["certificate"]["problems"] == []
    for verb, state in (("pause", "paused"), ("resume", "open")):
        assert lines(verb, study.slug) == [f"small is {state}"]
    assert lines("close", study.slug, "--yes") == ["small is closed"]
    with pytest.raises(CommandError, match="closed"):
        lines("resume", study.slug)


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [("", "add --yes"), ("y\n", "was not closed"), ("smal\n", "was not closed")],
)
def test_closing_by_command_is_asked_first(
    typed: str, refusal: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = open_small_study()
    take_part(study)
    monkeypatch.setattr("sys.stdin", StringIO(typed))
    with pytest.raises(CommandError, match=refusal):
        lines("close", study.slug)
    study.refresh_from_db()
    assert study.state == StudyState.OPEN
    asked = capsys.readouterr()
    assert "Close small for good?" in asked.err
    assert "1 person who is taking part can't finish" in asked.err
    assert asked.out == ""
    monkeypatch.setattr("sys.stdin", StringIO("small\n"))
    assert lines("close", study.slug) == ["small is closed"]


def test_opening_tells_the_certificate_line_by_line() -> None:
    told = lines("open", make_study().slug)
    assert told[0] == "small is open"
    assert len(told) > 3


def test_exclusions_are_a_preview_until_they_are_applied() -> None:
    study = open_small_study(people=2, exclusions={"fastest_median_ms": 5000})
    send_people(study, 2)
    told = lines("exclusions", study.slug)
    assert told[0] == "small: 2 people break a declared rule"
    assert told[-1] == "a preview: nothing was written"
    assert Exclusion.objects.count() == 0
    applied = facts("exclusions", study.slug, apply=True)
    assert (applied["added"], sum(applied["by_arm"].values())) == (2, 2)
    assert Exclusion.objects.count() == 2


def test_preparing_asks_the_workers_once_and_tells_where_to_look(
    django_capture_on_commit_callbacks: Any,
) -> None:
    study = make_study(prepared=False)
    with django_capture_on_commit_callbacks() as asked:
        told = lines("prepare", study.slug)
    assert len(asked) == 1
    assert told == ["small: asked the workers; see study status"]


def test_waiting_ends_with_a_prepared_study_and_names_what_was_left_out() -> None:
    study = make_study()
    fail_one_explanation()
    told = lines("prepare", study.slug, wait=True)
    assert told[0].startswith("small is prepared: 15 explanations")
    assert "the map is not finite" in told[1]


def correction(
    study: Study, path: Path, text: str = "debrief", reason: str = "a typo"
) -> list[str]:
    return lines("correct", study.slug, text, str(path), "--reason", reason)


def test_a_text_of_an_open_study_is_corrected_and_told_in_reports(tmp_path: Path) -> None:
    study = open_small_study()
    path = tmp_path / "debrief.md"
    path.write_text("Thank you all.\n", encoding="utf-8")
    assert correction(study, path) == ["people see version 2 of debrief from now on"]
    study.refresh_from_db()
    assert shown_texts(study)["debrief"].markdown == "Thank you all.\n"
    assert study.deviations.get().detail == "debrief: version 1 became 2: a typo"


@pytest.mark.parametrize(
    ("content", "text", "reason", "sentence"),
    [
        (b"Better", "depart", "a typo", "has no text depart; its texts: consent, debrief, "),
        (None, "debrief", "a typo", "debrief.md: there is no such file"),
        (b"\xff\xfe\x00", "debrief", "a typo", "not UTF-8 text; save it as UTF-8"),
        (b" \n", "debrief", "a typo", "is empty; write the corrected text into it"),
        (b"Better", "debrief", " ", "--reason is empty; say what was corrected"),
        (b"Better", "debrief", "a\udcff", "--reason is not UTF-8 text; type it again"),
        (b"Better", "debrief", "x" * 301, "--reason has 301 characters; use at most 300"),
    ],
)
def test_a_correction_that_would_correct_nothing_is_refused(
    content: bytes | None, text: str, reason: str, sentence: str, tmp_path: Path
) -> None:
    study = open_small_study()
    path = tmp_path / "debrief.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError) as refused:
        correction(study, path, text, reason)
    assert sentence in str(refused.value)
    assert not study.deviations.exists()


def test_no_text_is_corrected_before_people_see_it_or_after(tmp_path: Path) -> None:
    path = tmp_path / "debrief.md"
    path.write_text("Better", encoding="utf-8")
    with pytest.raises(CommandError, match="has never been open; correct the text's file"):
        correction(make_study(slug="draft"), path)
    study = open_small_study()
    close_study(study)
    with pytest.raises(CommandError, match="is closed, so nobody sees its texts"):
        correction(study, path)


def test_a_placeholder_of_the_sample_is_no_correction_of_a_real_study(tmp_path: Path) -> None:
    study = open_small_study(kind="real", ethics=ETHICS)
    path = tmp_path / "debrief.md"
    path.write_text("Thank you.\n[[Write your own]]", encoding="utf-8")
    with pytest.raises(CommandError, match=r"line 2: .* is a placeholder from the sample"):
        correction(study, path)


def test_a_text_that_people_see_already_is_no_correction(tmp_path: Path) -> None:
    study = open_small_study()
    path = tmp_path / "debrief.md"
    path.write_text(shown_texts(study)["debrief"].markdown, encoding="utf-8")
    with pytest.raises(CommandError, match="is the text that people see already"):
        correction(study, path)
