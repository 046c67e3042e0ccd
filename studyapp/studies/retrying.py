"""How people deal with work that failed or can't be shown: try it again, or drop it by name."""

from django.db import transaction

from studyapp.models import SHOWN_ROLES, Stimulus, Study, StudyState
from studyapp.queue import PREPARE, ask
from studyapp.studies.lifecycle import LifecycleError
from studyapp.studies.photos.selection import PreparationError, drop_photo
from studyapp.studies.preparation.advance import study_work
from studyapp.studies.preparation.claims import retry


@transaction.atomic
def retry_failed(study: Study) -> int:
    """Make all failed rows of the study pending again and ask the workers; how many there were."""
    # By their keys: a distinct query can't be updated.
    count = sum(
        retry(rows.model.objects.filter(pk__in=rows.values("pk"))) for rows in study_work(study)
    )
    if Study.objects.preparing().filter(pk=study.pk).update(problem=""):
        ask(PREPARE, study.pk)
    return count


@transaction.atomic
def drop_stimulus(stimulus: Stimulus, reason: str) -> None:
    """Drop a photo by name before opening; the next in the seed's order takes its place.

    LifecycleError if the study is open or no photo is left.
    """
    study = Study.objects.select_for_update().get(pk=stimulus.study_id)
    if study.state != StudyState.PREPARING:
        raise LifecycleError(
            f"{study.slug} is {study.state}: a stimulus can be dropped only while it is preparing"
        )
    if stimulus.role not in SHOWN_ROLES:
        raise LifecycleError(
            f"{stimulus} is {stimulus.role}: only a stimulus that would be shown can be dropped"
        )
    try:
        drop_photo(study, stimulus.photo_id, stimulus.paradigm, reason)
    except PreparationError as error:
        raise LifecycleError(str(error)) from error
    study.prepared_at, study.problem = None, ""
    study.save(update_fields=["prepared_at", "problem"])
    ask(PREPARE, study.pk)
