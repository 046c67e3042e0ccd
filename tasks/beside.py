"""What a worker does beside the passes of the next batch: it stores maps and draws their pictures.

At most one batch is with the threads and one being computed, whatever a task is asked for.
"""

import logging
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial
from typing import Any, Self

import explainer
from studyapp.models import Crop, Explanation, Overlay, Study, Work, WorkQuerySet
from studyapp.queue import RENDER
from studyapp.studies.definition.study import study_definition
from studyapp.studies.preparation.advance import study_crops, study_overlays
from studyapp.studies.preparation.claims import give_back_untried
from studyapp.studies.preparation.encodings import COMPACT, QUALITY, overlay_encoding

from .batches import claimed
from .drawing import Made, map_stored, pictures_stored
from .patterns import place_in
from .settling import settle

log = logging.getLogger(__name__)
# Beside a processor's passes; a card leaves the processor to them.
THREADS = 2
Photo = list[Explanation]


def quality_of(model: type[Work], study: Study) -> int | None:
    """Of WebP, as all pictures of a kind in the study have it; None: lossless."""
    compact = model is Crop or overlay_encoding(study_definition(study)) == COMPACT
    return QUALITY if compact else None


class Beside:
    """Takes what was found of a batch, and has it stored and drawn while the next is computed.

    A picture is drawn here if nobody has tried it and all that it is drawn of was found of one
    photo at once; the others wait for their own task. `name`: the claim on the explanations.
    """

    def __init__(
        self, network: explainer.Network, study_id: int, network_id: int, name: str
    ) -> None:
        self.network, self.study = network, Study.objects.get(pk=study_id)
        self.network_id, self.name = network_id, name
        self.size = study_definition(self.study).display.size
        self.qualities = {kind: quality_of(kind, self.study) for kind in (Overlay, Crop)}
        on_card = network.device.type != "cpu"
        self.threads = ThreadPoolExecutor(len(os.sched_getaffinity(0)) if on_card else THREADS)
        self.coming: list[Future[tuple[list[Made], list[Made]]]] = []
        self.claims: dict[type[Work], str] = {Explanation: name}
        self.drawing: list[WorkQuerySet[Any]] = []
        self.claiming = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.threads:
            self.settle()

    def cases_to_draw(self, photos: Iterable[Photo]) -> set[int]:
        """The cases of which some picture may be drawn at once, so that their photos are cut."""
        rows = [row for photo in photos for row in photo]
        explained = set(self._overlays(rows).values_list("explanation_id", flat=True))
        images = set(self._crops(rows).values_list("image_id", flat=True))
        return {row.case_id for row in rows if row.pk in explained or row.case.image_id in images}

    def take(self, photos: Sequence[Photo], found: explainer.Found, crops: Sequence[Any]) -> None:
        """Have a batch stored and drawn, once the one before it is."""
        self.settle()
        shown = [
            photo
            for place, (photo, crop) in enumerate(zip(photos, crops, strict=True))
            if crop is not None and not any(is_empty(found, place, row, photo) for row in photo)
        ]
        drawn = self._claimed(shown)
        for place, (photo, crop) in enumerate(zip(photos, crops, strict=True)):
            job = partial(self._made, photo, place, found, crop, drawn.get(photo[0].pk, []))
            self.coming.append(self.threads.submit(job))

    def settle(self) -> None:
        """Wait for the batch that was taken, and record it; StorageFault where no room is left."""
        coming, self.coming = self.coming, []
        drawing, self.drawing = self.drawing, []
        wait(coming)
        with self.claiming.pop_all():
            settle([one.result() for one in coming if one.exception() is None], self.claims)
            for rows in drawing:  # what was not drawn after all
                give_back_untried(rows)
        for one in coming:
            one.result()  # a fault of the program

    def _overlays(self, rows: Sequence[Explanation]) -> WorkQuerySet[Overlay]:
        keys = [row.pk for row in rows]
        found = study_overlays(self.study).pending().filter(attempts=0, claimed_by="")
        return found.filter(explanation__in=keys)

    def _crops(self, rows: Sequence[Explanation]) -> WorkQuerySet[Crop]:
        images = {row.case.image_id for row in rows}
        found = study_crops(self.study).pending().filter(attempts=0, claimed_by="")
        return found.filter(network=self.network_id, image__in=images)

    def _claimed(self, photos: Sequence[Photo]) -> dict[int, list[Overlay | Crop]]:
        """The pictures of each photo, by its first row, that this worker now has a claim on."""
        rows = [row for photo in photos for row in photo]
        photo_of = {row.pk: photo[0].pk for photo in photos for row in photo}
        first_with = {photo[0].case.image_id: photo[0].pk for photo in reversed(photos)}
        whole = [
            overlay.pk
            for overlay in self._overlays(rows).prefetch_related("normalised_with")
            if {photo_of.get(one.pk) for one in overlay.normalised_with.all()}
            <= {photo_of[overlay.explanation_id]}
        ]
        found: dict[int, list[Overlay | Crop]] = {}
        for crop in self._claim(Crop, [crop.pk for crop in self._crops(rows)]):
            found.setdefault(first_with[crop.image_id], []).append(crop)
        overlays = self._claim(Overlay, whole)
        for overlay in overlays.select_related("explanation").prefetch_related("normalised_with"):
            found.setdefault(photo_of[overlay.explanation_id], []).append(overlay)
        return found

    def _claim(self, model: type[Overlay] | type[Crop], keys: Sequence[int]) -> WorkQuerySet[Any]:
        kind = "crop" if model is Crop else "overlay"
        rows: WorkQuerySet[Any] = model.objects.filter(pk__in=keys)
        if not keys:
            return rows
        name, mine = self.claiming.enter_context(claimed(rows, RENDER, self.study.pk, kind))
        self.claims[model] = name
        self.drawing.append(mine)
        return mine

    def _made(
        self,
        photo: Photo,
        place: int,
        found: explainer.Found,
        crop: Any,
        pictures: Sequence[Overlay | Crop],
    ) -> tuple[list[Made], list[Made]]:
        """The maps of a photo, stored, and its pictures, drawn of the maps as they are here."""
        arrays = {
            row.pk: found[row.method][place_in(place, row, photo)].cpu().numpy() for row in photo
        }
        maps = [
            map_stored(row, arrays[row.pk], self.name, told_of(found, place, row, photo))
            for row in photo
        ]
        if any(one.error is not None for one in maps):
            return maps, []

        def values(explanation: Explanation) -> Any:
            return explainer.drawn(arrays[explanation.pk], explanation.method, self.network.shown)

        crops: dict[int | None, Any] = {self.size: crop}
        drawn: list[Made] = []
        for kind, quality in self.qualities.items():
            rows = [row for row in pictures if isinstance(row, kind)]
            if not rows:
                continue
            name = self.claims[kind]
            try:
                drawn += pictures_stored(rows, crops.__getitem__, values, quality, name)
            except Exception as error:  # it is not the maps' fault, so the pictures' rows tell it
                log.exception("drawing beside the passes broke off")
                drawn += [Made(row, error=error) for row in rows]
        return maps, drawn


def is_empty(found: explainer.Found, place: int, row: Explanation, photo: Photo) -> bool:
    return bool(found.empty[row.method][place_in(place, row, photo)])


def told_of(found: explainer.Found, place: int, row: Explanation, photo: Photo) -> dict[str, Any]:
    """What a row says of its map."""
    at = place_in(place, row, photo)
    checks = found.checks.get(row.method, {})
    return {
        "is_empty": is_empty(found, place, row, photo),
        "checks": {key: float(values[at]) for key, values in checks.items()},
        "provenance": {
            **found.provenance_of(place),
            "layer": found.layer,
            "beside": list(found.beside),
            # Another photo by its digest, not by its place on this machine
            "settings": {**found.settings[row.method], **row.settings},
            "seconds_of_batch": round(found.seconds, 4),
        },
    }
