"""Step 4 of a trial's life: Stimulus × Method × Network → Explanation → Overlay."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

import explainer
from explainer.pictures.render import encode
from studyapp import storage
from studyapp.models import Crop, Explanation, Image, Network, Overlay, Study
from studyapp.queue import EXPLAIN, RENDER, app
from studyapp.studies.definition.study import study_definition
from studyapp.studies.preparation.advance import (
    pending,
    study_crops,
    study_explanations,
    study_overlays,
)
from studyapp.studies.preparation.claims import fail, finish, give_back
from studyapp.studies.preparation.encodings import COMPACT, QUALITY, overlay_encoding

from .batches import StorageFault, ask_for_rest, claimed, refuse_fault
from .material import open_image, photo_bytes, stored_map
from .networks import loaded, network_for, stop
from .preparation import go_on

PHOTOS_AT_ONCE = 8
NETWORK_OF = {"overlay": "explanation__network", "crop": "network"}


@app.task(name=EXPLAIN)
def explain(study_id: int, network_id: int, keys: list[int]) -> None:
    """Make the claimed ones of the explanations `keys`, all of one network."""
    network = network_for(study_id, network_id)
    if network is None:
        return
    wanted = Explanation.objects.filter(pk__in=keys)
    try:
        with claimed(wanted) as (name, mine):
            for batch in batches(mine.select_related("image").order_by("image_id", "pk")):
                _explain(network, batch, name)
    except StorageFault as error:
        stop(study_id, str(error))
        return
    ask_for_rest(wanted, EXPLAIN, study_id, network_id, queue="gpu")
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
    """One call for several photos; where it fails (or memory runs out) it is tried in parts."""
    try:
        found = _found(network, photos)
    except (explainer.ExplainerError, OSError, RuntimeError) as error:
        refuse_fault(error)
        for part in _halves(photos):
            _explain(network, part, name)
        if len(photos) == len(photos[0]) == 1:
            _refuse(photos[0][0], name, error)
        return
    for place, photo in enumerate(photos):
        for row in photo:
            _record(found, place, row, _classes(photo).index(row.class_index), name)


def _halves(photos: list[list[Explanation]]) -> list[list[list[Explanation]]]:
    """Half of the photos each; of one photo, its rows each alone; nothing of a single row."""
    if len(photos) > 1:
        middle = len(photos) // 2
        return [photos[:middle], photos[middle:]]
    return [[[row]] for row in photos[0]] if len(photos[0]) > 1 else []


def _found(network: explainer.Network, photos: list[list[Explanation]]) -> explainer.Found:
    pictures = [open_image(photo[0].image) for photo in photos]
    first = photos[0]
    with tempfile.TemporaryDirectory(prefix="discern-photos-") as folder:
        return explainer.explain(
            network,
            network.prepare(pictures),
            [_classes(photo) for photo in photos],
            tuple(sorted({row.method for row in first})),
            settings={row.method: _settings(row, Path(folder)) for row in first if row.settings},
        )


def _settings(row: Explanation, folder: Path) -> dict[str, Any]:
    """The row's settings as the explainer takes them: another photo's digest becomes a file of it
    in `folder`."""
    if "photo" not in row.settings:
        return dict(row.settings)
    other = Image.objects.filter(sha256=row.settings["photo"]).first()
    if other is None:
        raise explainer.ExplainerError(
            f"no photo with the SHA-256 {row.settings['photo']}", "leave photo out of the settings"
        )
    path = folder / other.sha256
    path.write_bytes(photo_bytes(other))
    return {**row.settings, "photo": str(path)}


def _record(found: explainer.Found, place: int, row: Explanation, which: int, name: str) -> None:
    """Store the map under a name of its own, then say so in the row."""
    folder = f"maps/{row.settings_digest[:2]}"
    file = f"{folder}/{row.pk}-{name[-8:]}.npz"
    try:
        if row.attempts > 1:
            storage.remove_leftovers(folder, (f"{row.pk}-", f".{row.pk}-"))
        array = found[row.method][place, which].cpu().numpy()
        digest = storage.keep(file, explainer.store.maps_bytes({"map": array}))
    except OSError as error:
        refuse_fault(error)
        give_back(row, name, f"the map could not be stored: {error}")
        return
    kept = finish(
        row,
        name,
        map_file=file,
        map_digest=digest,
        is_empty=bool(found.empty[row.method][place, which]),
        provenance={
            **found.provenance,
            "layer": found.layer,
            "beside": list(found.beside),
            "checks": {
                key: float(values[place, which])
                for key, values in found.checks.get(row.method, {}).items()
            },
            # Another photo by its digest, not by its place on this machine
            "settings": {**found.settings[row.method], **row.settings},
            "seconds_of_batch": round(found.seconds, 4),
        },
    )
    if not kept:
        storage.remove(file)


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
    wanted: QuerySet[Any] = model._default_manager.filter(pk__in=keys)
    needed = wanted.values_list(NETWORK_OF[kind], flat=True).distinct()
    if any(network_for(study_id, network) is None for network in needed):
        return
    quality = _quality(study_id, kind)
    try:
        with claimed(wanted) as (name, mine):
            for row in mine.order_by("pk"):
                _render(row, draw, name, quality)
    except StorageFault as error:
        stop(study_id, str(error))
        return
    ask_for_rest(wanted, RENDER, study_id, kind, queue="cpu")
    study = Study.objects.get(pk=study_id)
    left = pending(study_overlays(study)).count() + pending(study_crops(study)).count()
    go_on(study_id, left)


def _render(row: Any, draw: Any, name: str, quality: int | None) -> None:
    file = f"pictures/{row.code[:2]}/{row.code}.webp"
    try:
        if row.attempts > 1:
            storage.remove_leftovers(f"pictures/{row.code[:2]}", (f".{row.code}.",))
        picture = draw(row)
        digest = storage.keep(file, encode(picture, "webp", quality=quality))
    except explainer.ExplainerError as error:
        fail(row, name, str(error))
    except OSError as error:
        refuse_fault(error)
        give_back(row, name, f"the picture could not be made and stored: {error}")
    else:
        finish(row, name, file=file, digest=digest, width=picture.width, height=picture.height)


def _quality(study_id: int, kind: str) -> int | None:
    """Of WebP, as all pictures of a kind in the study have it; None: lossless."""
    if kind == "crop":
        return QUALITY
    definition = study_definition(Study.objects.get(pk=study_id))
    return QUALITY if overlay_encoding(definition) == COMPACT else None


def _draw_overlay(row: Overlay) -> Any:
    """The picture of a map whose digest is what was recorded, on what the network saw."""
    explanation = row.explanation
    display = explainer.Display.from_settings(row.display)
    array = stored_map(explanation)
    together = [stored_map(other) for other in row.normalised_with.all()]
    crop = _crop_of(explanation.network, explanation.image, display.size)
    return explainer.render(array, crop, display, together=tuple(together))


def _draw_crop(row: Crop) -> Any:
    return _crop_of(row.network, row.image, row.size)


def _crop_of(network: Network, image: Image, size: int | None) -> Any:
    preprocess = loaded(network).preprocess
    if preprocess is None:
        raise explainer.ExplainerError("the network says not what it sees", "give it a preprocess")
    return preprocess.crop(open_image(image), size=size)
