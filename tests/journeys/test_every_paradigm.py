"""A study that asks every kind of question in every way, walked over HTTP by simulated people."""

import json
import re
from typing import Any

import pytest
from lxml import html
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import make_study, open_small_study
from studyapp.models import Judgment, Stage, Study, StudyKind, StudyText, Trial
from studyapp.paradigms import PARADIGMS
from studyapp.simulation.crowd import send_crowd
from studyapp.simulation.profiles import POPULATIONS
from studyapp.simulation.visitor import Page, Visitor
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import open_study

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS = ["It is clear.", "It is enough.", "It helps me."]
FIELDS = [
    {"name": "value", "question": "Which?", "choices": ["this", "that"]},
    {"name": "strength", "question": "How much?", "kind": "scale", "points": 5},
    {"name": "why", "question": "Why?", "kind": "text", "required": False},
    {"name": "age", "question": "How old?", "kind": "number", "most": 99, "may_decline": True},
    {"name": "work", "question": "Which occupation?", "kind": "line", "may_decline": True},
    {"name": "group", "question": "Which group?", "choices": ["a", "b"], "may_decline": True},
    {
        "name": "several",
        "question": "Which?",
        "kind": "several",
        "choices": ["a", "b"],
        "required": False,
    },
    {"name": "slide", "question": "How much?", "kind": "slider"},
    {"name": "matrix", "question": "How well?", "kind": "matrix", "items": ITEMS},
    {
        "name": "more",
        "question": "And?",
        "kind": "line",
        "show_if": {"field": "value", "answers": ["that"]},
    },
]
BLOCKS: list[dict[str, Any]] = [
    {"name": "training", "paradigm": "trust", "stage": "practice", "trials": 1},
    {"name": "trust", "paradigm": "trust", "trials": 4, "checks": 1, "repeats": 1,
     "confidence": True, "may_decline": True},
    {"name": "discrimination", "paradigm": "discrimination", "trials": 2},
    {"name": "which_answer", "paradigm": "which_answer", "trials": 2},
    {"name": "agreement", "paradigm": "agreement", "trials": 2, "checks": 1},
    {"name": "distinction", "paradigm": "distinction", "trials": 2},
    {"name": "learning_1", "paradigm": "meta_prediction", "stage": "learning", "trials": 2,
     "session": 1},
    {"name": "test_1", "paradigm": "meta_prediction", "trials": 2, "session": 1},
    {"name": "learning_2", "paradigm": "meta_prediction", "stage": "learning", "trials": 2,
     "session": 2},
    {"name": "test_2", "paradigm": "meta_prediction", "trials": 2, "session": 2},
    {"name": "reliance", "paradigm": "reliance", "trials": 2, "checks": 1, "may_decline": True},
    {"name": "pointing", "paradigm": "pointing", "trials": 1, "may_decline": True},
    {"name": "marking", "paradigm": "marking", "trials": 1, "tool": "brush", "may_decline": True},
    {"name": "rating", "paradigm": "rating", "trials": 2, "items": ITEMS},
    {"name": "comparison", "paradigm": "comparison", "trials": 2, "checks": 1},
    {"name": "ranking", "paradigm": "ranking", "trials": 1, "checks": 0, "may_decline": True},
    {"name": "questionnaire", "paradigm": "questionnaire", "trials": 1, "items": ITEMS},
    {"name": "open", "paradigm": "open_text", "trials": 1, "question": "What did you see?"},
    {"name": "seen", "paradigm": "sight", "trials": 1, "illusion": "discs"},
    {"name": "own", "paradigm": "custom", "trials": 1, "fields": FIELDS, "with_photos": True,
     "text": "own"},
]  # fmt: skip
# What another tool made: words, pictures and films, in every kind of question that shows them
MADE = {
    kind: [{"name": f"theirs_{kind}_{number}", "method": "imported", "files": "made.csv",
            "kind": kind, "settings": {"language": "en"} if kind == "text" else {}}
           for number in range(3)]
    for kind in ("text", "picture", "film")
}  # fmt: skip
MADE_NAMES = {kind: [one["name"] for one in made] for kind, made in MADE.items()}
ELSEWHERE: list[dict[str, Any]] = [
    {"name": f"{paradigm}_{kind}", "paradigm": paradigm, "trials": 2,
     "conditions": MADE_NAMES[kind], **further}
    for kind, paradigm, further in [
        ("text", "comparison", {"ties": False}),
        ("picture", "comparison", {"presentation": {"reveal": "on_request"}}),
        ("picture", "ranking", {"presentation": {"zoom": True}}),
        ("text", "trust", {}),
        ("text", "discrimination", {}),
        ("text", "which_answer", {}),
        ("text", "distinction", {}),
        ("text", "agreement", {"points": 10, "answers": ["surely wrong", "surely right"]}),
        ("picture", "reliance", {}),
        ("text", "rating", {"items": ITEMS}),
        ("text", "custom", {"with_photos": True, "fields": FIELDS}),
        ("film", "agreement", {}),
        ("film", "reliance", {}),
    ]
] + [{"name": "sides", "paradigm": "trust", "trials": 2,
      "compare": [["theirs_text_1", "theirs_picture_0"], ["theirs_picture_1", "looks"]]},
     {"name": "boxes", "paradigm": "marking", "trials": 2, "conditions": ["looks"],
      "with_explanation": True, "presentation": {"zoom": True}}]  # fmt: skip
