"""A machine's numbers for the explanations that people judge, by the explainer's metrics."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from django.db import transaction
from PIL import Image, ImageDraw

import explainer
from explainer.explanations.batches import TROUBLE
from explainer.laboratory.metrics import METRICS
from explainer.laboratory.metrics.localisation import Box, mask_box
from photos import Channels
from studyapp.models import Measurement, MetricValue, StimulusOverlay
from studyapp.queue import MEASURE, MEASURING, app, ask
from studyapp.studies.preparation.claims import finish
from studyapp.studies.preparation.targets import target_of

from .batches import claimed, refuse
from .networks import crop_beside_table, loaded
from .stored_files import asked_with, open_image, photo_bytes, stored_map
from .watch import others_wait

NEEDED = ("use__stimulus__photo__case__image", "use__overlay__explanation__network",
          "use__overlay__explanation__case__image")  # fmt: skip
ON_NETWORK = ("occlusion_rank_correlation", "deletion_auc", "insertion_auc")
ON_BOXES = ("pointing_game", "energy_in_box", "localization_iou")


@app.task(name=MEASURE)
def measure(keys: list[int]) -> None:
    """Make the claimed ones of the measurements `keys`, unless other work waits for this worker:
    then they are asked for again, behind it."""
    if others_wait():
        ask(MEASURE, keys, queue=MEASURING)
        return
    rows = Measurement.objects.filter(pk__in=keys)
    with claimed(rows, MEASURE, queue=MEASURING) as (name, mine):
        for row in mine.select_related(*NEEDED):
            _measure(row, name)


def _measure(row: Measurement, name: str) -> None:
    try:
        values = [
            MetricValue(use=row.use, metric=key, value=value)
            for key, value in _values(row.use)
            if math.isfinite(value)
        ]
    except TROUBLE as error:
        refuse(row, name, error)
    else:
        with transaction.atomic():
            if finish(row, name):  # nobody has taken it back meanwhile
                MetricValue.objects.bulk_create(values, ignore_conflicts=True)


def _values(use: StimulusOverlay) -> Iterator[tuple[str, float]]:
    """Every metric of the explanation; NaN where it is not defined. Of a network that nobody loads
    those alone that ask it nothing."""
    explanation = use.overlay.explanation
    values = torch.as_tensor(np.asarray(stored_map(explanation)))[None]
    if explanation.network.is_table:
        steps = crop_beside_table(explanation.network)
        photo = explainer.open_photo(photo_bytes(explanation.case.image))
        yield from _on_boxes(use, values, (steps, photo), (steps.size, steps.size))
        return
    alone = loaded(explanation.network)
    network = alone.asking([asked_with(explanation.case, alone)])
    image = open_image(explanation.case.image, network)
    images = network.prepare([image])
    explained = _explained(use)
    for name in ON_NETWORK:
        found = METRICS[name].compute(network, images, values, explained)
        yield name, float(found[0])
    size = (int(images.shape[2]), int(images.shape[3]))
    yield from _on_boxes(use, values, (network.preprocess, image), size)


def _explained(use: StimulusOverlay) -> Any:
    """The class of the map, or the very region or box that it explains.

    What another tool made is measured as a map of ours would be, of no class by the class that is
    asked about.
    """
    explanation = use.overlay.explanation
    told = explanation.class_index
    class_index = use.stimulus.class_index if told is None else told
    if explanation.target:
        (text,) = explanation.provenance["targets"]
    else:
        text = target_of(explanation.network, class_index)
    return explainer.read_target(text) if text else [class_index]


def _on_boxes(
    use: StimulusOverlay, values: torch.Tensor, seen: tuple[Any, Any], size: tuple[int, int]
) -> Iterator[tuple[str, float]]:
    boxes = [box for box in _boxes(use, *seen) if box is not None]
    for name in ON_BOXES if boxes else ():
        yield name, float(METRICS[name].compute(values, [boxes], size)[0])


def _boxes(use: StimulusOverlay, steps: Any, photo: Image.Image | Channels) -> Iterator[Box | None]:
    """The boxes of the stimulus' category where the crop of `steps` has them.

    A box is cropped as the photo is, as a white rectangle, so that no geometry is worked out twice.
    """
    if steps is None:
        return
    for category in use.stimulus.photo.categories:
        if category["name"] == use.stimulus.category:
            for left, top, width, height in category["boxes"]:
                mask = Image.new("RGB", photo.size)
                corners = (left, top, left + width - 1, top + height - 1)
                ImageDraw.Draw(mask).rectangle(corners, fill="white")
                cropped = steps.crop(mask).convert("L")
                yield mask_box(np.asarray(cropped) > 127)
