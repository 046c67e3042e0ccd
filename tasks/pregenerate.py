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
from studyapp.models import (
    IMPORTED,
    Crop,
    Explanation,
    Image,
    Kind,
    Network,
    Overlay,
    Study,
    WorkQuerySet,
)
from studyapp.models.study import TABLE
from studyapp.queue import EXPLAIN, RENDER, app
from studyapp.studies.definition.study import study_definition
from studyapp.studies.preparation.advance import study_crops, study_explanations, study_overlays
from studyapp.studies.preparation.claims import finish
from studyapp.studies.preparation.encodings import COMPACT, QUALITY, overlay_encoding

from .batches import claimed, refuse, refuse_fault
from .films import drawn_film, film_side
from .networks import crop_beside_table, loaded, network_for
from .preparation import step_of
from .sheets import in_square
from .stored_files import (
    FURTHER,
    asked_with,
    open_image,
    photo_bytes,
    stored_map,
    stored_picture,
    stored_text,
)

PHOTOS_AT_ONCE = 8
# A case's rows, what the network sees of its photo, and what it is asked beside it
Read = tuple[list[Explanation], Tensor, Any]
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
        rows = mine.select_related("case__image").prefetch_related(FURTHER)
        for photos in patterns(rows.order_by("case_id", "pk")):
            _explain(network, photos, name, at_once=PHOTOS_AT_ONCE)


def patterns(rows: Iterable[Explanation]) -> list[list[list[Explanation]]]:
    """Rows by photo, photos of one pattern together: one call of the explainer can explain them.

    A pattern is how many classes are explained by which methods with which settings. A method
    asked for with two settings makes two patterns. Of targets, a photo has one at a time.
    """
    by_photo: dict[tuple[int, str, int | None, int], list[Explanation]] = {}
    for row in rows:
        named = (row.target_digest, row.class_index if row.target else -1)
        # The first group of the row's photo in which its method has no other settings
        variant = 0
        while any(
            other.method == row.method and other.settings_digest != row.settings_digest
            for other in by_photo.get((row.case_id, *named, variant), [])
        ):
            variant += 1
        by_photo.setdefault((row.case_id, *named, variant), []).append(row)
    found: dict[Any, list[list[Explanation]]] = {}
    for photo in by_photo.values():
        methods = tuple(sorted({(row.method, row.settings_digest) for row in photo}))
        pattern = (bool(photo[0].target), len(_classes(photo)), methods)
        found.setdefault(pattern, []).append(photo)
    return list(found.values())


def _classes(rows: Sequence[Explanation]) -> list[int]:
    return sorted({_class(row) for row in rows})


def _class(row: Explanation) -> int:
    """The explained class: what we compute has one."""
    assert row.class_index is not None
    return row.class_index


def _explain(
    network: explainer.Network, photos: list[list[Explanation]], name: str, *, at_once: int
) -> None:
    """Photos of one pattern, so many at a time; where one fails alone, each of its rows alone."""

    def read(photo: list[Explanation]) -> Read:
        case = photo[0].case
        return photo, network.seen(open_image(case.image, network)), asked_with(case, network)

    for some, found in in_batches(photos, read, partial(_found, network), size=at_once):
        if not isinstance(found, Exception):
            for place, photo in enumerate(some):
                for row in photo:
                    _record(found, place, row, _classes(photo).index(_class(row)), name)
        elif len(some[0]) == 1:
            refuse(some[0][0], name, found)
        else:
            refuse_fault(found)
            _explain(network, [[row] for row in some[0]], name, at_once=1)


def _found(network: explainer.Network, read: Sequence[Read]) -> explainer.Found:
    photos, images, entries = zip(*read, strict=True)
    with tempfile.TemporaryDirectory(prefix="discern-photos-") as folder:
        return explainer.explain(
            network.asking(entries),
            network.batch(images),
            _targets(photos),
            tuple(sorted({row.method for row in photos[0]})),
            settings={
                row.method: _settings(row, Path(folder)) for row in photos[0] if row.settings
            },
        )


