"""Step 4 of a trial's life: Stimulus × Method × Network → Explanation → Overlay."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

import explainer
from studyapp.models import Crop, Explanation, Network, Overlay, Study
from studyapp.queue import EXPLAIN, RENDER, app
from studyapp.studies.claims import claim, fail, finish, give_back
from studyapp.studies.preparation import (
    pending,
    study_crops,
    study_explanations,
    study_overlays,
)

from .networks import loaded, open_image
from .preparation import go_on
from .workers import worker_name

PHOTOS_AT_ONCE = 8


@app.task(name=EXPLAIN)
def explain(study_id: int, network_id: int, keys: list[int]) -> None:
    """Make the claimed ones of the explanations `keys`, all of one network."""
    rows = Explanation.objects.filter(pk__in=keys)
    name = claim(rows, worker_name())
    claimed = list(rows.filter(claimed_by=name).select_related("image").order_by("image_id", "pk"))
    network = loaded(Network.objects.get(pk=network_id))
    for batch in batches(claimed):
        _explain(network, batch, name)
    study = Study.objects.get(pk=study_id)
    go_on(study_id, pending(study_explanations(study)).count())


def batches(rows: Iterable[Explanation]) -> list[list[list[Explanation]]]:
    """Rows by photo, photos of one pattern together: one call of the explainer explains them.

    A pattern is how many classes are explained by which methods with which settings. A method
    asked for with two settings makes two patterns.
    """
    by_photo: dict[tuple[int, int], list[Explanation]] = {}
    for row in rows:
        by_photo.setdefault((row.image_id, _variant(row, by_photo)), []).append(row)
    patterns: dict[Any, list[list[Explanation]]] = {}
    for photo in by_photo.values():
        methods = tuple(sorted({(row.method, row.settings_digest) for row in photo}))
        patterns.setdefault((len(_classes(photo)), methods), []).append(photo)
    return [
        photos[start : start + PHOTOS_AT_ONCE]
        for photos in patterns.values()
        for start in range(0, len(photos), PHOTOS_AT_ONCE)
    ]


def _variant(row: Explanation, by_photo: dict[tuple[int, int], list[Explanation]]) -> int:
    """The first group of the row's photo in which its method has no other settings."""
    variant = 0
    while any(
        other.method == row.method and other.settings_digest != row.settings_digest
        for other in by_photo.get((row.image_id, variant), [])
    ):
        variant += 1
    return variant


def _classes(rows: Sequence[Explanation]) -> list[int]:
    return sorted({row.class_index for row in rows})


def _explain(network: explainer.Network, photos: list[list[Explanation]], name: str) -> None:
    """One call for several photos; where it fails each photo is tried alone."""
    try:
        found = _found(network, photos)
    except (explainer.ExplainerError, OSError, RuntimeError) as error:
        if len(photos) > 1:
            for photo in photos:
                _explain(network, [photo], name)
            return
        for row in photos[0]:
            _refuse(row, name, error)
        return
    for place, photo in enumerate(photos):
        for row in photo:
            _record(found, place, row, _classes(photo).index(row.class_index), name)


def _found(network: explainer.Network, photos: list[list[Explanation]]) -> explainer.Found:
    pictures = [open_image(photo[0].image.file) for photo in photos]
    first = photos[0]
    return explainer.explain(
        network,
        network.prepare(pictures),
        [_classes(photo) for photo in photos],
        tuple(sorted({row.method for row in first})),
        settings={row.method: row.settings for row in first if row.settings},
    )


def _record(found: explainer.Found, place: int, row: Explanation, which: int, name: str) -> None:
    """Store the map under a name of its own, then say so in the row."""
    file = f"maps/{row.settings_digest[:2]}/{row.pk}-{name[-8:]}.npz"
    try:
        array = found[row.method][place, which].cpu().numpy()
        digest = explainer.store.save_maps(media(file), {"map": array})
    except OSError as error:
        give_back(row, name, f"the map could not be stored: {error}")
        return
    finish(
        row,
        name,
        map_file=file,
        map_digest=digest,
        is_empty=bool(found.empty[row.method][place, which]),
        provenance={
            **found.provenance,
            "layer": found.layer,
            "settings": found.settings[row.method],
            "seconds_of_batch": round(found.seconds, 4),
        },
    )


def _refuse(row: Explanation, name: str, error: Exception) -> None:
    """What is wrong with the input stays wrong; what a machine lacks may be there next time."""
    if isinstance(error, explainer.ExplainerError):
        fail(row, name, str(error))
    else:
        give_back(row, name, f"{type(error).__name__}: {error}")


@app.task(name=RENDER)
def render(study_id: int, kind: str, keys: list[int]) -> None:
    """Draw the claimed ones of the pictures `keys`; `kind` is "overlay" or "crop"."""
    model, draw = {"overlay": (Overlay, _draw_overlay), "crop": (Crop, _draw_crop)}[kind]
    rows = model._default_manager.filter(pk__in=keys)
    name = claim(rows, worker_name())
    for row in rows.filter(claimed_by=name).order_by("pk"):
        _render(row, draw, name)
    study = Study.objects.get(pk=study_id)
    left = pending(study_overlays(study)).count() + pending(study_crops(study)).count()
    go_on(study_id, left)


def _render(row: Any, draw: Any, name: str) -> None:
    file = f"pictures/{row.code[:2]}/{row.code}.png"
    try:
        picture = draw(row)
        digest = explainer.store.save_picture(media(file), picture)
    except explainer.ExplainerError as error:
        fail(row, name, str(error))
    except OSError as error:
        give_back(row, name, f"the picture could not be stored: {error}")
    else:
        finish(row, name, file=file, digest=digest, width=picture.width, height=picture.height)


def _draw_overlay(row: Overlay) -> Any:
    """The picture of a map whose digest is what was recorded, on what the network saw."""
    explanation = row.explanation
    display = explainer.Display.from_settings(row.display)
    array = _verified_map(explanation)
    together = [_verified_map(other) for other in row.normalised_with.all()]
    crop = _crop_of(explanation.network, explanation.image.file, display.size)
    return explainer.render(array, crop, display, together=tuple(together))


def _verified_map(explanation: Explanation) -> Any:
    maps = explainer.store.load_maps(media(explanation.map_file), explanation.map_digest)
    return maps["map"]


def _draw_crop(row: Crop) -> Any:
    return _crop_of(row.network, row.image.file, row.size)


def _crop_of(network: Network, file: str, size: int | None) -> Any:
    preprocess = loaded(network).preprocess
    if preprocess is None:
        raise explainer.ExplainerError("the network says not what it sees", "give it a preprocess")
    return preprocess.crop(open_image(file), size=size)


def media(file: str) -> Path:
    return Path(settings.MEDIA_ROOT) / file
