"""The task that drives a study's preparation: do what can be done now, ask for the rest."""

import explainer
from studyapp.models import Study
from studyapp.queue import PREPARE, app, ask
from studyapp.studies.preparation.advance import advance, study_networks

from .networks import describe, examine, network_for, settings_digest, stop


@app.task(name=PREPARE)
def prepare(study_id: int) -> None:
    """Go on with a study where its rows stand; harmless when there is nothing to do."""
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        return
    for network in study_networks(study):
        if network_for(study_id, network.pk) is None:
            return
        describe(network)
    try:
        if not study.stimuli.exists():
            examine(study)
    except explainer.ExplainerError as error:
        stop(study_id, str(error))
        return
    for request in advance(study, settings_digest):
        ask(request.task, *request.arguments, queue=request.queue)


def go_on(study_id: int, left: int) -> None:
    """After a batch: ask for the next step once nothing of this one is left."""
    if left == 0:
        ask(PREPARE, study_id)
