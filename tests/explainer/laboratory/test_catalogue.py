"""The catalogue that the site reads is the one the explainer would write now."""

import json
from pathlib import Path

import pytest

from explainer.__main__ import main
from explainer.laboratory.catalogue import catalogue

STORED = Path(__file__).parents[3] / "studyapp" / "studies" / "definition" / "catalogue.json"


def test_the_stored_catalogue_has_not_drifted() -> None:
    """Fix: python -m explainer catalogue > studyapp/studies/definition/catalogue.json"""
    assert json.loads(STORED.read_text("utf-8")) == json.loads(json.dumps(catalogue()))


def test_the_command_prints_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(catalogue()))
