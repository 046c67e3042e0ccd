"""Every answer that people can give is in the public tables, the codebook and the analysis.

The kinds of questions come from PARADIGMS and the kinds of fields from FieldSection: what is added
there is walked here.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.sources import tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.models import Judgment, Participation, Study
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.custom.block import FieldSection
from tests.tables import read_rows, rows_of

pytestmark = pytest.mark.django_db

ANALYSED = {"main", "first", "final", "questionnaire", "repeat"}
WORDS = "I looked at what was marked"
ITEMS = ["It is clear.", "It is enough.", "It helps me."]
FIELDS = [
    {
        "name": kind, "kind": kind, "question": f"A {kind}?", "choices": ["this", "that"],
        **({"items": ITEMS} if kind == "matrix" else {}),
    }
    for kind in get_args(FieldSection.model_fields["kind"].annotation)
]  # fmt: skip
DECLINABLE = [{**field, "name": f"{field['name']}_or_not", "may_decline": True} for field in FIELDS]
# What a block must say before anybody can answer it
NEEDED: dict[str, dict[str, Any]] = {
    "rating": {"items": ITEMS, "points": 5},
    "questionnaire": {"items": ITEMS},
    "open_text": {"question": "What did you see?"},
    "custom": {"fields": [{**FIELDS[0], "name": "value"}, *FIELDS, *DECLINABLE], "text": "consent"},
}
# Further ways of asking; each paradigm is also asked as its block is by default
FURTHER: dict[str, list[dict[str, Any]]] = {
    "reliance": [{"steps": "one"}],
    "rating": [{"items": ITEMS[:1]}],
    "questionnaire": [{"items": ITEMS[:1]}],
    "open_text": [{"with_photos": True}],
    "custom": [{"with_photos": True}],
    "meta_prediction": [{"stage": "learning"}],
    "marking": [{"tool": "points"}, {"tool": "brush", "with_explanation": True}],
    **{key: [{"repeats": 1}] for key in ("trust", "discrimination", "agreement")},
}


def answered_study(paradigm: str) -> Study:
    """Everything that the paradigm can ask, each way with a practice block and confidence."""
    ways = [{}, *FURTHER.get(paradigm, [])]
    blocks = [
        {
            "name": f"block_{place}_{stage}", "paradigm": paradigm, "stage": stage, "trials": 2,
            "confidence": True, **NEEDED.get(paradigm, {}),
            **{key: value for key, value in way.items() if key != "repeats" or stage == "main"},
        }
        for place, way in enumerate(ways)
        for stage in ("practice", "main")
        if way.get("stage", stage) == stage or stage == "main"
        if stage in PARADIGMS[paradigm].stages
    ]  # fmt: skip
    study = open_small_study(blocks=blocks, people=4, stimuli=4 * len(ways), conditions=2)
    send_people(study, 4, paradigm=paradigm)
    Participation.objects.update(publication_consent=True)
    return study


def given() -> list[tuple[Judgment, dict[str, Any]]]:
    """Every judgment with all answers of its page, in the order of the tables."""
    rows = Judgment.objects.select_related("trial").order_by("participation", "trial__position")
    return [(one, one.data | ({} if one.value is None else {"value": one.value})) for one in rows]


def as_published(answer: Any) -> Any:
    return {"words": len(answer.split())} if isinstance(answer, str) else answer


@pytest.mark.parametrize("paradigm", sorted(PARADIGMS))
def test_every_answer_is_published_described_and_analysed(paradigm: str, tmp_path: Path) -> None:
    study = answered_study(paradigm)
    folder = write_bundle(study, tmp_path / "public", public=True).path
    answers = given()
    assert any("confidence" in all_of_page for _, all_of_page in answers)
    rows = rows_of(folder, "judgments")
    assert len(rows) == len(answers)
    for row, (_, all_of_page) in zip(rows, answers, strict=True):
        published = json.loads(row["further_answers"] or "{}")
        if row["value"]:
            published["value"] = int(row["value"])
        assert published == {key: as_published(one) for key, one in all_of_page.items()}

    described = read_rows(folder / "codebook.csv")
    codebook = {row["column"]: row for row in described if row["table"] == "answers"}
    asked = {f"{one.trial.block}/{key}" for one, page in answers for key in page}
    assert asked - set(codebook) == set()
    assert all(codebook[name]["shown"] for name in asked)

    counted = Counter(
        (one.trial.block, one.trial.stage, key)
        for one, page in answers
        if one.trial.stage in ANALYSED
        for key in page
    )
    found = json.loads((folder / "analysis" / "results.json").read_text("utf-8"))
    analysed = {
        (one["block"], one["stage"], one["question"]): sum(
            method["n"] for method in one["methods"].values()
        )
        for one in found["answers"]
    }
    assert analysed == counted
    report = (folder / "analysis" / "report.html").read_text("utf-8")
    assert all(f"{key}" in report for _, _, key in counted if key != "value")


def test_every_answer_of_a_study_that_asks_everything_is_analysed() -> None:
    blocks = [
        {"name": name, "paradigm": name, "trials": 2, **NEEDED.get(name, {}), **way}
        for name in PARADIGMS
        for way in [{"with_photos": True} if name == "custom" else {}]
    ]
    study = open_small_study(blocks=blocks, people=2, stimuli=2, conditions=1)
    send_people(study, 2)
    counted = Counter(
        (one.trial.block, one.trial.stage, key) for one, page in given() for key in page
    )
    analysed: Counter[tuple[str, str, str]] = Counter()
    for name in PARADIGMS:
        rows = tidy_study(study, name).answers
        analysed.update(rows[["block", "stage", "question"]].itertuples(index=False, name=None))
    assert analysed == counted


@pytest.mark.parametrize("paradigm", ["custom", "open_text"])
def test_no_written_word_is_published(paradigm: str, tmp_path: Path) -> None:
    study = answered_study(paradigm)
    public = write_bundle(study, tmp_path / "public", public=True).path
    private = write_bundle(study, tmp_path / "private", analysis=False).path
    for folder, is_there in ((public, False), (private, True)):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert any(WORDS.encode() in path.read_bytes() for path in files) is is_there
