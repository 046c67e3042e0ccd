"""What an author of a kind of question forgets is told before anybody is asked."""

from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sandbox.builders import open_small_study
from studyapp.models import Network, Stimulus
from studyapp.studies.definition.file import parse_definition
from studyapp.studies.loading import load_study
from studyapp.studies.photos.selection import PreparationError, select_stimuli
from tests.own_paradigm.conftest import LINE
from tests.photos.test_class_names import make_folders
from tests.studies.definition.test_blocks import complaint, definition
from tests.studies.definition.test_checking import STUDY
from tests.studies.photos.test_unknown_names import LABELS, predicted


@pytest.fixture(autouse=True)
def with_slips(settings: Any) -> None:
    settings.PARADIGMS = [*settings.PARADIGMS, LINE.replace("two_intervals", "asked_twice")]


ONE_NETWORK = 'stronger = "vgg"\n[networks.vgg]\nbuilder = "vgg16"\nweights = "random"'


def test_a_pair_without_the_network_that_a_paradigm_asks_about_is_refused() -> None:
    text = definition(paradigm='"asked_twice"')
    assert parse_definition(text, "cats.toml").blocks[0].paradigm == "asked_twice"
    told = complaint(text.replace('use = "vgg16_alexnet"', ONE_NETWORK))
    assert "has one network, and asked_twice asks about two; give its pair a weaker" in told
    assert "versus" not in told


@pytest.mark.django_db
def test_two_questions_that_the_design_could_not_tell_apart_are_refused(tmp_path: Path) -> None:
    make_folders(tmp_path, ["red"], photos=4)
    (tmp_path / "t.md").write_text("text")
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))
    other = '[networks.two]\nbuilder = "vgg16"\nweights = "random"\nlabels = "labels.txt"\n'
    text = STUDY.replace("pointing", "asked_twice").replace(
        'stronger = "one"\n', 'stronger = "one"\nweaker = "two"\n'
    )
    text = text.replace("[pairs.main]", f"{other}options = {{ num_classes = 6 }}\n[pairs.main]")
    (tmp_path / "study.toml").write_text(text)
    study = load_study(tmp_path / "study.toml")
    for network in Network.objects.all():
        predicted(study, network, LABELS)
    with pytest.raises(PreparationError) as refused:
        select_stimuli(study)
    assert "asked_twice asks 2 questions about “red”" in str(refused.value)
    assert "give the paradigm's candidates different categories" in str(refused.value)


@pytest.mark.django_db
def test_the_database_refuses_two_stimuli_that_are_one() -> None:
    one = open_small_study(people=2).stimuli.first()
    with pytest.raises(IntegrityError, match="stimulus_asked_once"), transaction.atomic():
        Stimulus.objects.create(
            study=one.study, photo=one.photo, paradigm=one.paradigm, category=one.category,
            class_index=one.class_index, position=9_999,
        )  # fmt: skip
