"""Step 2 of a trial's life: Case × Network → Prediction."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import torch
from django.db import transaction
from django.db.models import QuerySet

import explainer
from explainer.explanations.batches import in_batches, one_ahead
from explainer.passes.targets import first_classes, in_probabilities
from studyapp.models import Prediction
from studyapp.queue import PREDICT, app
from studyapp.studies.preparation.advance import study_predictions
from studyapp.studies.preparation.claims import fail, finish

from .batches import claimed, refuse
from .networks import network_for
from .preparation import step_of
from .stored_files import FURTHER, asked_with, open_image

BATCH = 16
# Scores and probabilities of one case's answers
Scored = tuple[torch.Tensor, torch.Tensor]


@app.task(name=PREDICT)
def predict(study_id: int, network_id: int, keys: list[int]) -> None:
    """Fill the claimed ones of the predictions `keys`, all of one network."""
    network = network_for(study_id, network_id)
    if network is None:
        return
    wanted = Prediction.objects.filter(pk__in=keys)
    with (
        step_of(study_id, study_predictions),
        claimed(wanted, PREDICT, study_id, network_id, queue="gpu") as (name, mine),
    ):
        _predict(
            network,
            mine.select_related("case__image").prefetch_related(FURTHER).order_by("pk"),
            name,
        )


def _predict(network: explainer.Network, rows: QuerySet[Prediction], name: str) -> None:
    def seen(row: Prediction) -> tuple[torch.Tensor, Any]:
        return network.seen(open_image(row.case.image, network)), asked_with(row.case, network)

    def answers(read: Sequence[tuple[torch.Tensor, Any]]) -> list[Scored]:
        images, contexts = zip(*read, strict=True)
        logits = network.asking(contexts).predict(network.batch(images))
        return list(zip(logits, in_probabilities(logits, network.probabilities), strict=True))

    with closing(one_ahead(in_batches(list(rows), seen, answers, size=BATCH))) as outcomes:
        for some, found in outcomes:
            if isinstance(found, Exception):
                refuse(some[0], name, found)
            else:
                _record(some, found, name)


def _record(rows: Sequence[Prediction], found: Sequence[Scored], name: str) -> None:
    with transaction.atomic():
        for row, (scores, shares) in zip(rows, found, strict=True):
            if bool(torch.isfinite(scores).all()):
                finish(row, name, top=in_order(scores, shares))
            else:
                fail(row, name, "the network's output is not finite; check its weights")


def in_order(logits: torch.Tensor, probabilities: torch.Tensor) -> list[list[Any]]:
    """[class index, logit, probability] of the first classes, the most probable first."""
    first = first_classes(logits)
    return [[k, round(float(logits[k]), 6), round(float(probabilities[k]), 8)] for k in first]
