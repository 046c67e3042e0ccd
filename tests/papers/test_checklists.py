"""Checklists are complete, answered from the study, and honest about what it does not say."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from sandbox.builders import ETHICS, SITES, open_small_study
from sandbox.people import send_people
from studyapp.models import Judgment, Participant, Participation
from studyapp.papers.bibliography import works
from studyapp.papers.checklists import CHECKLISTS, checklist_document
from studyapp.papers.document import Grid
from studyapp.papers.ethics_sheet import TABLES, ethics_sheet
from studyapp.papers.kit import SCRIPTS, write_kit
from studyapp.papers.markdown import write_markdown
from studyapp.papers.material import Material, material_of_study
from tests.running import python, run

CONSORT = (
    "1a 1b 2a 2b 3a 3b 4a 4b 5 5a 5b 5c 6a 6b 7a 7b 8a 8b 9 10 11a 11b 12a 12b 13a 13b 14a 14b 15 "
    "16 17a 17b 18 19 20 21 22 23 24 25 26a 26b 26c"
)


def material(**options: Any) -> Material:
    study = open_small_study(**{"people": 4, "trials": 3, "stimuli": 4, **options})
    if "sites" not in options:
        send_people(study, 3)
    return material_of_study(study)


def text_of(document: Any) -> str:
    return write_markdown(document, []).replace("\\", "")


def test_each_checklist_has_all_its_items() -> None:
    items = {one.stem: [item.number for item in one.items] for one in CHECKLISTS}
    assert items["neurips"] == [str(number) for number in range(1, 17)]
    assert items["consort-spi"] == CONSORT.split()
    assert len(items["cherries"]) == 30
    assert {one.source for one in CHECKLISTS} - {""} <= set(works())


@pytest.mark.django_db
def test_answers_come_from_the_study_and_gaps_from_nowhere_else() -> None:
    pay = {"amount": 2.5, "currency": "GBP", "hourly_floor": 9.0}
    full = material(ethics=ETHICS, pay=pay, demo=True)
    bare = material(slug="bare")
    for one in CHECKLISTS:
        told, less = (text_of(checklist_document(one, study)) for study in (full, bare))
        assert "This is a demonstration, not evidence." in told
        assert "protocol P-1" in told
        assert "2.5 GBP" in told
        assert "what participants were paid" in less
        assert "which ethics board approved" in less or "an ethics board approved" in less
        grid = next(
            block for block in checklist_document(one, full).blocks if isinstance(block, Grid)
        )
        assert [row for row in grid.rows if not any(row[2])] == []
    cherries = text_of(checklist_document(CHECKLISTS[2], full))
    assert "3 of 3 (100.0 %)" in cherries
    sheet = text_of(ethics_sheet(full))
    assert "ten years" in sheet
    assert "Coder: open answers to be coded" in sheet
    assert "Assistant: open answers to be coded, the study and its progress, public" in sheet
    assert "how long answers are kept" in text_of(ethics_sheet(bare))


@pytest.mark.django_db
def test_each_sites_own_approval_and_controller_are_told() -> None:
    leeds, graz = SITES
    leeds = {**leeds, "approved_by": "the Leeds board", "data_controller": "Leeds Ltd"}
    told = material(ethics=ETHICS, people=12, sites=[leeds, graz])
    approved = (
        "The study was approved by the Leeds board (protocol L-1) for University of Leeds and "
        "the board (protocol P-1) for Universität Graz."
    )
    cherries, consort, neurips = (
        text_of(checklist_document(one, told))
        for one in sorted(CHECKLISTS, key=lambda one: one.stem)
    )
    assert all(approved in text for text in (cherries, consort, neurips))
    assert "Leeds Ltd for University of Leeds and a university for Universität Graz" in cherries
    sheet = text_of(ethics_sheet(told))
    assert "approved by (University of Leeds): the Leeds board, protocol L-1" in sheet
    assert "approved by (Universität Graz): the board, protocol P-1" in sheet
    assert "data controller (University of Leeds): Leeds Ltd" in sheet
    assert "contact (University of Leeds): leeds@example.org" in sheet
    # What all sites share is said once
    assert "- complaints: board@example.org" in sheet


def test_the_data_sheet_has_every_table_that_leads_to_a_person() -> None:
    people: tuple[type[Model], ...] = (Participant, Participation, Judgment)
    leading = {
        model
        for model in apps.get_app_config("studyapp").get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model in people
    }
    assert {*leading, *people} - set(TABLES) == set()


@pytest.mark.django_db
def test_the_snippets_read_the_numbers(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    write_kit(material(), kit)
    done = python(kit / "read_tables.py", cwd=kit)
    assert done.returncode == 0, done.stderr
    assert "grad_cam" in done.stdout or "guided_backprop" in done.stdout
    assert (kit / "read_tables.R").read_bytes() == (SCRIPTS / "read_tables.R").read_bytes()
    if shutil.which("Rscript"):
        told = run("Rscript", "read_tables.R", cwd=kit)
        assert told.returncode == 0, told.stderr
        assert "guided_backprop" in told.stdout
