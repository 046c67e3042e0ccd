"""Pages say what colours mean, by the colour map that draws them, and only in studies that knew."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from explainer.pictures.colours import STOPS, TWO_SIDED
from sandbox.builders import open_small_study, take_part
from studyapp.models import Study
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.study import study_definition
from studyapp.studies.loading import load_study
from tests.studies.definition.test_definition import GOOD
from tests.studies.definition.test_limits import photo_folder

pytestmark = pytest.mark.django_db

STYLES = Path(settings.ROOT) / "studyapp" / "static" / "studyapp" / "pages.css"


def test_the_scales_of_the_pages_are_those_of_the_pictures() -> None:
    found = re.findall(r"\.scale\.(\w+) \{ background: linear-gradient\(to right, (.+?)\); \}",
                       STYLES.read_text("utf-8"))  # fmt: skip
    assert {name: colours.replace("#", "").replace(",", "") for name, colours in found} == {
        name: " ".join(stops.split()) for name, stops in (STOPS | TWO_SIDED).items()
    }


def test_every_kind_of_question_with_photo_and_explanation_says_that_they_stand_beside() -> None:
    folder = Path(settings.ROOT) / "studyapp" / "paradigms"
    for name, paradigm in PARADIGMS.items():
        text = (folder / paradigm.template).read_text("utf-8")
        both = "pictures.photo" in text and "pictures.one" in text
        assert paradigm.beside == both, name


@pytest.mark.parametrize("map_name", ["viridis", "jet"])
def test_a_page_names_the_studys_colour_map(client: Client, map_name: str) -> None:
    conditions = [{"name": "heat", "method": "grad_cam"}]
    display = {"size": 96, "colour_map": map_name}
    study = open_small_study(conditions=conditions, display=display)
    page = client.get(f"/p/{take_part(study).code}/").content.decode()
    assert f'<i class="scale {map_name}"></i>' in page
    assert page.count("more important") == 1


def test_strokes_on_grey_have_words_of_their_own(client: Client) -> None:
    study = open_small_study(conditions=[{"name": "strokes", "method": "guided_backprop"}])
    page = client.get(f"/p/{take_part(study).code}/").content.decode()
    assert "light and dark strokes" in page
    assert 'class="scale' not in page


def test_maps_with_evidence_for_and_against_have_both_sides_in_their_legend(
    client: Client,
) -> None:
    both = {"name": "both", "method": "grad_cam", "settings": {"signed": True}}
    study = open_small_study(conditions=[both])
    page = client.get(f"/p/{take_part(study).code}/").content.decode()
    assert 'evidence against <i class="scale blue_red"></i> evidence for' in page
    assert "more important" not in page


def test_a_legend_can_be_left_out(client: Client) -> None:
    study = open_small_study(display={"size": 96, "legend": False})
    assert 'class="legend"' not in client.get(f"/p/{take_part(study).code}/").content.decode()


def test_a_study_of_before_goes_on_as_it_was_and_its_digest_stays(client: Client) -> None:
    study = open_small_study()
    digest = study.definition_digest
    stored = study.definition
    del stored["display"]["legend"]
    Study.objects.filter(pk=study.pk).update(definition=stored)
    assert not study_definition(Study.objects.get()).display.legend
    assert 'class="legend"' not in client.get(f"/p/{take_part(study).code}/").content.decode()
    assert Study.objects.get().definition_digest == digest


def test_a_file_that_was_loaded_before_a_key_was_known_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "cats.toml").write_text(GOOD)
    for name in ("consent", "instructions", "debrief"):
        (tmp_path / f"{name}.md").write_text("words")
    study = load_study(photo_folder(tmp_path, "cat/a.png") / "cats.toml")
    del study.definition["display"]["legend"]
    study.save()
    assert load_study(tmp_path / "cats.toml") == study
