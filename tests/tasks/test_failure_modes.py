"""The ready study of wrong answers, from its file to its report."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ready.failure_modes import SAID, near_sighted, write
from ready.photos.cutouts import Cutout, read_cutouts
from studyapp.models import Stimulus
from tests.ready.drawn_cutouts import draw_cutouts
from tests.tasks.ready_walks import opened, report_of


def half_right(originals: Path, folder: Path, cutouts: Sequence[Cutout]) -> Iterator[Cutout]:
    """Drawn things, every other of which is what the network says of its photo; the others are
    something else."""
    write(originals, folder, cutouts)
    rows = csv.DictReader((folder / SAID).read_text("utf-8").splitlines())
    said = [row["said"] for row in rows]
    for number, (one, first) in enumerate(zip(cutouts, said, strict=True)):
        name = first if number % 2 == 0 else "lemon"
        assert number % 2 == 0 or first != "lemon"
        yield replace(one, name=name, accepted=(name,))


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_right_and_wrong_answers_are_asked_about_in_equal_numbers(tmp_path: Path) -> None:
    originals = draw_cutouts(tmp_path / "originals")
    cutouts = list(half_right(originals, tmp_path / "first", read_cutouts()[:80:8]))
    make = partial(write, originals, cutouts=cutouts)
    fewer = {"trials": "2", "people": "4", "stimuli": "2", "checks": "1", "failed_checks": "1"}
    study = opened(tmp_path, "failure-modes", make, **fewer)
    labels = near_sighted().labels
    main = Stimulus.objects.filter(role="main")
    assert set(main.values_list("paradigm", flat=True)) == {"agreement", "distinction", "open_text"}
    for paradigm in ("agreement", "distinction"):
        strata = main.filter(paradigm=paradigm).values_list("facts__stratum", flat=True)
        assert sorted(strata) == ["right", "wrong"]
    for row in main.filter(paradigm="distinction"):
        of_truth = labels[row.facts["classes"][row.facts["correct"]]]
        assert of_truth == row.category
        assert (row.facts["correct"] == row.facts["right"]) == (row.facts["stratum"] == "right")
    html = report_of(study, 2)
    assert "believed" in html
    assert "which_map" in html
