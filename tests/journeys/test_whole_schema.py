"""Study files over the whole schema, every text as long as allowed and every number at a bound,
from the file to the report: no 500, and no answer that is not in the bundle."""

import json
import tempfile
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sandbox.builders import open_small_study
from studyapp.analyses.reports import study_report
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Judgment, Participation, Status, Study, Trial
from studyapp.paradigms import PARADIGMS, Question
from studyapp.participations.answering import current_trial
from studyapp.simulation.markings import Thing, marked
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from studyapp.studies.loading import load_study
from studyapp.views.trials import asked_on
from tests.studies.definition.test_limits import photo_folder
from tests.study_files import write_study
from tests.tables import rows_of

pytestmark = pytest.mark.django_db
# What a page, a table or a spreadsheet might take for something else
LETTERS = st.sampled_from(["m", "ß", "字", "=", "<b>&'\"", "{{ a }}%(b)s ", "\u202e"])
EXAMPLES, SHORT = 12, 30


class Sections(dict[str, Any]):
    """What `studies` draws; it tells its blocks' paradigms, not all its words."""

    def __repr__(self) -> str:
        asked = {
            key: value for block in self["blocks"] for key, value in block.items()
            if not isinstance(value, list) and len(str(value)) < SHORT
        }  # fmt: skip
        return f"Sections({asked}, {self['display']}, title={self['title'][:8]!r})"


def filled(letter: str, length: int) -> str:
    """Exactly `length` characters, which no trimming shortens."""
    return f"{(letter * length)[: length - 1]}."


def name(letter: str) -> str:
    return letter + "n" * 59


@st.composite
def blocks(draw: st.DrawFn, long: Any) -> list[dict[str, Any]]:
    """One block of any kind of question, with every key that it reads at a bound."""
    # Those in which several conditions meet need more of them than one
    asking_of_one = sorted(name for name, one in PARADIGMS.items() if one.meets == "one")
    paradigm = draw(st.sampled_from(asking_of_one))
    block: dict[str, Any] = {"name": name("b"), "paradigm": paradigm, "trials": 2}
    known = PARADIGMS[paradigm]
    if known.check_values:
        block["checks"] = draw(st.sampled_from([0, 1]))
    if paradigm in {"trust", "discrimination", "agreement"}:
        block["confidence"] = draw(st.booleans())
    if paradigm == "meta_prediction":
        block["session"] = 1
    if paradigm == "reliance":
        block["steps"] = draw(st.sampled_from(["one", "two"]))
    if paradigm == "marking":
        block |= {
            "tool": draw(st.sampled_from(["box", "points", "brush"])),
            "with_explanation": draw(st.booleans()),
            "question": long(5000),
        }
    if paradigm in {"rating", "questionnaire"}:
        block |= {
            "items": [long(5000)] * draw(st.sampled_from([1, 3])),
            "points": draw(st.sampled_from([2, 11])),
            "lowest": long(200),
            "highest": long(200),
        }
    if paradigm == "open_text":
        block |= {"question": long(5000), "longest": draw(st.sampled_from([1, 20000]))}
    if paradigm == "custom":
        block["fields"] = [
            {"name": "value", "question": long(5000), "choices": [long(5000), "no"]},
            {"name": name("t"), "question": long(5000), "kind": "text",
             "longest": draw(st.sampled_from([1, 20000]))},
            {"name": name("s"), "question": long(5000), "kind": "scale",
             "points": draw(st.sampled_from([2, 11])), "lowest": long(200), "highest": long(200)},
            {"name": name("l"), "question": long(5000), "kind": "line", "may_decline": True,
             "longest": draw(st.sampled_from([1, 20000]))},
            {"name": name("d"), "question": long(5000), "kind": "number",
             "least": -1e9, "most": 1e9, "unit": long(200),
             "decimals": draw(st.sampled_from([0, 2])), "may_decline": draw(st.booleans())},
            {"name": "slide", "question": long(5000), "kind": "slider", "least": -10_000,
             "most": 10_000, "lowest": long(200), "highest": long(200)},
            {"name": "v" * 60, "question": long(5000), "kind": "several",
             "choices": [long(5000), "no"], "may_decline": draw(st.booleans())},
            {"name": "m" * 57, "question": long(5000), "kind": "matrix",
             "items": [f"{n}{long(4999)}" for n in range(3)],
             "points": draw(st.sampled_from([2, 11])), "lowest": long(200), "highest": long(200),
             "show_if": {"field": "value", "answers": [draw(st.sampled_from([long(5000), "no"]))]}},
        ]  # fmt: skip
    if paradigm in {"trust", "agreement"} and "{" not in long(9) and draw(st.booleans()):
        block |= {"question": long(5000), "points": 10, "answers": [long(200), "no"]}
    if paradigm in {"open_text", "custom"}:
        block["with_photos"] = draw(st.booleans())
    if known.options and draw(st.booleans()):
        return [{"name": "p", "paradigm": paradigm, "trials": 1, "stage": "practice"}, block]
    return [block]


