"""Step 2 of a trial's life: Image × Network → Prediction."""

from typing import Any

import torch

import explainer
from studyapp.models import Network, Prediction, Study
from studyapp.queue import PREDICT, app
from studyapp.studies.claims import claim, fail, finish
from studyapp.studies.preparation import pending, study_predictions

from .networks import loaded, open_image
from .preparation import go_on
from .workers import worker_name

FIRST_CLASSES = 20
BATCH = 16


@app.task(name=PREDICT)
def predict(study_id: int, network_id: int, keys: list[int]) -> None:
    """Fill the claimed ones of the predictions `keys`, all of one network."""
    rows = Prediction.objects.filter(pk__in=keys)
    name = claim(rows, worker_name())
    claimed = list(rows.filter(claimed_by=name).select_related("image").order_by("pk"))
    network = loaded(Network.objects.get(pk=network_id))
    for start in range(0, len(claimed), BATCH):
        _predict(network, claimed[start : start + BATCH], name)
    study = Study.objects.get(pk=study_id)
    go_on(study_id, pending(study_predictions(study)).count())


def _predict(network: explainer.Network, rows: list[Prediction], name: str) -> None:
    """One forward pass; a photo that can't be read fails alone."""
    photos = []
    for row in rows:
        try:
            photos.append((row, open_image(row.image.file)))
        except (explainer.ExplainerError, OSError) as error:
            fail(row, name, str(error))
    if not photos:
        return
    logits = network.predict(network.prepare([photo for _, photo in photos]))
    for (row, _), scores in zip(photos, logits, strict=True):
        if bool(torch.isfinite(scores).all()):
            finish(row, name, top=first_classes(scores))
        else:
            fail(row, name, "the network's output is not finite; check its weights")


def first_classes(logits: torch.Tensor) -> list[list[Any]]:
    """[class index, logit, probability] of the first classes, the most probable first."""
    probabilities = logits.softmax(0)
    order = logits.topk(min(FIRST_CLASSES, len(logits))).indices.tolist()
    return [[k, round(float(logits[k]), 6), round(float(probabilities[k]), 8)] for k in order]
