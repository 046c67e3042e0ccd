"""A machine's numbers for the explanations that people judge, by the explainer's metrics."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from django.db.models import QuerySet
from PIL import Image, ImageDraw

import explainer
from explainer.metrics import METRICS
from explainer.metrics.localisation import Box, mask_box
from studyapp.models import MetricValue, StimulusOverlay, StimulusRole, Study, WorkState
from studyapp.queue import MEASURE, app, ask

from .material import open_image, stored_map
from .networks import loaded

AT_ONCE = 8
ON_NETWORK = ("occlusion_rank_correlation", "deletion_auc", "insertion_auc")
ON_BOXES = ("pointing_game", "energy_in_box", "localization_iou")


@app.task(name=MEASURE)
def measure(study_id: int) -> None:
    """Measure the next few explanations that have no number yet, and ask for the rest."""
    study = Study.objects.get(pk=study_id)
    for use in unmeasured(study)[:AT_ONCE]:
        values = [MetricValue(use=use, metric=name, value=value) for name, value in _values(use)]
        MetricValue.objects.bulk_create(values, ignore_conflicts=True)
    if unmeasured(study).exists():
        ask(MEASURE, study_id)


def unmeasured(study: Study) -> QuerySet[StimulusOverlay]:
    """Ready, non-empty explanations of main stimuli without any number."""
    uses = StimulusOverlay.objects.filter(
        stimulus__study=study,
        stimulus__role=StimulusRole.MAIN,
        overlay__explanation__state=WorkState.READY,
        overlay__explanation__is_empty=False,
        metrics=None,
    )
    named = uses.select_related("stimulus__photo__image", "overlay__explanation__network")
    return named.order_by("pk")


def _values(use: StimulusOverlay) -> Iterator[tuple[str, float]]:
    """Every metric that is defined for the explanation."""
    explanation = use.overlay.explanation
    network = loaded(explanation.network)
    photo = open_image(explanation.image)
    values = torch.as_tensor(np.asarray(stored_map(explanation)))[None]
    images = network.prepare([photo])
    for name in ON_NETWORK:
        found = METRICS[name].compute(network, images, values, [explanation.class_index])
        yield from _finite(name, found)
    boxes = [box for box in _boxes(use, network, photo) if box is not None]
    if boxes:
        size = (int(images.shape[2]), int(images.shape[3]))
        for name in ON_BOXES:
            yield from _finite(name, METRICS[name].compute(values, [boxes], size))


def _finite(name: str, found: torch.Tensor) -> Iterator[tuple[str, float]]:
    value = float(found[0])
    if math.isfinite(value):
        yield name, value


def _boxes(
    use: StimulusOverlay, network: explainer.Network, photo: Image.Image
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
