"""The plan in the order of AsPredicted and of the OSF's template, and what was changed later."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.plan_documents import study_document
from studyapp.analyses.reports import study_report
from studyapp.studies.extension import extend_study
from studyapp.studies.texts import correct_text
from tests.running import output_of
from tests.study_files import write_study

TIED = {"text": "One is better.", "contrast": ["guided_grad_cam", "guided_backprop"],
        "direction": "greater", "smallest_effect": 0.2}  # fmt: skip
PLAN: dict[str, Any] = {
    "exclusions": {"failed_checks": 2}, "checks": 2,
    "screening": [{"question": "Are you 18?", "answers": ["yes", "no"], "accept": [1]}],
    "analysis": {"hypotheses": [TIED], "alpha": 0.01, "missing_data": "Nobody is replaced.",
                 "sample_size_reason": "As many as power asks for."},
}  # fmt: skip
ASPREDICTED = [
    "Data collection", "Hypothesis", "Dependent variable", "Conditions", "Analyses",
    "Outliers and Exclusions", "Sample Size", "Other", "Name", "Type of Study", "Data source",
]  # fmt: skip
OSF = {
    "Study Information": ["Title", "Description", "Hypotheses"],
    "Design Plan": ["Study type", "Blinding", "Is there any additional blinding in this study?",
                    "Study design", "Randomization"],
    "Sampling Plan": ["Existing data", "Explanation of existing data",
                      "Data collection procedures", "Sample size", "Sample size rationale",
                      "Stopping rule"],
    "Variables": ["Manipulated variables", "Measured variables", "Indices"],
    "Analysis Plan": ["Statistical models", "Transformations", "Inference criteria",
                      "Data exclusion", "Missing data", "Exploratory analysis"],
    "Other": ["Other"],
}  # fmt: skip


def written(file: Path, form: str, ending: str) -> str:
    out = file.with_suffix(ending)
    output_of("study", "preregister", file, "--form", form, "--out", out)
    return out.read_text("utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_study(tmp_path, **PLAN)


def test_aspredicted_asks_its_eleven_questions_in_their_order(file: Path) -> None:
    told = json.loads(written(file, "aspredicted", ".json"))
    questions = [one["question"].partition(".")[0] for one in told["items"]]
    assert questions == ASPREDICTED
    answers = {name: "\n".join(one["answer"])
               for name, one in zip(questions, told["items"], strict=True)}  # fmt: skip
    for name, words in (
        ("Data collection", "no data have been collected"),
        ("Hypothesis", "guided_grad_cam − guided_backprop in trust, expected to be greater than 0"),
        ("Conditions", "condition guided_grad_cam: method guided_grad_cam"),
        ("Analyses", "with a family-wise error rate of 0.01"),
        ("Outliers and Exclusions", "2 or more failed attention checks"),
        ("Outliers and Exclusions", "Nobody is replaced."),
        ("Sample Size", "As many as power asks for."),
        ("Sample Size", "every place of the design is filled"),
        ("Other", "seed"),
    ):
        assert words in answers[name]
    assert not any(one.startswith("- condition") for one in told["items"][2]["answer"])


def test_the_osf_template_has_its_sections_and_one_digest_in_every_ending(file: Path) -> None:
    told = json.loads(written(file, "osf", ".json"))
    found: dict[str, list[str]] = {}
    for one in told["items"]:
        found.setdefault(one["section"], []).append(one["question"])
        assert one["answer"]
    assert found == OSF
    items = json.dumps(told["items"], sort_keys=True, ensure_ascii=False)
    assert told["digest"] == hashlib.sha256(items.encode()).hexdigest()
    plan = written(file, "plan", ".md")
    assert f"`{told['plan']}`" in plan
    for ending in (".md", ".txt", ".html"):
        text = written(file, "osf", ending)
        assert told["digest"] in text
        assert told["plan"] in text
        assert "Only who answers “Are you 18?” with yes takes part." in text
    changed = {**PLAN, "analysis": {**PLAN["analysis"], "alpha": 0.02}}
    write_study(file.parent, **changed)
    assert json.loads(written(file, "osf", ".json"))["digest"] != told["digest"]


@pytest.mark.django_db
def test_amendments_list_what_was_changed_when_and_why(tmp_path: Path) -> None:
    study = open_small_study(people=4)
    send_people(study, 2)
    plan = study_document(study, "plan").digest
    assert "Nothing has been changed since the study opened." in written_of(study, tmp_path)
    correct_text(study, name="debrief", markdown="Other words.", reason="A link was dead.")
    extend_study(study, people=4, reason="Two more came.")
    text = written_of(study, tmp_path)
    first, second = text.index("Text corrected"), text.index("Places added")
    assert first < text.index("A link was dead.") < second < text.index("Two more came.")
    assert text.count("By then 2 people had finished.") == 2
    study.refresh_from_db()
    assert study_document(study, "plan").digest == plan
    assert plan in study_report(study).html
    assert f"SHA-256 of the plan that is amended: {plan}" in text
    file = write_study(tmp_path)
    with pytest.raises(CommandError, match="a study file has no amendments"):
        output_of("study", "preregister", file, "--amendments", "--out", tmp_path / "a.md")


def written_of(study: Any, folder: Path) -> str:
    out = folder / "amendments.txt"
    output_of("study", "preregister", study.slug, "--amendments", "--out", out)
    return out.read_text("utf-8")
