"""Conditions on several networks on one page: what is asked about, and whose pictures are shown."""

from pathlib import Path

import numpy as np
import pytest

from studyapp.models import StimulusOverlay, Study
from studyapp.studies.definition.study import digest_of
from studyapp.studies.loading import LoadingError, load_study
from studyapp.studies.photos.selection import PreparationError, select_stimuli
from studyapp.studies.preparation.overlays import Look, SettingsDigests, plan_overlays
from studyapp.studies.preparation.verification import conditions_by_paradigm
from tests.elsewhere import PHOTOS, ramp, write_elsewhere

pytestmark = pytest.mark.django_db
NETWORKS = ("one", "two", "three")
TRUTH = {photo: photo.split("/")[0] for photo in PHOTOS}
ROWS = "".join(f"{photo},{name},0.9\n" for photo, name in TRUTH.items())
COMPARISON = 'paradigm = "comparison", trials = 3'
TRUST = 'paradigm = "trust", trials = 2, compare = [["two", "one"], ["one", "three"]]'


def written(folder: Path, block: str, **tables: str) -> Path:
    """Three networks that are tables, each with maps of its own; `tables`: other answers."""
    pairs = ", ".join(f'{name} = {{ stronger = "{name}" }}' for name in NETWORKS)
    conditions = "\n".join(
        f'    {{ name = "{name}", method = "imported", files = "{name}.csv", pair = "{name}" }},'
        for name in NETWORKS
    )
    networks = "\n".join(
        f'[networks.{name}]\npredictions = "said_{name}.csv"\nlabels = "labels.txt"'
        for name in NETWORKS
    )
    path = write_elsewhere(
        folder,
        study=f"""
slug = "across"
title = "Across networks"
kind = "pilot"
texts = {{ consent = "text.md", instructions = "text.md", debrief = "text.md" }}
images = {{ reader = "folder", folder = "photos", smallest_side = 16 }}
pairs = {{ {pairs} }}
conditions = [
{conditions}
]
blocks = [{{ name = "main", {block} }}]
design = {{ seed = 1, people = 4, stimuli = 3, ratings = "nearest" }}
display = {{ size = 96 }}
{networks}
""",
    )
    (folder / "labels.txt").write_text("cat\ndog\n", encoding="utf-8")
    for number, name in enumerate(NETWORKS):
        said = "photo,answer,probability\n" + tables.get(name, ROWS)
        (folder / f"said_{name}.csv").write_text(said, encoding="utf-8")
        rows = [f"{photo},{label},{name}{photo[-5]}.npy" for photo, label in TRUTH.items()]
        manifest = "\n".join(["photo,answer,file", *rows])
        (folder / f"{name}.csv").write_text(manifest, encoding="utf-8")
        for place, photo in enumerate(PHOTOS):
            np.save(folder / f"{name}{photo[-5]}.npy", ramp(place) + number)
    return path


def pictured(study: Study) -> dict[str, dict[str, int]]:
    """The network behind each role, by the condition, of everything that is asked about."""
    digests = SettingsDigests(lambda network, method, settings: digest_of(settings))
    for stimulus in study.stimuli.shown():
        for condition in conditions_by_paradigm(study)[stimulus.paradigm]:
            plan_overlays([stimulus], condition, Look({"size": 96}, "png"), digests, joins=False)
    found: dict[str, dict[str, int]] = {}
    for use in StimulusOverlay.objects.of(study).select_related("condition"):
        network = use.overlay.explanation.network_id
        assert found.setdefault(use.condition.name, {}).setdefault(use.role, network) == network
    return found


@pytest.mark.parametrize(
    ("block", "names"),
    [
        (COMPARISON, ["one · two", "one · three", "two · three"]),
        ('paradigm = "ranking", trials = 3', ["one · two · three"]),
        (TRUST, ["two · one", "one · three"]),
    ],
)
def test_every_picture_is_of_its_own_conditions_network(
    tmp_path: Path, block: str, names: list[str]
) -> None:
    study = load_study(written(tmp_path, block))
    select_stimuli(study)
    networks = {pair.name: pair.stronger_id for pair in study.pairs.all()}
    assert len(set(networks.values())) == 3
    found = pictured(study)
    assert found == {
        name: {
            f"option_{place}": networks[one] for place, one in enumerate(name.split(" · "))
        }
        for name in names
    }  # fmt: skip


@pytest.mark.parametrize("block", [COMPARISON, TRUST])
def test_photos_that_networks_call_otherwise_are_left_out_and_counted(
    tmp_path: Path, block: str
) -> None:
    other = ROWS.replace("cat/a.png,cat", "cat/a.png,dog")
    study = load_study(written(tmp_path, block, two=other))
    select_stimuli(study)
    assert "cat/a.png" not in {row.photo.name for row in study.stimuli.all()}
    assert "3 of 4 photos can be asked about (left out: 1: " in next(iter(study.selection.values()))


def test_networks_that_agree_on_nothing_are_refused_with_why(tmp_path: Path) -> None:
    other = ROWS.replace(",cat,", ",x,").replace(",dog,", ",cat,")
    study = load_study(written(tmp_path, COMPARISON, two=other.replace(",x,", ",dog,")))
    with pytest.raises(PreparationError, match="4: the pairs' networks do not give the same clas"):
        select_stimuli(study)


def test_a_missing_map_of_one_side_is_told_by_its_condition(tmp_path: Path) -> None:
    path = written(tmp_path, TRUST)
    rows = (tmp_path / "three.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "three.csv").write_text("\n".join(rows[:-1]), encoding="utf-8")
    with pytest.raises(LoadingError, match=r"nothing was made for the three of dog/d\.png"):
        load_study(path)
