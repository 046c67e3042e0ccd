"""A study of a network that answers questions, which asks about each photo more than once."""

import json
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

import explainer
from explainer.pictures.photos import open_photo
from studyapp.models import Case, Explanation, Prediction, StimulusRole, Study, Trial, WorkState
from studyapp.studies.lifecycle import open_study, start_preparing
from studyapp.studies.loading import load_study
from studyapp.studies.preparation.progress import failures
from tasks import preparation
from tasks.stored_files import stored_map
from tests.explainer.small_vqa import ANSWERS, BRIGHTNESS, COLOUR, FACTORY, answering
from tests.studies.photos.questions import STUDY, TABLE, write_questions
from tests.tasks.test_bad_files import carry_out, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_place")]


@pytest.fixture(autouse=True)
def _allowed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)


def loaded(folder: Path, **given: str) -> Study:
    return load_study(write_questions(folder, **given))


def prepared(study: Study) -> Study:
    """As workers would, in this process."""
    start_preparing(study)
    preparation.prepare(study.pk)
    work(Study.objects.get(pk=study.pk))
    study.refresh_from_db()
    assert study.prepared_at is not None, [study.problem, *failures(study)]
    return study


def test_each_question_about_a_photo_gets_its_own_answer_and_its_own_map(tmp_path: Path) -> None:
    study = prepared(loaded(tmp_path))
    assert Case.objects.count() == Prediction.objects.count() == 8
    network = answering()
    network.module.eval()
    for row in Prediction.objects.select_related("case__image"):
        photo = study.images.get(case=row.case).name
        image = network.prepare([open_photo((tmp_path / "photos" / photo).read_bytes())])
        alone = network.asked([row.case.asked_with]).predict(image)[0]
        assert row.top[0][0] == int(alone.argmax())
        assert row.top[0][1] == pytest.approx(float(alone.max()), abs=1e-5)
        for made in Explanation.objects.filter(case=row.case, method="grad_cam"):
            found = explainer.explain(
                network, image, [made.class_index], ["grad_cam"], context=[row.case.asked_with]
            )
            np.testing.assert_allclose(stored_map(made), found["grad_cam"][0], atol=1e-6)
    maps = Explanation.objects.filter(method="grad_cam")
    assert len(set(maps.values_list("map_digest", flat=True))) == maps.count() == 8


def test_nobody_is_asked_twice_about_one_photo(tmp_path: Path) -> None:
    study = open_study(prepared(loaded(tmp_path)))
    assert study.stimuli.filter(role=StimulusRole.MAIN).count() == 8
    asked = Trial.objects.filter(slot__study=study, stimulus__isnull=False)
    assert asked.count() == 16
    assert len({(one.slot_id, one.image_id) for one in asked}) == 16
    # Both questions of a photo are asked, of different people
    assert asked.values("image", "stimulus__photo__case").distinct().count() == 8


def test_a_network_asked_with_photos_alone_is_refused_beside_contexts(tmp_path: Path) -> None:
    alone = STUDY.replace(FACTORY, "vgg16").replace('"package"', '"random"')
    with pytest.raises(ValueError, match=r"line \d+: .*vgg16.* takes the photo alone.*call="):
        loaded(tmp_path, study=alone)


def test_a_factory_of_a_network_without_a_call_is_refused_by_the_workers(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "tests.explainer.networks.own_factories:small"
    settings.NETWORK_FACTORIES = [other]
    monkeypatch.setenv("NETWORK_FACTORIES", other)
    study = start_preparing(loaded(tmp_path, study=STUDY.replace(FACTORY, other)))
    preparation.prepare(study.pk)
    study.refresh_from_db()
    assert "is called with images alone, so that a context would change nothing" in study.problem
    assert not Prediction.objects.exists()


def test_a_network_that_needs_a_context_is_refused_where_there_is_none(tmp_path: Path) -> None:
    study = start_preparing(loaded(tmp_path, study=STUDY.replace(', cases = "questions.csv"', "")))
    preparation.prepare(study.pk)
    study.refresh_from_db()
    assert "the call of" in study.problem
    assert "give each image the context that it reads" in study.problem
    assert not Prediction.objects.exists()


def test_a_question_that_the_network_cannot_read_fails_alone(tmp_path: Path) -> None:
    table = TABLE.replace(f"a.png,{BRIGHTNESS}", "a.png,Who is it?")
    study = loaded(tmp_path, table=table)
    study = start_preparing(study)
    preparation.prepare(study.pk)
    carry_out(work(study, until="explain"))
    failed = Prediction.objects.get(state=WorkState.FAILED)
    assert failed.case.asked_with == "Who is it?"
    assert "raises ValueError" in failed.error
    assert Prediction.objects.filter(state=WorkState.READY).count() == 7


def test_contexts_may_be_any_json(tmp_path: Path) -> None:
    def cell(text: str) -> str:
        return '"' + json.dumps({"question": text}).replace('"', '""') + '"'

    rows = [f"things/{name}.png,{cell(COLOUR)},{answer}," for name, answer in
            zip("abcd", ANSWERS, strict=False)]  # fmt: skip
    table = "\n".join(["photo,context_json,answer,shown", *rows])
    study = loaded(tmp_path, table=table, study=STUDY.replace("stimuli = 8", "stimuli = 2"))
    assert {one.case.asked_with["question"] for one in study.images.all()} == {COLOUR}
    prepared(study)