TEXTS = {name: f"{name}.md" for name in ("consent", "instructions", "debrief", "own")}
ANSWERS = 1 + 6 + 2 + 2 + 3 + 2 + 2 + 2 + 2 + 2 + 5 + 1 + 1 + 2 + 3 + 1 + 1 + 1 + 1 + 1


def whole_study(**sections: Any) -> Study:
    study = make_study(people=4, stimuli=4, conditions=3, blocks=BLOCKS, texts=TEXTS, **sections)
    StudyText.objects.filter(study=study, name="own").update(
        markdown='<h2 onclick="x()">Mine</h2><script>bad()</script><p style="color:red">Look.</p>'
    )
    return open_study(study)


def elsewhere_study() -> Study:
    looks = {"name": "looks", "method": "guided_backprop"}
    conditions = [*MADE["text"], *MADE["picture"], *MADE["film"], looks]
    return open_small_study(people=4, stimuli=4, conditions=conditions, blocks=ELSEWHERE)


def test_people_answer_every_kind_of_question_and_nothing_is_lost(live_server: LiveServer) -> None:
    assert {block["paradigm"] for block in BLOCKS} == set(PARADIGMS)
    copy = marked_copy(whole_study(), StudyKind.SIMULATED, seed=5, people=4)
    crowd = send_crowd(
        copy, live_server.url, POPULATIONS["able"], people=4, seed=5, at_once=2, with_pictures=True
    )
    assert crowd.errors == []
    assert {walk.outcome for walk in crowd.walks} == {"finished"}
    assert (crowd.acknowledged, crowd.lost, crowd.double) == (4 * ANSWERS, 0, 0)
    assert crowd.coverage["exact"]
    stages = set(Judgment.objects.values_list("trial__stage", flat=True))
    assert stages == set(Stage)


def walk_pages(visitor: Visitor, study: Study) -> list[tuple[Trial, Page]]:
    """Every trial's page on one person's way, answered with whatever the page offers first."""
    page = visitor.send(visitor.open(f"/s/{study.slug}/"), study.slug, {})
    script = {"script": "yes"} if "script" in page.form("consent").fields else {}
    page = visitor.send(page, "consent", dict.fromkeys(page.checkboxes("consent"), True) | script)
    page = visitor.send(page, "begin", {})
    pages = []
    while page.has_form("answer"):
        form = page.form("answer")
        pages.append((Trial.objects.get(code=form.fields["trial"]), page))
        assert_shown_alike(page, visitor.open(page.address))
        page = visitor.send(page, "answer", first_answers(form))
    return pages