@st.composite
def studies(draw: st.DrawFn) -> Sections:
    """The sections of a study file that can be opened."""
    long = partial(filled, draw(LETTERS))
    number = st.sampled_from([1, 100_000])
    minutes = draw(number)
    gate = {"question": long(5000), "answers": [long(5000), "no"], "accept": [1]}
    ethics = dict.fromkeys(
        ("approved_by", "protocol", "contact", "complaints", "risks", "data_controller",
         "legal_basis", "retention", "withdrawal_deadline"),
        long(5000),
    )  # fmt: skip
    codes = ("complete", "no_consent", "screened_out", "failed_checks", "full", "timed_out")
    asked = draw(blocks(long))
    sections = {
        "title": long(200),
        "language": draw(st.sampled_from(["en", "de"])),
        "blocks": asked,
        "conditions": [{"name": name("c"), "method": "grad_cam"}],
        "arms": [{"name": name("a"), "conditions": [name("c")]}],
        "screening": [gate],
        "comprehension": {"attempts": draw(st.sampled_from([1, 10])), "questions": [gate]},
        "design": {"seed": draw(st.sampled_from([0, 2**62 - 1])), "people": 2, "stimuli": 4,
                   "ratings": "nearest", "idle_minutes": draw(number)},
        "display": {"size": draw(st.sampled_from([64, 1024])), "name_a": long(60),
                    "name_b": "B" + long(59), "opacity": draw(st.sampled_from([1e-300, 1.0])),
                    "legend": draw(st.booleans()), "show_photo": draw(st.booleans())},
        "panel": {"codes": dict.fromkeys(codes, long(200)),
                  "redirect": "https://example.org/" + "r" * 1980,
                  "redirect_seconds": draw(st.sampled_from([10, 600])),
                  "people_per_device": draw(st.sampled_from([1, 1000])),
                  "smallest_window": draw(st.sampled_from([200, 10_000]))},
        "ethics": {**ethics, "minutes": minutes, "minimum_age": draw(st.sampled_from([16, 120]))},
        "pay": {"amount": 1e6, "currency": long(20), "hourly_floor": 0.0, "partial": 1e6},
        "exclusions": {
            "shortest_minutes": 1e6,
            **({"failed_checks": 1} if asked[-1].get("checks") else {}),
        },
        "stopping": {"detail": long(5000)},
        "analysis": {"hypotheses": [long(5000)], "smallest_effect": draw(
            st.sampled_from([5e-324, 0.999]))},
    }  # fmt: skip
    return Sections(sections)


def load(folder: Path, sections: dict[str, Any]) -> Study:
    """The study of the file that says the same."""
    write_study(folder, slug="of-a-file", **sections)
    return load_study(photo_folder(folder, "cat/a.png") / "study.toml")


def answer_to(question: Question) -> dict[str, Any]:
    if question.decline:
        return {question.tick: "yes"}
    if question.kind == "slider":
        return {question.name: f"{question.most:.0f}"}
    if question.kind == "several":
        return {question.box(value): "yes" for value in question.values}
    if question.kind == "number":
        return {question.name: str(question.most)[: -2 if not question.decimals else None]}
    if question.kind == "text":
        return {question.name: filled("w", question.longest)}
    if question.kind == "point":
        return {f"{question.name}.x": "7", f"{question.name}.y": "9"}
    if question.tool:
        return {question.name: marked(question, Thing(0.5, 0.5, 0.2), 0.0, Random(1))}
    return {question.name: question.values[-1]}


def walk(client: Client, study: Study) -> Participation:
    """Somebody who comes by the link and answers everything; every page is a page."""
    here = client.post(f"/s/{study.slug}/")["Location"]
    for step, form in (
        ("screening", {"question_1": "1"}),
        ("consent", {"agree": "yes", "publication": "yes"}),
        ("begin", {"question_1": "1"}),
    ):
        assert client.get(here).status_code == 200
        assert client.post(f"{here}{step}", form).status_code == 303, step
    person = Participation.objects.get(code=here.split("/")[2])
    while (trial := current_trial(person)) is not None:
        assert client.get(here).status_code == 200
        assert client.post(f"{here}answer", sent(trial, study)).status_code == 303
    for page in ("", "about", "withdraw"):
        assert client.get(f"{here}{page}").status_code == 200
    person.refresh_from_db()
    assert person.status == Status.FINISHED
    return person


def sent(trial: Trial, study: Study) -> dict[str, Any]:
    form: dict[str, Any] = {"trial": trial.code, "rt_ms": "900"}
    for question in PARADIGMS[trial.paradigm].asks(asked_on(trial, study_definition(study))):
        form |= answer_to(question)
    return form


def answers(rows: Any) -> list[tuple[Any, Any]]:
    return sorted(rows, key=str)


def assert_public(folder: Path) -> None:
    """Every answer is in the public table, of texts their number of words."""
    stored = {}
    for one in Judgment.objects.select_related("trial__slot"):
        data = {
            key: {"words": len(value.split())} if isinstance(value, str) and key != "by" else value
            for key, value in one.data.items()
        }
        stored[one.trial.slot.position, one.trial.position] = (one.value, data)
    rows = rows_of(folder, "judgments")
    assert len(rows) == len(stored)
    shown = [
        (int(row["value"]) if row["value"] else None, json.loads(row["further_answers"] or "{}"))
        for row in rows
    ]
    assert answers(shown) == answers(stored.values())


def from_file_to_report(sections: dict[str, Any], folder: Path) -> None:
    load(folder, sections)
    study = open_small_study(slug="o" * 80, **sections)
    for _ in range(2):
        walk(Client(), study)
    close_study(study)
    assert study_report(study).html
    for public in (True, False):
        write_bundle(study, folder / f"public-{public}", public=public, analysis=public)
    assert_public(folder / "public-True")
    before = answers(Judgment.objects.values_list("value", "data"))
    Study.objects.filter(pk=study.pk).update(slug="the-original")
    again = import_bundle(folder / "public-False")
    rows = Judgment.objects.filter(participation__study=again)
    assert answers(rows.values_list("value", "data")) == before
    assert study_report(again).html


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
@given(sections=studies())
def test_whatever_a_study_file_may_say_goes_from_the_file_to_the_report(
    sections: dict[str, Any],
) -> None:
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        from_file_to_report(sections, Path(folder))
        transaction.set_rollback(True)
