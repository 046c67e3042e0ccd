"""Maps are stored and pictures drawn beside the passes: the same files, rows and refusals."""

import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from django.conf import settings
from django.db.backends.signals import connection_created

import explainer
from explainer.pictures.render import encode
from sandbox.small_line import files_of_rows, files_on_disk
from studyapp import storage
from studyapp.models import Crop, Explanation, Overlay, Study, WorkState
from studyapp.queue import EXPLAIN, RENDER
from studyapp.studies.preparation.advance import study_networks
from tasks.beside import quality_of
from tasks.networks import loaded
from tasks.pregenerate import explain
from tasks.stored_files import open_image, stored_map

from .test_bad_files import carry_out, make_preparing, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_place")]


def states(model: type[Any]) -> set[tuple[str, str, int]]:
    return set(model.objects.values_list("state", "claimed_by", "attempts"))


def maps_one_by_one(study: Study) -> dict[int, bytes]:
    """By row the file of each map, explained and stored without any thread."""
    found = {}
    for row in study_networks(study):
        network = loaded(row)
        made = Explanation.objects.filter(network=row).order_by("case_id", "pk")
        photos = {one.case_id: one for one in made}
        images = [open_image(one.case.image, network) for one in photos.values()]
        classes = [[one.class_index] for one in photos.values()]
        maps = explainer.explain(
            network, network.prepare(images), classes, ("grad_cam", "guided_backprop")
        )
        for one in made:
            array = maps[one.method][list(photos).index(one.case_id), 0].numpy()
            found[one.pk] = explainer.store.maps_bytes({"map": array})
    return found


def picture_alone(row: Overlay | Crop, quality: int | None) -> bytes:
    """The file of one picture, drawn by itself from what is stored."""
    if isinstance(row, Crop):
        network = loaded(row.network)
        cut = network.crop(open_image(row.image, network), size=row.size)
        return encode(cut, "webp", quality=quality)
    network = loaded(row.explanation.network)
    opened = open_image(row.explanation.case.image, network)
    picture = explainer.render(
        stored_map(row.explanation),
        network.crop(opened, size=row.display["size"]),
        explainer.Display.from_settings(row.display),
        together=[stored_map(one) for one in row.normalised_with.all()],
    )
    return encode(picture, "webp", quality=quality)


def test_files_made_beside_the_passes_are_those_made_one_by_one(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    requests = work(study, until=EXPLAIN)
    asked_in: list[str] = []

    def note(**_: Any) -> None:
        asked_in.append(threading.current_thread().name)

    connection_created.connect(note)
    try:
        carry_out(requests)
    finally:
        connection_created.disconnect(note)
    assert asked_in == []  # no thread asks the database
    done = {(WorkState.READY, "", 1)}
    assert states(Explanation) == states(Overlay) == states(Crop) == done
    apart = maps_one_by_one(study)
    assert len(apart) == 16
    for one in Explanation.objects.all():
        assert storage.read(one.map_file, one.map_digest) == apart[one.pk]
    for model in (Overlay, Crop):
        for row in model.objects.all():
            assert storage.read(row.file, row.digest) == picture_alone(
                row, quality_of(model, study)
            )
    beside = {row.pk: row.digest for row in Overlay.objects.all()}
    Overlay.objects.update(state=WorkState.PENDING, digest="", file="", attempts=0)
    work(study)
    assert {row.pk: row.digest for row in Overlay.objects.all()} == beside


def test_what_may_not_be_drawn_at_once_waits_for_its_own_task(tmp_path: Path) -> None:
    """A picture that was tried before, and one that is normalised with another photo's map."""
    study = make_preparing(tmp_path / "study")
    requests = work(study, until=EXPLAIN)
    tried, joint, *others = Overlay.objects.order_by("pk")
    Overlay.objects.filter(pk=tried.pk).update(attempts=1)
    elsewhere = Explanation.objects.exclude(case=joint.explanation.case_id).first()
    joint.normalised_with.set([joint.explanation_id, elsewhere])
    carry_out(requests)
    waiting = Overlay.objects.pending()
    assert set(waiting.values_list("pk", "attempts", "claimed_by")) == {
        (tried.pk, 1, ""), (joint.pk, 0, "")
    }  # fmt: skip
    assert Overlay.objects.ready().count() == len(others)
    assert {request.task for request in work(study, until=RENDER)} == {RENDER}
    work(study)
    study.refresh_from_db()
    assert study.prepared_at is not None, study.problem


def test_a_picture_that_cannot_be_stored_spoils_no_map(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    requests = work(study, until=EXPLAIN)
    (Path(settings.MEDIA_ROOT) / "pictures").write_text("where the pictures' folder should be")
    carry_out(requests)
    assert states(Explanation) == {(WorkState.READY, "", 1)}
    assert states(Overlay) == {(WorkState.PENDING, "", 1)}
    assert "a file could not be fetched or stored" in Overlay.objects.earliest("pk").error


def test_a_picture_is_not_drawn_of_a_map_that_another_worker_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_preparing(tmp_path / "study")
    work(study, until=EXPLAIN)
    row = Explanation.objects.earliest("pk")
    lost = Explanation.objects.filter(pk=row.pk)
    # The claim runs out while the map is computed
    monkeypatch.setattr(
        "tasks.pregenerate.other_photos",
        lambda photos: lost.update(claimed_by="another worker") and {},
    )
    explain(study.pk, row.network_id, [row.pk])
    row.refresh_from_db()
    assert (row.state, row.claimed_by) == (WorkState.PENDING, "another worker")
    assert files_on_disk("maps") | files_on_disk("pictures") == files_of_rows() == set()
    assert states(Overlay) == {(WorkState.PENDING, "", 0)}


def test_a_batch_that_the_memory_does_not_hold_is_halved_and_costs_no_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_preparing(tmp_path / "study")
    requests = work(study, until=EXPLAIN)
    sizes: list[int] = []
    whole = explainer.explain

    def explain_few(network: explainer.Network, images: Any, *more: Any, **named: Any) -> Any:
        sizes.append(len(images))
        if len(images) > 2:
            raise torch.OutOfMemoryError("no room on the card")
        return whole(network, images, *more, **named)

    monkeypatch.setattr(explainer, "explain", explain_few)
    carry_out(requests)
    assert sizes == [4, 2, 2] * 2
    assert states(Explanation) == states(Overlay) == {(WorkState.READY, "", 1)}
