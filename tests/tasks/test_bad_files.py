"""What is wrong with one row, one file or one worker stays there, and is told."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
from django.conf import settings
from django.test import Client
from pytest_django import Settings

import explainer
from sandbox.small_line import BUILDER, files_of_rows, files_on_disk, make_line
from studyapp import storage
from studyapp.models import Explanation, Image, Network, Overlay, Prediction, Study, WorkState
from studyapp.queue import EXPLAIN, PREDICT, PREPARE, RENDER
from studyapp.studies.lifecycle import LifecycleError, open_study, start_preparing
from studyapp.studies.preparation.advance import Request, advance, study_networks
from studyapp.studies.preparation.claims import claim, fail, finish, retry
from studyapp.studies.preparation.progress import failures
from tasks import networks, predictions, preparation
from tasks.drawing import cut_of, map_stored, pictures_stored
from tasks.networks import describe, settings_digest
from tasks.pregenerate import explain, render
from tasks.settling import settle
from tasks.stored_files import open_image, stored_map
from tests.admin.desk import administrator, concerns

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_place")]
TASKS: dict[str, Any] = {
    PREDICT: predictions.predict,
    EXPLAIN: explain,
    RENDER: render,
    PREPARE: preparation.prepare,
}


def make_preparing(folder: Path, *, weights: str = "random") -> Study:
    study = make_line(folder, photos=6, stimuli=4, weights=weights)
    study = start_preparing(study)
    for network in study_networks(study):
        describe(network)
    return study


def work(study: Study, *, until: str = "") -> list[Request]:
    """Do what workers would be asked for, in this process, up to a step that is left to do."""
    while requests := advance(study, settings_digest):
        if requests[0].task == until:
            return requests
        carry_out(requests)
    return []


def carry_out(requests: list[Request]) -> None:
    for request in requests:
        TASKS[request.task](*request.arguments)


@pytest.mark.parametrize("key", ["labels_file", "weights"])
def test_a_worker_opens_no_file_that_is_named_by_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "env").write_text("SECRET_KEY=of this site", "utf-8")
    monkeypatch.chdir(tmp_path)
    study = make_line(tmp_path / "study", photos=6, stimuli=4)
    Network.objects.update(**{key: "var/env"})
    with pytest.raises(
        explainer.ExplainerError, match=r'named "var/env", which is not an absolute path'
    ):
        describe(study_networks(study)[0])
    assert {tuple(row.labels) for row in Network.objects.all()} == {()}


def test_the_names_of_imagenet_need_no_file(tmp_path: Path) -> None:
    study = make_line(tmp_path / "study", photos=6, stimuli=4)
    Network.objects.update(labels_file="imagenet")
    describe(network := study_networks(study)[0])
    assert network.labels[:2] == ["tench", "goldfish"]


def test_an_unreadable_photo_fails_alone_and_the_study_goes_on(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    image = Image.objects.earliest("pk")
    path = Path(settings.MEDIA_ROOT) / image.file
    path.write_bytes(path.read_bytes()[:200])
    work(study)
    study.refresh_from_db()
    assert study.prepared_at is not None, study.problem
    failed = Prediction.objects.filter(state=WorkState.FAILED)
    assert {row.case.image_id for row in failed} == {image.pk}
    assert all("is not the file that was stored" in reason for reason in failures(study))
    assert not study.stimuli.filter(photo__case__image=image).exists()


def test_a_network_whose_output_is_not_finite_fails_its_rows_and_opens_no_study(
    tmp_path: Path,
) -> None:
    folder = write_weights(tmp_path / "study", seed=0, bias=math.nan)
    study = make_preparing(folder, weights="weights.safetensors")
    work(study)
    study.refresh_from_db()
    assert set(Prediction.objects.values_list("state", flat=True)) == {WorkState.FAILED}
    assert all("the network's output is not finite" in reason for reason in failures(study))
    with pytest.raises(LifecycleError):
        open_study(study)


def test_a_map_that_cant_be_made_fails_alone(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    requests = work(study, until=EXPLAIN)
    spoiled = Explanation.objects.earliest("pk")
    Explanation.objects.filter(pk=spoiled.pk).update(class_index=5000)
    carry_out(requests)
    failed = Explanation.objects.get(state=WorkState.FAILED)
    assert failed.pk == spoiled.pk
    assert "5000" in failed.error
    assert Explanation.objects.filter(state=WorkState.READY).count() == 15


def test_a_folder_that_takes_no_file_ends_in_failed_rows_with_the_reason_after_three_tries(
    tmp_path: Path,
) -> None:
    study = make_preparing(tmp_path / "study")
    work(study, until=EXPLAIN)
    (Path(settings.MEDIA_ROOT) / "maps").write_text("where the maps' folder should be")
    for left in (WorkState.PENDING, WorkState.PENDING, WorkState.FAILED):
        carry_out(work(study, until=EXPLAIN))
        assert set(Explanation.objects.values_list("state", flat=True)) == {left}
    assert "a file could not be fetched or stored" in Explanation.objects.earliest("pk").error
    assert set(Explanation.objects.values_list("attempts", flat=True)) == {3}


def test_a_worker_with_other_weights_is_refused_and_told_and_goes_on_by_the_command_named(
    tmp_path: Path,
) -> None:
    folder = write_weights(tmp_path / "study", seed=0)
    study = make_preparing(folder, weights="weights.safetensors")
    requests = work(study, until=PREDICT)
    write_weights(folder, seed=1)
    networks._load.cache_clear()
    carry_out(requests)
    study.refresh_from_db()
    assert re.search(r"the network squeezenet1_1 \w{8} can't be loaded by", study.problem)
    assert "give every worker the same file, or put a new file's sha256" in study.problem
    assert "; then manage.py study prepare small-" in study.problem
    assert any("can't be loaded by" in one for one in concerns(administrator()))
    assert Client().get("/healthz").json()["preparation"] == "stopped"
    assert set(Prediction.objects.values_list("attempts", "state")) == {(0, WorkState.PENDING)}
    write_weights(folder, seed=0)
    work(start_preparing(study))
    study.refresh_from_db()
    assert (study.problem, study.prepared_at is None) == ("", False)


def write_weights(folder: Path, *, seed: int, bias: float | None = None) -> Path:
    """The folder, with weights in it, of which one may be another."""
    folder.mkdir(exist_ok=True)
    state = explainer.load_network(BUILDER, weights=None, seed=seed).module.state_dict()
    if bias is not None:
        state["classifier.1.bias"][3] = bias
    safetensors.torch.save_file(state, folder / "weights.safetensors")
    return folder


def test_weights_with_another_digest_than_the_definition_gives_stop_the_preparation(
    tmp_path: Path,
) -> None:
    folder = write_weights(tmp_path / "study", seed=0)
    study = start_preparing(make_line(folder, photos=6, stimuli=4, weights="weights.safetensors"))
    Network.objects.update(sha256="0" * 64)
    TASKS[PREPARE](study.pk)
    study.refresh_from_db()
    assert "weights.safetensors has the digest" in study.problem


def test_a_worker_whose_claim_was_taken_over_leaves_no_file(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    work(study)
    row = Explanation.objects.earliest("pk")
    # Its own second try, at which it removes what it takes for leftovers
    Explanation.objects.filter(pk=row.pk).update(attempts=2)
    row.refresh_from_db()
    before = files_on_disk("maps")
    network = networks.loaded(row.network)
    found = explainer.explain(
        network,
        network.prepare([open_image(row.case.image, network)]),
        [[row.class_index]],
        (row.method,),
    )
    name = "a worker/whose-claim-ran-out"
    made = map_stored(row, found[row.method][0].numpy(), name, {})
    assert files_on_disk("maps") != before
    settle([([made], [])], {Explanation: name})
    assert files_on_disk("maps") == before


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_worker_whose_claim_on_a_picture_was_taken_over_changes_and_leaves_no_file(
    tmp_path: Path, attempts: int
) -> None:
    """Its map differs from the other worker's, as on another card."""
    study = make_preparing(tmp_path / "study")
    work(study)
    Overlay.objects.update(attempts=attempts)
    row = Overlay.objects.earliest("pk")
    explanation = row.explanation
    before = files_on_disk("pictures")
    network = networks.loaded(explanation.network)
    cut = cut_of(explanation.case.image, explanation.network, network)
    name = "a worker/whose-claim-ran-out"
    made = pictures_stored([row], cut, lambda one: stored_map(one)[:, ::-1], None, name)
    assert [one.error for one in made] == [None]
    assert made[0].values["digest"] != row.digest
    assert files_on_disk("pictures") == before | {made[0].values["file"]}
    settle([([], made)], {Overlay: name})
    assert files_on_disk("pictures") == before
    assert storage.is_whole(row.file, row.digest)


