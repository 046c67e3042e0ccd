"""The task that drives a study's preparation: do what can be done now, ask for the rest."""

import explainer
from studyapp.models import Study
from studyapp.queue import PREPARE, app, ask
from studyapp.studies.preparation import advance, study_networks

from .networks import describe, settings_digest, tell_unloadable


@app.task(name=PREPARE)
def prepare(study_id: int) -> None:
    """Go on with a study where its rows stand; harmless when there is nothing to do."""
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        return
    try:
        for network in study_networks(study):
            describe(network)
    except (explainer.ExplainerError, OSError) as error:
        tell_unloadable(study_id, error)
        return
    for request in advance(study, settings_digest):
        ask(request.task, *request.arguments, queue=request.queue)


def go_on(study_id: int, left: int) -> None:
    """After a batch: ask for the next step once nothing of this one is left."""
    if left == 0:
        ask(PREPARE, study_id)
