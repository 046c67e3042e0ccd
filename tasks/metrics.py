"""A machine's numbers for the explanations that people judge, by the explainer's metrics."""

import math
from collections.abc import Iterator

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

from .batches import claimed, refuse
from .networks import loaded
from .stored_files import open_image, stored_map
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
    """Every metric of the explanation; NaN where it is not defined."""
    explanation = use.overlay.explanation
    network = loaded(explanation.network).asking([explanation.case.asked_with])
    photo = open_image(explanation.case.image, network)
    values = torch.as_tensor(np.asarray(stored_map(explanation)))[None]
    images = network.prepare([photo])
    for name in ON_NETWORK:
        found = METRICS[name].compute(network, images, values, [explanation.class_index])
        yield name, float(found[0])
    boxes = [box for box in _boxes(use, network, photo) if box is not None]
    if boxes:
        size = (int(images.shape[2]), int(images.shape[3]))
        for name in ON_BOXES:
            yield name, float(METRICS[name].compute(values, [boxes], size)[0])


def _boxes(
    use: StimulusOverlay, network: explainer.Network, photo: Image.Image | Channels
) -> Iterator[Box | None]:
    """The boxes of the stimulus' category where the network's crop has them.

    A box is cropped as the photo is, as a white rectangle, so that no geometry is worked out twice.
    """
    if network.preprocess is None:
        return
    for category in use.stimulus.photo.categories:
        if category["name"] == use.stimulus.category:
            for left, top, width, height in category["boxes"]:
                mask = Image.new("RGB", photo.size)
                corners = (left, top, left + width - 1, top + height - 1)
                ImageDraw.Draw(mask).rectangle(corners, fill="white")
                cropped = network.preprocess.crop(mask).convert("L")
                yield mask_box(np.asarray(cropped) > 127)