def test_a_damaged_picture_is_drawn_again_and_its_old_file_is_removed(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    work(study)
    row = Overlay.objects.earliest("pk")
    old = f"pictures/{row.code[:2]}/{row.code}.webp"  # as they were once named
    storage.remove(row.file)
    storage.keep(old, b"damaged")
    Overlay.objects.filter(pk=row.pk).update(file=old)
    Study.objects.update(prepared_at=None)
    work(study)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (WorkState.READY, 2)
    assert storage.is_whole(row.file, row.digest)
    assert files_on_disk("maps") | files_on_disk("pictures") == files_of_rows()


@pytest.mark.parametrize("is_retried", [False, True])
def test_what_a_killed_worker_left_is_removed_when_its_row_is_made_again(
    tmp_path: Path, is_retried: bool
) -> None:
    study = make_preparing(tmp_path / "study")
    work(study, until=EXPLAIN)
    row = Explanation.objects.earliest("pk")
    rows = Explanation.objects.filter(pk=row.pk)
    if is_retried:
        assert fail(row, claim(rows, "killed"), "3 workers stopped at it")
        retry(rows)
    else:
        rows.update(attempts=1)
    folder = Path(settings.MEDIA_ROOT) / "maps" / row.settings_digest[:2]
    folder.mkdir(parents=True)
    (folder / f"{row.pk}-deadbeef.npz").write_bytes(b"whole, but nobody's")
    (folder / f".{row.pk}-deadbeef.npz.99.aa").write_bytes(b"half")
    explain(study.pk, row.network_id, [row.pk])
    row.refresh_from_db()
    assert row.state == WorkState.READY
    assert files_on_disk("maps") == {row.map_file}


def test_a_message_that_comes_twice_changes_nothing(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    work(study)
    before = list(Explanation.objects.order_by("pk").values_list("map_digest", "finished_at"))
    for network in study_networks(study):
        keys = list(Explanation.objects.filter(network=network).values_list("pk", flat=True))
        TASKS[EXPLAIN](study.pk, network.pk, keys)
    TASKS[RENDER](study.pk, "crop", [1, 2, 3])
    assert before == list(
        Explanation.objects.order_by("pk").values_list("map_digest", "finished_at")
    )
    assert files_on_disk("maps") | files_on_disk("pictures") == files_of_rows()


def test_a_message_that_comes_back_while_another_worker_has_its_rows_starts_no_second_copy(
    tmp_path: Path, settings: Settings
) -> None:
    """The broker gives a message out again after five seconds; a claim is renewed for a minute."""
    settings.LONGEST_TASK_SECONDS, settings.CLAIM_SECONDS = 5, 60
    study = make_preparing(tmp_path / "study")
    request = work(study, until=EXPLAIN)[0]
    rows = Explanation.objects.filter(pk__in=request.arguments[2])
    name = claim(rows, "the first worker")
    TASKS[EXPLAIN](*request.arguments)
    assert set(rows.values_list("claimed_by", "attempts", "state")) == {(name, 1, "pending")}
    assert files_on_disk("maps") == set()
    finished = rows.earliest("pk")
    assert finish(finished, name, map_file="maps/x", map_digest="0" * 64)
    TASKS[EXPLAIN](*request.arguments)
    assert set(rows.values_list("attempts", flat=True)) == {1}
