"""The ready study “Where should it look?”: people mark, and the report says how they agree."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_study
from studyapp.models import Explanation, Judgment, Study
from studyapp.studies.definition.file import read_definition
from tests.analyses.answered import store_map

pytestmark = pytest.mark.django_db
FILE = Path(__file__).resolve().parents[2] / "fixtures" / "studies" / "where-to-look.toml"


def answered(population: str, **block: Any) -> Study:
    """Six people who mark six photos in the words of the ready file."""
    main = read_definition(FILE).block("main").model_dump(exclude_unset=True)
    blocks = [{**main, "trials": 6, **block}]
    study = open_small_study(slug=population, blocks=blocks, people=6, stimuli=6)
    for row in Explanation.objects.order_by("pk"):
        store_map(row)
    for number in range(6):
        # They see the same things in the same photos.
        profile = replace(
            make_profile(main["paradigm"], population=population, seed=number), photo_seed=1
        )
        answer_all(take_part(study, f"person-{number}"), profile, seed=number)
    return study


def test_people_who_see_the_same_agree_and_people_who_guess_do_not() -> None:
    study = answered("able")
    found = results(tidy_study(study))
    alpha = found["alpha"]
    assert alpha["level"] == "regions"
    assert 0.1 < alpha["low"] < 0.3 < alpha["value"] < alpha["high"] < 1
    # Random maps lie where chance puts them.
    assert {name: one["n"] for name, one in found["methods"].items()} == {
        "guided_backprop": 36, "guided_grad_cam": 36
    }  # fmt: skip
    for one in found["marking"]["kappa"].values():
        assert abs(one["mean"]) < 0.2
    page = study_report(study).html
    assert f"Krippendorff’s α = {alpha['value']:.2f}" in page
    assert "Where people marked, from most to least agreement" in page
    assert "Agreement among people, photo by photo" in page
    guessed = results(tidy_study(answered("guessing")))["alpha"]
    assert abs(guessed["value"]) < 0.2


@pytest.mark.parametrize("tool", ["points", "brush"])
def test_every_tool_gives_an_agreement(tool: str) -> None:
    counted = {"most": None, "least": None} if tool == "brush" else {"least": 2}
    study = answered("able", tool=tool, **counted)
    found = results(tidy_study(study))
    assert found["alpha"]["value"] > 0.2
    kinds = {one.data["region"]["tool"] for one in Judgment.objects.of(study)}
    assert kinds == {tool}
