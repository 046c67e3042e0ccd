"""The report's gallery of explanations that are words."""

import re
from collections.abc import Mapping

import pandas as pd
from django.template.loader import render_to_string

from studyapp.analyses.reports.gallery import gallery
from studyapp.analyses.reports.study_record import StudyRecord
from studyapp.paradigms.base import told_role

# (condition, role, digest) of what is shown
Shown = tuple[str, str, str]


def record(shown: list[Shown], words: Mapping[str, bytes], *more: str) -> StudyRecord:
    """`shown` is of the stimulus s1; `more` are stimuli of which nothing is told."""
    explanations = [
        {"stimulus_id": "s1", "condition": condition, "role": role, "overlay_sha256": digest,
         "kind": "text"}
        for condition, role, digest in shown
    ]  # fmt: skip
    stimuli = [
        {"stimulus_id": key, "category": "cat", "image_name": "a.png"} for key in ("s1", *more)
    ]
    return StudyRecord(
        facts={},
        definition={},
        certificate=None,
        deviations=[],
        frames={"explanations": pd.DataFrame(explanations), "stimuli": pd.DataFrame(stimuli)},
        picture=words.get,
    )


def test_the_reports_gallery_quotes_words_and_draws_nothing_for_them() -> None:
    said = record([("said", "stronger", "d1")], {"d1": b"Its <b>ears</b>"})
    judged = {"s1": {"said": {"n": 2, "mean": 0.5}}}
    (entry,) = gallery(said, {"paradigm": "agreement", "outcome": "correct", "stimuli": judged})
    assert entry.cells[0].texts == (("stronger", "Its <b>ears</b>"),)
    assert entry.cells[0].pictures == ()


def test_those_that_met_are_shown_once_each_and_in_the_designs_order() -> None:
    shown = [("a · b", "option_0", "d1"), ("a · b", "option_1", "d2"), ("b · c", "option_0", "d2")]
    even = {"n": 2, "mean": 0.5}
    judged = {"s2": {"a": {"n": 2, "mean": 1.0}}, "s1": {"a": even, "b": even}}
    found = gallery(
        record(shown, {"d1": b"ears", "d2": b"nose"}, "s2"),
        {"paradigm": "comparison", "outcome": "value", "stimuli": judged},
    )
    assert [(entry.stimulus, entry.figure) for entry in found] == [("s1", ""), ("s2", "")]
    texts = {cell.condition: cell.texts for cell in found[0].cells}
    assert texts == {"a": (("stronger", "ears"),), "b": (("stronger", "nose"),)}


def test_both_sides_of_a_page_are_shown_by_their_names() -> None:
    shown = [("a · b", "option_0", "d1"), ("a · b", "option_1", "d2"), ("a", "weaker", "d3")]
    met = record(shown, {"d1": b"ears", "d2": b"nose", "d3": b"tail"})
    judged = {"s1": {"a · b": {"n": 2, "mean": 0.5}}}
    (entry,) = gallery(met, {"paradigm": "trust", "outcome": "score", "stimuli": judged})
    assert entry.cells[0].texts == (("a", "ears"), ("b", "nose"))
    shown_as = render_to_string("reports/section.html", {"one": {"gallery": [entry]}})
    assert re.findall(r"auto\">(\w+)</blockquote><figcaption>(\w+)<", shown_as) == [
        ("ears", "a"), ("nose", "b"),
    ]  # fmt: skip
    assert [told_role("a · b", role) for role in ("photo", "option_1")] == ["photo", "b"]
    assert [told_role("a", role) for role in ("photo", "weaker")] == ["photo", "weaker"]