def assert_shown_alike(page: Page, loaded: Page) -> None:
    """What came with the answer before is what the page shows that is loaded in its place."""
    for part in ("//header", "//h1", "//form[@id='trial']"):
        here, there = (one.document.xpath(part)[0] for one in (page, loaded))
        assert html.tostring(here).strip() == html.tostring(there).strip()


def first_answers(form: Any) -> dict[str, object]:
    found: dict[str, object] = {}
    for radio in form.xpath(".//input[@type='radio']"):
        name, value = radio.get("name"), radio.get("value")
        if not (name.startswith("place_") and value in found.values()):
            found.setdefault(name, value)
    for area in form.xpath(".//textarea/@name"):
        found[area] = "words"
    for line in form.xpath(".//input[@type='text'][not(@hidden)]/@name"):
        found[line] = "34"
    for box in form.xpath(".//fieldset[@class='squares']//input/@name")[:1]:
        found[box] = True
    for image in form.xpath(".//input[@type='image']/@name"):
        found |= {f"{image}.x": 10, f"{image}.y": 20}
    return found | watched(form)


def watched(form: Any) -> dict[str, object]:
    """What a page with films tells after their ends."""
    if "films" not in form.get("class", ""):
        return {}
    once = {"started_ms": 100, "ended_ms": 1200, "failed": None, "plays": 1}
    none = dict.fromkeys(("pauses", "stalls", "dropped"), 0)
    places = [place for place, _ in json.loads(form.get("data-presented"))["films"]]
    films = [{"place": place, **once, **none} for place in places]
    told = {"presented": 1, "interrupted": False, "films": films}
    return {"presentation.record": json.dumps(told)}


@pytest.mark.parametrize("kind", ["whole", "elsewhere"])
def test_no_page_tells_network_method_side_stratum_or_right_answer(
    live_server: LiveServer, kind: str
) -> None:
    study = {"whole": whole_study, "elsewhere": elsewhere_study}[kind]()
    visitor = Visitor(live_server.url)
    pages = walk_pages(visitor, study)
    visitor.close()
    assert len(pages) == study.slots.first().trials.count()
    told = re.compile(
        r"stronger|weaker|guided|grad_cam|backprop|alexnet|option_\d.{0,40}(right|correct)=|"
        r"\bstratum\b|\bexpected\b|data-(right|side|method)|theirs|imported|member|"
        r"looks\b(?! (larger|brighter|longer))|sharp|blurred|illusion|ebbinghaus|control"
    )
    assert any("<blockquote" in page.source for _, page in pages) == (kind == "elsewhere")
    assert any("<video" in page.source for _, page in pages) == (kind == "elsewhere")
    for trial, page in pages:
        source = page.source
        assert not told.search(source), (trial.paradigm, told.search(source))
        assert "class_index" not in source
        if trial.paradigm == "distinction":
            # The names of the four classes, the truth among them, are hidden.
            assert trial.stimulus.category not in source
        if trial.paradigm == "meta_prediction" and trial.stage == Stage.MAIN:
            assert source.count(f">{trial.stimulus.category}<") == 1  # as one of two buttons
        if trial.stage == Stage.FIRST:
            assert "answer:" not in source


def test_a_custom_fragment_comes_out_without_script_style_or_handlers(
    live_server: LiveServer,
) -> None:
    visitor = Visitor(live_server.url)
    pages = walk_pages(visitor, whole_study())
    visitor.close()
    own = next(page.source for trial, page in pages if trial.paradigm == "custom")
    assert "<h2>Mine</h2>" in own
    assert "bad()" not in own
    assert "onclick" not in own
    assert "color:red" not in own