def _targets(photos: Sequence[list[Explanation]]) -> Any:
    """What is explained of photos of one pattern: of each the same number of classes, or what its
    rows name."""
    if not photos[0][0].target:
        return [_classes(photo) for photo in photos]
    return [target_of(photo[0]) for photo in photos]


def target_of(row: Explanation) -> explainer.targets.Target:
    """The target that a row names; ExplainerError where it is of another class, or another one
    than its digest says."""
    target = explainer.read_target(row.target)
    if target.text() != row.target or target.digest() != row.target_digest:
        raise explainer.ExplainerError(
            f"the target {row.target} is not the one that its row is known by",
            "prepare the study again",
        )
    if getattr(target, "class_", row.class_index) != row.class_index:
        raise explainer.ExplainerError(
            f"the target {row.target} is not of the row's class {row.class_index}",
            "prepare the study again",
        )
    return target


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
        at = place if row.target else (place, which)  # of a target, each photo has one map
        array = found[row.method][at].cpu().numpy()
        digest = storage.keep(file, explainer.store.maps_bytes({"map": array}))
    except OSError as error:
        refuse(row, name, error)
        return
    kept = finish(
        row,
        name,
        map_file=file,
        map_digest=digest,
        is_empty=bool(found.empty[row.method][at]),
        checks={key: float(values[at]) for key, values in found.checks.get(row.method, {}).items()},
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
    loads = wanted.exclude(**{f"{NETWORK_OF[kind]}__builder": TABLE})
    needed = loads.values_list(NETWORK_OF[kind], flat=True).distinct()
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
    folder = f"pictures/{row.code[:2]}"
    try:
        if row.attempts > 1:
            storage.remove_leftovers(folder, (f".{row.code}.",))
        content, ending, size = _drawn_file(row, quality)
        file = f"{folder}/{row.code}.{ending}"
        digest = storage.keep(file, content)
    except (explainer.ExplainerError, OSError) as error:
        refuse(row, name, error)
    else:
        finish(row, name, file=file, digest=digest, **size)


def _drawn_file(row: Overlay | Crop, quality: int | None) -> tuple[bytes, str, dict[str, int]]:
    """What people see, how its file's name ends, and its size in pixels."""
    kind = row.explanation.kind if isinstance(row, Overlay) else ""
    if isinstance(row, Overlay) and kind == Kind.TEXT:
        return stored_text(row.explanation), "txt", {}
    if isinstance(row, Overlay) and kind == Kind.FILM:
        side = film_side(row.display)
        return drawn_film(row.explanation, row.display), "mp4", {"width": side, "height": side}
    picture = (
        _draw_overlay(row)
        if isinstance(row, Overlay)
        else _crop_of(row.network, row.image, row.size)
    )
    size = {"width": picture.width, "height": picture.height}
    return encode(picture, "webp", quality=quality), "webp", size


def _draw_overlay(row: Overlay) -> Any:
    """The picture of an explanation whose digest is what was recorded: of a map, on what the
    network saw."""
    explanation = row.explanation
    if explanation.kind != Kind.MAP:
        return in_square(stored_picture(explanation), row.display)
    display = explainer.Display.from_settings(row.display)
    array, *together = (_drawn(one) for one in (explanation, *row.normalised_with.all()))
    crop = _crop_of(explanation.network, explanation.case.image, display.size)
    signed = bool(explanation.settings.get("signed", False))
    return explainer.render(array, crop, display, together=tuple(together), signed=signed)


def _drawn(explanation: Explanation) -> Any:
    """The values of a map that are drawn."""
    array = stored_map(explanation)
    if explanation.method == IMPORTED:
        return array
    return explainer.drawn(array, explanation.method, loaded(explanation.network).shown)


def _crop_of(network: Network, image: Image, size: int | None) -> Any:
    if network.is_table:
        return crop_beside_table(network).crop(explainer.open_photo(photo_bytes(image)), size)
    found = loaded(network)
    return found.crop(open_image(image, found), size=size)
