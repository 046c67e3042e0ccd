"""Step 4 of a trial's life: Stimulus × Method × Network → Explanation → Overlay.

Passes have a thread of their own; decoding, cropping, drawing, encoding and storing have others;
rows are written by the worker's own thread.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

import explainer
from explainer.explanations.batches import all_or_none, in_batches, one_ahead
from studyapp.models import Crop, Explanation, Image, Network, Overlay, Study, WorkQuerySet
from studyapp.models.study import TABLE
from studyapp.queue import EXPLAIN, RENDER, app
from studyapp.studies.preparation.advance import study_crops, study_explanations, study_overlays

from .batches import claimed, refuse, refuse_fault
from .beside import Beside, quality_of
from .device import in_precision
from .drawing import Made, cut_of, pictures_stored, stored_values
from .networks import loaded, network_for
from .patterns import other_photos, patterns, settings_of, targets_of
from .preparation import step_of
from .settling import settle
from .stored_files import FURTHER, asked_with, open_image

# On a card the memory that is free decides how many of them share a pass.
PHOTOS_AT_ONCE, PHOTOS_ON_CARD = 8, 16
DRAWN_AT_ONCE = 2
NETWORK_OF = {"overlay": "explanation__network", "crop": "network"}
# What pictures are drawn of, fetched with their rows: threads ask no database
DRAWN_OF: dict[str, tuple[str, ...]] = {
    "overlay": ("explanation__network", "explanation__case__image"),
    "crop": ("network", "image"),
}


class Read(NamedTuple):
    """A photo's rows, what the network sees of it, what it is asked beside it, and the picture
    that people see where one is drawn at once."""

    photo: list[Explanation]
    seen: Tensor
    entry: Any
    crop: Any


class Explained(NamedTuple):
    found: explainer.Found
    crops: list[Any]


@app.task(name=EXPLAIN)
def explain(study_id: int, network_id: int, keys: list[int]) -> None:
    """Make the claimed ones of the explanations `keys`, all of one network, and of those of their
    pictures that nobody has tried yet what can be drawn beside the passes."""
    network = network_for(study_id, network_id)
    if network is None:
        return
    wanted = Explanation.objects.filter(pk__in=keys)
    with (
        step_of(study_id, study_explanations),
        claimed(wanted, EXPLAIN, study_id, network_id, queue="gpu") as (name, mine),
        Beside(network, study_id, network_id, name) as beside,
    ):
        rows = mine.select_related("case__image").prefetch_related(FURTHER)
        at_once = PHOTOS_AT_ONCE if network.device.type == "cpu" else PHOTOS_ON_CARD
        for photos in patterns(rows.order_by("case_id", "pk")):
            _explain(network, photos, beside, at_once=at_once)


def _explain(
    network: explainer.Network,
    photos: list[list[Explanation]],
    beside: Beside,
    *,
    at_once: int,
) -> None:
    """Photos of one pattern, so many at a time; where one fails alone, each of its rows alone."""
    drawn = beside.cases_to_draw(photos)

    def read(photo: list[Explanation]) -> Read:
        case = photo[0].case
        opened = open_image(case.image, network)
        crop = network.crop(opened, size=beside.size) if case.pk in drawn else None
        return Read(photo, network.seen(opened), asked_with(case, network), crop)

    alone: list[list[Explanation]] = []
    compute = partial(_explained, network, other_photos(photos))
    with closing(one_ahead(in_batches(photos, read, compute, size=at_once))) as outcomes:
        for some, outcome in outcomes:
            if not isinstance(outcome, Exception):
                beside.take(some, outcome.found, outcome.crops)
            elif len(some[0]) == 1:
                refuse(some[0][0], beside.name, outcome)
            else:
                refuse_fault(outcome)
                alone += [[row] for row in some[0]]
    if alone:
        _explain(network, alone, beside, at_once=1)


def _explained(
    network: explainer.Network, others: Mapping[str, Image], read: Sequence[Read]
) -> Explained:
    photos, images, entries, crops = zip(*read, strict=True)
    with (
        tempfile.TemporaryDirectory(prefix="discern-photos-") as folder,
        in_precision(network.device),
    ):
        found = explainer.explain(
            network.asking(entries),
            network.batch(images),
            targets_of(photos),
            tuple(sorted({row.method for row in photos[0]})),
            settings={
                row.method: settings_of(row, others, Path(folder))
                for row in photos[0]
                if row.settings
            },
        )
    return Explained(found, list(crops))


@app.task(name=RENDER)
def render(study_id: int, kind: str, keys: list[int]) -> None:
    """Draw the claimed ones of the pictures `keys`; `kind` is "overlay" or "crop"."""
    model = Overlay if kind == "overlay" else Crop
    wanted: WorkQuerySet[Any] = model.objects.filter(pk__in=keys)
    loads = wanted.exclude(**{f"{NETWORK_OF[kind]}__builder": TABLE})
    needed = loads.values_list(NETWORK_OF[kind], flat=True).distinct()
    if any(network_for(study_id, network) is None for network in needed):
        return
    quality = quality_of(model, Study.objects.get(pk=study_id))
    with (
        step_of(study_id, study_overlays, study_crops),
        claimed(wanted, RENDER, study_id, kind) as (name, mine),
    ):
        rows = mine.select_related(*DRAWN_OF[kind])
        if kind == "overlay":
            rows = rows.prefetch_related("normalised_with")
        drawings = in_batches(
            _by_photo(rows, name),
            partial(_drawn, quality=quality, name=name),
            list,
            size=1,
            readers=DRAWN_AT_ONCE,
        )
        with closing(drawings):
            for _, made in all_or_none(drawings):
                settle([([], pictures) for pictures in made], {model: name})


# Pictures of one photo, its network's row and, where one is loaded, the network
Sitting = tuple[list[Overlay | Crop], Network, explainer.Network | None]


def _by_photo(rows: WorkQuerySet[Any], name: str) -> Iterator[Sitting]:
    """Pictures of one photo by one network together; refused where the network can't be loaded."""
    ordered = sorted(rows, key=lambda row: (_network_of(row).pk, _image_of(row).pk, row.pk))
    for network, of_network in groupby(ordered, _network_of):
        pictures = list(of_network)
        try:
            found = None if network.is_table else loaded(network)
        except explainer.ExplainerError as error:
            for row in pictures:
                refuse(row, name, error)
            continue
        for _, of_photo in groupby(pictures, _image_of):
            yield list(of_photo), network, found


def _drawn(sitting: Sitting, *, quality: int | None, name: str) -> list[Made]:
    rows, network, found = sitting
    cut = cut_of(_image_of(rows[0]), network, found)
    return pictures_stored(rows, cut, partial(stored_values, network=found), quality, name)


def _network_of(row: Overlay | Crop) -> Network:
    return row.explanation.network if isinstance(row, Overlay) else row.network


def _image_of(row: Overlay | Crop) -> Image:
    return row.explanation.case.image if isinstance(row, Overlay) else row.image
