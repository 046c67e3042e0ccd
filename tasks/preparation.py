"""The task that drives a study's preparation: do what can be done now, ask for the rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import explainer
from studyapp.models import Study, WorkQuerySet
from studyapp.queue import PREPARE, app, ask
from studyapp.studies.preparation.advance import advance, study_networks

from .batches import StorageFault
from .networks import describe, examine, network_for, settings_digest, stop
from .squares import refuse_other_squares


@app.task(name=PREPARE)
def prepare(study_id: int) -> None:
    """Go on with a study where its rows stand; harmless when there is nothing to do."""
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        return
    try:
        for network in study_networks(study):
            if network.is_table:
                continue
            if network_for(study_id, network.pk) is None:
                return
            describe(network)
        if not study.stimuli.exists():
            examine(study)
            refuse_other_squares(study)
    except explainer.ExplainerError as error:
        stop(study_id, str(error))
        return
    for request in advance(study, settings_digest):
        ask(request.task, *request.arguments, queue=request.queue)


@contextmanager
def step_of(study_id: int, *kinds: Callable[[Study], WorkQuerySet[Any]]) -> Iterator[None]:
    """A batch of one step of the preparation: the next step is asked for once none of the study's
    rows of these kinds is pending. A StorageFault stops the study instead."""
    try:
        yield
    except StorageFault as error:
        stop(study_id, str(error))
        return
    study = Study.objects.get(pk=study_id)
    if not any(rows(study).pending().exists() for rows in kinds):
        ask(PREPARE, study_id)
