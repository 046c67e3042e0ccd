"""A study of a network that compares photos, from its file to its bundle and back."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

import explainer
from explainer.pictures.photos import open_photo
from sandbox.builders import take_part
from sandbox.people import answer_all, due, make_profile, send_people
from studyapp.exports.bundle import write_bundle
from studyapp.exports.privacy import found_identities
from studyapp.management.verbs.checking import VERB
from studyapp.models import (
    Case,
    CasePhoto,
    Crop,
    Explanation,
    Image,
    Judgment,
    Prediction,
    Study,
)
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from tasks import preparation
from tasks.stored_files import stored_map
from tests.admin.desk import administrator
from tests.explainer.small_pair import FACTORY, SECOND, comparing
from tests.studies.photos.pairs import STUDY, TABLE, write_pairs
from tests.tables import rows_of

from .test_cases import prepared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_place")]
FURTHER = re.compile(r'<div class="further">.*?</div>', re.S)
PICTURES = re.compile(r'src="([^"]*)"')


@pytest.fixture(autouse=True)
def _allowed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NETWORK_FACTORIES = [FACTORY, SECOND]
    monkeypatch.setenv("NETWORK_FACTORIES", f"{FACTORY},{SECOND}")


def shown_on(page: str) -> list[str]:
    """The addresses of the further photos on a page."""
    return [address for one in FURTHER.findall(page) for address in PICTURES.findall(one)]


def code_of(address: str) -> str:
    return address.rsplit("/", 1)[-1].removesuffix(".png")


def following_of(page: str) -> list[str]:
    """The addresses of pictures that a page fetches ahead."""
    return re.findall(r'data-next="([^"]*)"', page)[0].split()


def test_each_case_is_answered_and_explained_with_its_own_photos(tmp_path: Path) -> None:
    study = prepared(load_study(write_pairs(tmp_path)))
    assert (Image.objects.count(), Case.objects.count(), CasePhoto.objects.count()) == (7, 8, 16)
    network = comparing()
    network.module.eval()
    rows = [line.split(",") for line in TABLE.splitlines()[1:]]

    def opened(name: str) -> Any:
        return open_photo((tmp_path / "photos" / name).read_bytes())

    answers = set()
    for photo, others, _ in rows:
        further = [opened(name) for name in others.split("|")]
        entry = explainer.with_photos(None, network.prepare(further))
        image = network.prepare([opened(photo)])
        scores = network.asked([entry]).predict(image)[0]
        digests = [one.sha256 for one in Image.objects.all()]
        (case,) = [
            use.case
            for use in study.images.filter(name=photo)
            if [digests.index(one.sha256) for one in use.case.further]
            == [digests.index(digest_of(tmp_path, name)) for name in others.split("|")]
        ]
        row = Prediction.objects.get(case=case)
        assert row.top[0][0] == int(scores.argmax())
        assert row.top[0][1] == pytest.approx(float(scores.max()), abs=1e-5)
        answers.add(row.top[0][0])
        for method in ("grad_cam", "gradient"):
            for made in Explanation.objects.filter(case=case, method=method):
                found = explainer.explain(
                    network, image, [made.class_index], [method], context=[entry]
                )
                np.testing.assert_allclose(stored_map(made), found[method][0], atol=1e-6)
    assert answers == {0, 1}


def digest_of(folder: Path, name: str) -> str:
    return hashlib.sha256((folder / "photos" / name).read_bytes()).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_from_the_file_to_the_page_and_once_more_from_the_bundle(
    tmp_path: Path, client: Client, settings: Any
) -> None:
    path = write_pairs(tmp_path)
    facts, _ = VERB.run({"file": path, "predict": True})
    assert (facts["photos"], facts["cases"], facts["not_met"]) == (4, 8, [])
    study = open_study(prepared(load_study(path)))
    assert load_study(path) == study

    person = take_part(study, "reader")
    trial = due(person)
    page = client.get(f"/p/{person.code}/").content.decode()
    addresses = shown_on(page)
    further = trial.stimulus.photo.case.further
    network = trial.condition.pair.stronger
    crops = [Crop.objects.get(image=one, network=network) for one in further]
    assert [code_of(address) for address in addresses] == [crop.code for crop in crops]
    assert all(client.get(address).status_code == 200 for address in addresses)
    seen = {*map(code_of, re.findall(r'src="(/p/[^"]*)"', page)), *map(code_of, following_of(page))}
    hidden = [crop.code for crop in Crop.objects.all() if crop.code not in seen]
    assert hidden
    for code in hidden:
        assert client.get(addresses[0].replace(crops[0].code, code)).status_code == 404

    answer_all(person, make_profile("agreement"))
    send_people(study, 3, paradigm="agreement")
    desk = administrator()
    replayed = shown_on(desk.get(f"/replay/{person.code}/1").content.decode())
    assert len(replayed) == 2
    assert all(desk.get(address).status_code == 200 for address in replayed)

    study = close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle", photos=True, analysis=False).path
    before = {name: rows_of(bundle, name) for name in ("stimuli", "predictions", "explanations")}
    assert not list(found_identities(study, bundle))
    assert {len(json.loads(row["further_sha256"])) for row in before["stimuli"]} == {2}
    assert len(list((bundle / "materials" / "photos").iterdir())) == 7

    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "again")
    call_command("import_bundle", str(bundle), verbosity=0)
    again = Study.objects.get()
    assert (Image.objects.count(), Case.objects.count(), CasePhoto.objects.count()) == (7, 8, 16)
    found = write_bundle(again, tmp_path / "found", photos=True, analysis=False).path
    assert {name: rows_of(found, name) for name in before} == before
    judged = Judgment.objects.filter(trial__position=0).order_by("pk").first()
    replayed = shown_on(
        administrator().get(f"/replay/{judged.participation.code}/1").content.decode()
    )
    assert len(replayed) == 2


def test_maps_of_another_photo_than_they_would_be_drawn_over_are_refused(tmp_path: Path) -> None:
    study = start_preparing(load_study(write_pairs(tmp_path, study=STUDY.replace(FACTORY, SECOND))))
    preparation.prepare(study.pk)
    study.refresh_from_db()
    assert 'the maps of layer "encoder:1" do not lie over the photo of the case' in study.problem
    assert not Prediction.objects.exists()
