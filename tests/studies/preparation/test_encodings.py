"""Pictures reach people small, and tell by no byte which method or network they explain."""

import io
import re
import struct

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from explainer.pictures.render import encode
from sandbox.builders import make_definition, open_small_study, take_part
from sandbox.people import give
from studyapp import storage
from studyapp.models import Overlay, StimulusOverlay, Trial
from studyapp.participations.answering import within_sight
from studyapp.sections.design import ConditionSection
from studyapp.studies.preparation.encodings import COMPACT, LOSSLESS, QUALITY, overlay_encoding
from studyapp.studies.preparation.overlays import Look
from studyapp.studies.shown import EXTENDED_BYTES, HEADER_BYTES, padded

ROOM = EXTENDED_BYTES + HEADER_BYTES


def picture(noise: int) -> Image.Image:
    """A smooth picture with some noise, so that files of several sizes come of it."""
    rows, columns = np.mgrid[0:96, 0:96]
    smooth = np.stack([rows * 2, columns * 2, rows + columns], axis=-1)
    added = np.random.default_rng(1).integers(0, noise + 1, smooth.shape)
    return Image.fromarray(np.clip(smooth + added, 0, 255).astype(np.uint8))


def chunks(webp: bytes) -> list[bytes]:
    """The names of a WebP's chunks, in order."""
    assert webp[:4] == b"RIFF"
    assert struct.unpack("<I", webp[4:8])[0] == len(webp) - 8
    names, at = [], 12
    while at < len(webp):
        (length,) = struct.unpack("<I", webp[at + 4 : at + 8])
        names.append(webp[at : at + 4])
        at += 8 + length + length % 2
    return names


@pytest.mark.parametrize("quality", [None, QUALITY])
def test_files_of_one_size_hold_the_very_same_pictures(quality: int | None) -> None:
    files = [encode(picture(noise), "webp", quality=quality) for noise in (0, 9, 60)]
    size = max(map(len, files)) + ROOM
    for file in files:
        filled = padded(file, size)
        assert len(filled) == size
        before, after = (Image.open(io.BytesIO(one)) for one in (file, filled))
        assert before.tobytes() == after.tobytes()
    assert len({tuple(chunks(padded(file, size))) for file in files}) == 1


def test_a_compact_picture_is_a_quarter_as_large_and_looks_the_same() -> None:
    drawn = picture(9)
    small, whole = encode(drawn, "webp", quality=QUALITY), encode(drawn)
    assert len(small) * 3 < len(whole)
    seen = np.asarray(Image.open(io.BytesIO(small)).convert("RGB"), dtype=int)
    assert np.abs(seen - np.asarray(drawn, dtype=int)).mean() < 4
    exact = Image.open(io.BytesIO(encode(drawn, "webp"))).convert("RGB")
    assert exact.tobytes() == drawn.tobytes()


@pytest.mark.parametrize(
    ("methods", "encoding"),
    [
        (["grad_cam", "score_cam"], COMPACT),
        (["grad_cam", "guided_backprop"], LOSSLESS),
        (["grad_cam", "edges"], LOSSLESS),
        (["grad_cam", "none"], COMPACT),
    ],
)
def test_one_way_for_a_whole_study_lossless_where_single_pixels_show(
    methods: list[str], encoding: str
) -> None:
    conditions = [ConditionSection(name=name, method=name) for name in methods]
    definition = make_definition().model_copy(update={"conditions": conditions})
    assert overlay_encoding(definition) == encoding


@pytest.mark.django_db
def test_overlays_as_the_workers_make_them_are_sent_in_files_of_one_size(client: Client) -> None:
    study = open_small_study(people=4, trials=3, stimuli=4)
    for number, use in enumerate(StimulusOverlay.objects.filter(stimulus__study=study)):
        file = use.overlay.file.replace(".png", ".webp")
        digest = storage.keep(file, encode(picture(20 * (number % 3)), "webp"))
        Overlay.objects.filter(pk=use.overlay_id).update(file=file, digest=digest)
    person = take_part(study)
    page = client.get(f"/p/{person.code}/").content.decode()
    codes = set(Overlay.objects.values_list("code", flat=True))
    sent = [
        client.get(one) for one in re.findall(r'src="(/p/[^"]+)"', page) if one[-26:-4] in codes
    ]
    assert len(sent) == 2
    assert {reply["Content-Type"] for reply in sent} == {"image/webp"}
    assert len({len(reply.content) for reply in sent}) == 1
    assert len({tuple(chunks(reply.content)) for reply in sent}) == 1


def steps(trials: list[Trial]) -> list[int]:
    return [trial.step for trial in trials]


@pytest.mark.django_db
def test_the_pictures_of_two_trials_are_fetched_ahead(client: Client) -> None:
    person = take_part(open_small_study(people=4, trials=4, stimuli=4))
    page = client.get(f"/p/{person.code}/").content.decode()
    following = re.findall(r'data-next="([^"]*)"', page)[0].split()
    assert len(following) == 6
    assert {client.get(one).status_code for one in following} == {200}
    assert len(within_sight(person)) == 3


@pytest.mark.django_db
def test_nothing_behind_an_advice_that_must_wait_is_fetched_ahead() -> None:
    study = open_small_study(paradigm="reliance", people=8, trials=2, stimuli=4)
    person = take_part(study)
    assert steps(within_sight(person)) == [1]
    give(person)
    assert steps(within_sight(person)) == [2, 1]


def test_overlays_of_two_encodings_are_never_one_row() -> None:
    assert Look({"size": 96}, COMPACT).digest() != Look({"size": 96}, LOSSLESS).digest()
