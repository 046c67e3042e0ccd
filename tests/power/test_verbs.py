"""`study power` and `study preregister` from the command line."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from sandbox.builders import open_small_study
from studyapp.analyses.power.designs import drawn
from studyapp.analyses.reports import study_report
from studyapp.studies.definition.file import read_definition
from studyapp.studies.design.stand_ins import stand_ins
from tests.running import output_of
from tests.study_files import write_study

PLANNED: dict[str, Any] = {
    "slug": "planned", "title": "A <planned> study", "trials": 4, "checks": 2, "people": 8,
    "stimuli": 8, "images": {"reader": "folder", "folder": "."},
    "conditions": [{"name": name, "method": name} for name in ("guided_backprop", "grad_cam")],
    "exclusions": {"failed_checks": 2},
    "analysis": {"reference": "guided_backprop", "smallest_effect": 0.5,
                 "hypotheses": ["Grad-CAM shows more."]},
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_study(tmp_path, **PLANNED)


def test_power_prints_curve_surface_and_equivalence_and_draws_them(file: Path) -> None:
    page = file.with_suffix(".html")
    text = output_of("study", "power", file, "--studies", 4, "--processes", 1, "--people", "8,16",
                 "--effects", "0,0.5", "--html", page)  # fmt: skip
    assert "power of grad_cam − guided_backprop" in text
    for words in ("over effects:", "people × photos", "equivalent (±0.5)"):
        assert words in text
    drawn = page.read_text("utf-8")
    assert drawn.count("<svg") == 2
    assert "A &lt;planned&gt; study" in drawn
    assert "<script" not in drawn


def test_power_as_json_is_the_same_for_one_seed(file: Path) -> None:
    words = ("power", file, "--json", "--studies", 3, "--processes", 1, "--people", "8",
             "--photos", "8", "--effects", "0.5", "--seed", 9)  # fmt: skip
    found = [json.loads(output_of("study", *words)) for _ in range(2)]
    assert found[0] == found[1]
    assert {one["kind"] for one in found[0]["points"]} == {"curve", "surface", "equivalence"}


def test_blocks_keep_their_share_of_fewer_and_of_more_photos(tmp_path: Path) -> None:
    blocks = [
        {"name": name, "paradigm": "trust", "trials": 3, "stimuli": 4, "checks": 1}
        for name in ("a", "b")
    ]
    file = write_study(tmp_path, **{**PLANNED, "blocks": blocks})
    words = ("--studies", 1, "--processes", 1, "--people", 8, "--effects", 0.5)
    found = json.loads(output_of("study", "power", file, "--json", *words))
    assert {one["photos"] for one in found["points"]} == {6, 8, 16}
    assert found["unit"] == "difference of mean scores"
    definition = read_definition(file)
    design = drawn(definition, stand_ins, people=16, photos=16)
    trials = [trial for slot in design.slots for trial in slot.trials]
    asked = {(trial.block, trial.item) for trial in trials if trial.item}
    assert Counter(block for block, _ in asked) == {"a": 8, "b": 8}


def test_each_hypothesis_has_the_power_of_its_verdict(tmp_path: Path) -> None:
    two = {"text": "Better.", "contrast": ["grad_cam", "guided_backprop"], "direction": "greater",
           "smallest_effect": 1.5}  # fmt: skip
    alone = {"text": "Any.", "contrast": ["grad_cam"], "direction": "greater"}
    plan = {"hypotheses": [two, alone], "alpha": 0.1}
    file = write_study(tmp_path, **{**PLANNED, "people": 24, "analysis": plan})
    words = ("--studies", 20, "--processes", 1, "--people", 24, "--photos", 8, "--effects", 0.3)
    first, second = json.loads(output_of("study", "power", file, "--json", *words))["hypotheses"]
    assert (first["alpha"], first["effect"]) == (0.05, 1.5)
    assert first["power"] > 0.8
    assert second["power"] is None
    assert second["note"] == "it compares one condition with chance or 0"
    less = {**two, "direction": "equivalent", "smallest_effect": 0.1}
    write_study(tmp_path, **{**PLANNED, "people": 24, "analysis": {"hypotheses": [less]}})
    text = output_of("study", "power", file, *words)
    assert re.search(r"hypothesis 1, .*, 5 %, and an effect of 0 supported in [0-9] %", text)


def test_the_power_of_a_sequence_is_not_that_of_a_fixed_test(tmp_path: Path) -> None:
    tied = {"text": "Better.", "contrast": ["grad_cam", "guided_backprop"], "direction": "greater"}
    plan = {"hypotheses": [tied], "looks": True, "smallest_effect": 0.5}
    file = write_study(tmp_path, **{**PLANNED, "analysis": plan})
    words = ("--studies", 1, "--processes", 1, "--people", 8, "--photos", 8, "--effects", 0.3)
    text = output_of("study", "power", file, *words)
    assert "the power of one test at the end, as that of a sequence is not simulated: the" in text
    assert "not simulated, the plan allows looking, and its sequence has less power" in text


@pytest.mark.django_db
def test_the_power_of_a_study_is_found_by_its_name() -> None:
    open_small_study()
    text = output_of("study", "power", "small", "--studies", 1, "--processes", 1, "--people", "4",
                     "--photos", "4", "--effects", "0.5")  # fmt: skip
    assert "trust: power of guided_grad_cam − guided_backprop" in text
    with pytest.raises(CommandError, match="there is no study other"):
        output_of("study", "power", "other")


def test_answers_that_are_analysed_apart_have_no_power_together(tmp_path: Path) -> None:
    blocks = [
        {"name": "a", "paradigm": "trust", "trials": 3, "stimuli": 4},
        {"name": "b", "paradigm": "trust", "trials": 3, "stimuli": 4, "question": "Which?"},
    ]
    file = write_study(tmp_path, **{**PLANNED, "blocks": blocks, "exclusions": {}})
    with pytest.raises(CommandError, match="ask in different words, and their answers are"):
        output_of("study", "power", file, "--studies", 1)


def test_what_can_not_be_simulated_is_told(file: Path) -> None:
    words = ("--studies", 1, "--processes", 1, "--effects", "5", "--people", 8)
    with pytest.raises(CommandError, match="use a smaller effect"):
        output_of("study", "power", file, *words)
    write_study(file.parent, **{**PLANNED, "conditions": PLANNED["conditions"][:1]})
    with pytest.raises(CommandError, match="one condition only"):
        output_of("study", "power", file, "--studies", 1)


def test_a_file_is_preregistered_as_a_draft(file: Path) -> None:
    out = file.with_suffix(".md")
    said = output_of("study", "preregister", file, "--out", out)
    text = out.read_text("utf-8")
    digest = re.search(r"above this line: `([0-9a-f]{64})`", text)
    assert digest[1] in said
    for words in ("is a draft", "1. Grad-CAM shows more.", "2 or more failed attention checks",
                  "every place", "every other method with guided_backprop",
                  "effect of interest is 0.5", "## Power"):  # fmt: skip
        assert words in text


@pytest.mark.django_db
def test_the_report_names_the_plan_that_was_written_down(tmp_path: Path) -> None:
    opened = open_small_study(analysis={"hypotheses": ["It <b>works</b>."]})
    out = tmp_path / "plan.html"
    digest = output_of("study", "preregister", opened.slug, "--out", out).split()[-1]
    page = out.read_text("utf-8")
    assert digest in page
    assert "<b>works" not in page
    assert f"<code>{digest}</code>" in study_report(opened).html


@pytest.mark.django_db
def test_another_ending_and_a_study_that_is_not_open_are_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"must end with \.md, \.txt, \.html, \.json"):
        output_of("study", "preregister", "x", "--out", tmp_path / "plan.doc")
    with pytest.raises(CommandError, match="no study x"):
        output_of("study", "preregister", "x", "--out", tmp_path / "plan.md")
