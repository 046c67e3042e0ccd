"""Step 2 of a trial's life: Image × Network → Prediction."""

from typing import Any

import torch

import explainer
from explainer.passes.targets import in_probabilities
from studyapp.models import Prediction, Study
from studyapp.queue import PREDICT, app
from studyapp.studies.preparation.advance import pending, study_predictions
from studyapp.studies.preparation.claims import fail, finish, give_back

from .batches import StorageFault, ask_for_rest, claimed, refuse_fault
from .material import open_image
from .networks import network_for, stop
from .preparation import go_on

FIRST_CLASSES = 20
BATCH = 16


@app.task(name=PREDICT)
def predict(study_id: int, network_id: int, keys: list[int]) -> None:
    """Fill the claimed ones of the predictions `keys`, all of one network."""
    network = network_for(study_id, network_id)
    if network is None:
        return
    wanted = Prediction.objects.filter(pk__in=keys)
    try:
        with claimed(wanted) as (name, mine):
            rows = list(mine.select_related("image").order_by("pk"))
            for start in range(0, len(rows), BATCH):
                _predict(network, rows[start : start + BATCH], name)
    except StorageFault as error:
        stop(study_id, str(error))
        return
    ask_for_rest(wanted, PREDICT, study_id, network_id, queue="gpu")
    study = Study.objects.get(pk=study_id)
    go_on(study_id, pending(study_predictions(study)).count())


def _predict(network: explainer.Network, rows: list[Prediction], name: str) -> None:
    """One forward pass; a photo that can't be read fails alone."""
    photos = []
    for row in rows:
        try:
            photos.append((row, open_image(row.image)))
        except explainer.ExplainerError as error:
            fail(row, name, str(error))
        except OSError as error:
            refuse_fault(error)
            give_back(row, name, f"the photo could not be fetched: {error}")
    if photos:
        _predict_photos(network, photos, name)


def _predict_photos(
    network: explainer.Network, photos: list[tuple[Prediction, Any]], name: str
) -> None:
    """What is too much at once (memory that runs out is a RuntimeError) is tried in halves."""
    try:
        logits = network.predict(network.prepare([photo for _, photo in photos]))
        probabilities = in_probabilities(logits, network.probabilities)
    except RuntimeError as error:
        if len(photos) == 1:
            give_back(photos[0][0], name, f"{type(error).__name__}: {error}")
            return
        middle = len(photos) // 2
        _predict_photos(network, photos[:middle], name)
        _predict_photos(network, photos[middle:], name)
        return
    except explainer.ExplainerError as error:  # of the network, so of every photo
        for row, _ in photos:
            fail(row, name, str(error))
        return
    for (row, _), scores, shares in zip(photos, logits, probabilities, strict=True):
        if bool(torch.isfinite(scores).all()):
            finish(row, name, top=first_classes(scores, shares))
        else:
            fail(row, name, "the network's output is not finite; check its weights")


def first_classes(logits: torch.Tensor, probabilities: torch.Tensor) -> list[list[Any]]:
    """[class index, logit, probability] of the first classes, the most probable first."""
    order = logits.topk(min(FIRST_CLASSES, len(logits))).indices.tolist()
    return [[k, round(float(logits[k]), 6), round(float(probabilities[k]), 8)] for k in order]
