"""Trust without explanations: the photo and both answers, as a baseline for the other arms."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from sandbox.builders import make_definition, open_small_study, take_part
from sandbox.people import due, send_people
from studyapp.analyses.preregistration import preregistration
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.models import Side, Study
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from tests.running import python
from tests.studies.definition.test_blocks import complaint, definition

pytestmark = pytest.mark.django_db
CONDITIONS = [
    {"name": "maps", "method": "guided_backprop"},
    {"name": "photo_only", "method": "none"},
]


def baseline_study(**options: Any) -> Study:
    conditions = options.pop("conditions", CONDITIONS)
    return open_small_study(conditions=conditions, **{"trials": 4, "people": 8, **options})


def pages(study: Study) -> dict[str, str]:
    """The page of every trial without explanations, by the stronger network's side, without what
    differs from page to page: codes, addresses, the number of the trial."""
    client, found = Client(), {}
    for name in range(4):
        person = take_part(study, str(name))
        while (trial := due_or_none(person)) is not None:
            text = client.get(f"/p/{person.code}/").content.decode()
            if trial.condition.method == "none":
                body = text[text.index('<div class="stage') : text.index("</form>")]
                body = body.replace(trial.stimulus.category, "CLASS")
                found[trial.stronger_side] = re.sub(r'src="[^"]*"', "", body)
            client.post(f"/p/{person.code}/answer", {"trial": trial.code, "value": "1"})
    return found


def due_or_none(person: Any) -> Any:
    person.refresh_from_db()
    return due(person) if person.status == "active" else None


def test_the_page_shows_the_photo_and_both_answers_and_nothing_of_the_side() -> None:
    found = pages(baseline_study())
    assert set(found) == {Side.A, Side.B}
    assert found[Side.A] == found[Side.B]
    page = found[Side.A]
    assert page.count("<img") == 1
    assert page.count('<p class="said">CLASS</p>') == 2
    assert "Going by their answers, which is more reasonable: Robot A or Robot B?" in page
    assert "looked at" not in page


def test_a_baseline_without_its_photo_is_refused() -> None:
    text = definition('method = "none"') + "[display]\nshow_photo = false\n"
    assert "shows the photo without explanations, and `display.show_photo = false`" in complaint(
        text
    )


def test_the_plan_names_the_baseline_that_others_are_compared_with() -> None:
    study = baseline_study()
    told = preregistration(study_definition(study), study.certificate, frozen="")
    assert "contrasts of every other method with photo_only" in told.plan
    plain = preregistration(make_definition(), study.certificate, frozen="")
    assert "with the first in alphabetical order" in plain.plan


def test_the_plan_names_each_paradigms_own_reference() -> None:
    asked = "trust", "agreement", "open_text"
    blocks = [{"name": name, "paradigm": name, "trials": 4} for name in asked]
    both = make_definition(conditions=CONDITIONS, blocks=blocks)
    plan = preregistration(both, baseline_study().certificate, frozen="").plan
    told = "photo_only in trust and the first in alphabetical order in agreement, adjusted"
    assert f"contrasts of every other method with {told}" in plan


@pytest.mark.django_db(transaction=True)
def test_the_analysis_compares_with_the_baseline_and_the_bundle_comes_back(
    tmp_path: Path, settings: Any
) -> None:
    study = baseline_study()
    send_people(study, 8, seed=5)
    told = results_json(results(tidy_study(study)))
    found = json.loads(told)
    assert found["reference"] == "photo_only"
    assert [(one["a"], one["b"], one["planned"]) for one in found["contrasts"]] == [
        ("maps", "photo_only", True)
    ]
    assert any("it is the baseline" in note for note in found["notes"])
    # Nothing tells the networks apart there, not even to people who are able to.
    assert abs(found["methods"]["photo_only"]["mean"]) < found["methods"]["maps"]["mean"]
    close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle").path
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in done.stdout, done.stdout + done.stderr
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another-media")
    call_command("import_bundle", str(bundle), verbosity=0)
    assert results_json(results(tidy_study(Study.objects.get()))) == told
