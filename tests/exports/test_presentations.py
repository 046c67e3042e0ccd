"""What pages told of their pictures goes into the bundle, its results, and back again."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Judgment
from studyapp.studies.lifecycle import close_study
from tests.exports.test_rebuilding import carry, files_of
from tests.tables import rows_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_presentations_are_exported_analysed_and_imported_again(
    tmp_path: Path, settings: Any
) -> None:
    presentation = {"exposure_ms": 200, "mask": "noise", "mask_ms": 100}
    block = {"name": "main", "paradigm": "trust", "trials": 3, "presentation": presentation}
    study = open_small_study(blocks=[block], people=2)
    send_people(study, 2)
    first = carry(close_study(study), tmp_path, settings, analysis=True)
    cells = [json.loads(row["presentation"]) for row in rows_of(first, "judgments")]
    assert all(len(one["pictures"]) == 3 for one in cells)
    results = json.loads((first / "analysis" / "results.json").read_text("utf-8"))
    told = results["presentation"]
    assert (told["n"], told["unreadable"], told["measured_by"]) == (6, {}, {"element": 6})
    roles = {(one["role"], one["asked_ms"]) for one in told["pictures"]}
    assert roles == {("photo", 200), ("stronger", 200), ("weaker", 200)}
    again = import_bundle(first)
    assert all(one.presentation["mask"] == "noise" for one in Judgment.objects.of(again))
    second = write_bundle(again, tmp_path / "again").path
    assert files_of(second) == files_of(first)
