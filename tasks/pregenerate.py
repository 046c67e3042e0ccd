"""Step 4 of a trial's life: Stimulus × Method × Network → Explanation → Overlay."""

import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

import explainer
from explainer.explanations.batches import in_batches
from explainer.pictures.render import encode
from studyapp import storage
from studyapp.models import Crop, Explanation, Image, Network, Overlay, Study, WorkQuerySet
from studyapp.queue import EXPLAIN, RENDER, app
from studyapp.studies.definition.study import study_definition
from studyapp.studies.preparation.advance import study_crops, study_explanations, study_overlays
from studyapp.studies.preparation.claims import finish
from studyapp.studies.preparation.encodings import COMPACT, QUALITY, overlay_encoding

from .batches import claimed, refuse, refuse_fault
from .networks import loaded, network_for
from .preparation import step_of
from .stored_files import open_image, photo_bytes, stored_map

PHOTOS_AT_ONCE = 8
Read = tuple[list[Explanation], Tensor]  # a case's rows, and what the network sees of its photo
NETWORK_OF = {"overlay": "explanation__network", "crop": "network"}


@app.task(name=EXPLAIN)
def explain(study_id: int, network_id: int, keys: list[int]) -> None:
    """Make the claimed ones of the explanations `keys`, all of one network."""
    network = network_for(study_id, network_id)
    if network is None:
        return
    wanted = Explanation.objects.filter(pk__in=keys)
    with (
        step_of(study_id, study_explanations),
        claimed(wanted, EXPLAIN, study_id, network_id, queue="gpu") as (name, mine),
    ):
        for photos in patterns(mine.select_related("case__image").order_by("case_id", "pk")):
            _explain(network, photos, name, at_once=PHOTOS_AT_ONCE)


def patterns(rows: Iterable[Explanation]) -> list[list[list[Explanation]]]:
    """Rows by photo, photos of one pattern together: one call of the explainer can explain them.

    A pattern is how many classes are explained by which methods with which settings. A method
    asked for with two settings makes two patterns.
    """
    by_photo: dict[tuple[int, int], list[Explanation]] = {}
    for row in rows:
        # The first group of the row's photo in which its method has no other settings
        variant = 0
        while any(
            other.method == row.method and other.settings_digest != row.settings_digest
            for other in by_photo.get((row.case_id, variant), [])
        ):
            variant += 1
        by_photo.setdefault((row.case_id, variant), []).append(row)
    found: dict[Any, list[list[Explanation]]] = {}
    for photo in by_photo.values():
        methods = tuple(sorted({(row.method, row.settings_digest) for row in photo}))
        found.setdefault((len(_classes(photo)), methods), []).append(photo)
    return list(found.values())


def _classes(rows: Sequence[Explanation]) -> list[int]:
    return sorted({row.class_index for row in rows})


def _explain(
    network: explainer.Network, photos: list[list[Explanation]], name: str, *, at_once: int
) -> None:
    """Photos of one pattern, so many at a time; where one fails alone, each of its rows alone."""

    def read(photo: list[Explanation]) -> Read:
        return photo, network.seen(open_image(photo[0].case.image, network))

    for some, found in in_batches(photos, read, partial(_found, network), size=at_once):
        if not isinstance(found, Exception):
            for place, photo in enumerate(some):
                for row in photo:
                    _record(found, place, row, _classes(photo).index(row.class_index), name)
        elif len(some[0]) == 1:
            refuse(some[0][0], name, found)
        else:
            refuse_fault(found)
            _explain(network, [[row] for row in some[0]], name, at_once=1)


def _found(network: explainer.Network, read: Sequence[Read]) -> explainer.Found:
    first, _ = read[0]
    with tempfile.TemporaryDirectory(prefix="discern-photos-") as folder:
        return explainer.explain(
            network.asking([case[0].case.asked_with for case, _ in read]),
            network.batch([image for _, image in read]),
            [_classes(photo) for photo, _ in read],
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
        refuse(row, name, error)
        return
    kept = finish(
        row,
        name,
        map_file=file,
        map_digest=digest,
        is_empty=bool(found.empty[row.method][place, which]),
        checks={
            key: float(values[place, which])
            for key, values in found.checks.get(row.method, {}).items()
        },
        provenance={
            **found.provenance_of(place),
            "layer": found.layer,
            "beside": list(found.beside),
            # Another photo by its digest, not by its place on this machine
            "settings": {**found.settings[row.method], **row.settings},
            "seconds_of_batch": round(found.seconds, 4),
        },
    )
    if not kept:
        storage.remove(file)


@app.task(name=RENDER)
def render(study_id: int, kind: str, keys: list[int]) -> None:
    """Draw the claimed ones of the pictures `keys`; `kind` is "overlay" or "crop"."""
    model = Overlay if kind == "overlay" else Crop
    wanted: WorkQuerySet[Any] = model.objects.filter(pk__in=keys)
    needed = wanted.values_list(NETWORK_OF[kind], flat=True).distinct()
    if any(network_for(study_id, network) is None for network in needed):
        return
    # Of WebP, as all pictures of a kind in the study have it; None: lossless
    definition = study_definition(Study.objects.get(pk=study_id))
    compact = kind == "crop" or overlay_encoding(definition) == COMPACT
    quality = QUALITY if compact else None
    with (
        step_of(study_id, study_overlays, study_crops),
        claimed(wanted, RENDER, study_id, kind) as (name, mine),
    ):
        for row in mine.order_by("pk"):
            _render(row, name, quality)


def _render(row: Overlay | Crop, name: str, quality: int | None) -> None:
    file = f"pictures/{row.code[:2]}/{row.code}.webp"
    try:
        if row.attempts > 1:
            storage.remove_leftovers(f"pictures/{row.code[:2]}", (f".{row.code}.",))
        if isinstance(row, Overlay):
            picture = _draw_overlay(row)
        else:
            picture = _crop_of(row.network, row.image, row.size)
        digest = storage.keep(file, encode(picture, "webp", quality=quality))
    except (explainer.ExplainerError, OSError) as error:
        refuse(row, name, error)
    else:
        finish(row, name, file=file, digest=digest, width=picture.width, height=picture.height)


def _draw_overlay(row: Overlay) -> Any:
    """The picture of a map whose digest is what was recorded, on what the network saw."""
    explanation = row.explanation
    display = explainer.Display.from_settings(row.display)
    shown = loaded(explanation.network).shown
    array, *together = (
        explainer.drawn(stored_map(one), one.method, shown)
        for one in (explanation, *row.normalised_with.all())
    )
    crop = _crop_of(explanation.network, explanation.case.image, display.size)
    signed = bool(explanation.settings.get("signed", False))
    return explainer.render(array, crop, display, together=tuple(together), signed=signed)


def _crop_of(network: Network, image: Image, size: int | None) -> Any:
    found = loaded(network)
    return found.crop(open_image(image, found), size=size)
