"""What must be made before a study can open: rows for the workers, and how far they are.

The rows are the state. `advance` does what can be done now and says what must be asked of the
workers; called again, it goes on where things stand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from studyapp.models import (
    Crop,
    Explanation,
    Image,
    Network,
    NetworkLoad,
    Overlay,
    Prediction,
    Stimulus,
    StimulusOverlay,
    Study,
    StudyState,
    WorkQuerySet,
    WorkState,
)
from studyapp.queue import EXPLAIN, PREDICT, RENDER
from studyapp.studies.definition.study import study_definition
from studyapp.studies.photos.selection import PreparationError, replace_unusable, select_stimuli

from .claims import FREE, is_held, retry
from .encodings import overlay_encoding
from .overlays import Look, SettingsDigest, SettingsDigests, plan_overlays
from .verification import conditions_by_paradigm, damaged_pictures, hidden_flaws

# Rows of one request: some batches of photos, for the pictures of the last are drawn beside nothing
BATCH = 64


@dataclass(frozen=True)
class Request:
    """Something to ask of the workers, by the task's name."""

    task: str
    queue: str
    arguments: tuple[Any, ...]


def study_networks(study: Study) -> list[Network]:
    """The networks of all the study's pairs, each once."""
    pairs = study.pairs.select_related("stronger", "weaker")
    found = {n.pk: n for pair in pairs for n in (pair.stronger, pair.weaker) if n is not None}
    return list(found.values())


def study_work(study: Study) -> list[WorkQuerySet[Any]]:
    """All rows that workers make for the study, by kind."""
    return [study_predictions(study), study_explanations(study), *study_pictures(study)]


def study_pictures(study: Study) -> list[WorkQuerySet[Any]]:
    return [study_overlays(study), study_crops(study)]


def study_predictions(study: Study) -> WorkQuerySet[Prediction]:
    return Prediction.objects.filter(
        network__in=study_networks(study), case__uses__study=study
    ).distinct()


def study_explanations(study: Study) -> WorkQuerySet[Explanation]:
    """The explanations of the chosen stimuli."""
    uses = StimulusOverlay.objects.of(study).shown()
    return Explanation.objects.filter(overlays__uses__in=uses).distinct()


def study_overlays(study: Study) -> WorkQuerySet[Overlay]:
    uses = StimulusOverlay.objects.of(study).shown()
    return Overlay.objects.filter(uses__in=uses).distinct()


def study_crops(study: Study) -> WorkQuerySet[Crop]:
    """The plain pictures of the chosen stimuli's photos, as the stronger networks crop them."""
    chosen = study.images.filter(pk__in=study.stimuli.shown().values("photo"))
    return Crop.objects.filter(
        image__in=Image.objects.of(chosen),
        network__in=[pair.stronger_id for pair in study.pairs.all()],
        size=study_definition(study).display.size,
    )


def forget_loads(study: Study) -> None:
    """Let workers try again to load networks at which some have died."""
    NetworkLoad.objects.filter(network__in=study_networks(study)).exclude(is_held()).delete()


@transaction.atomic
def advance(study: Study, settings_digest: SettingsDigest) -> list[Request]:
    """Take the preparation as far as it goes now; what to ask of the workers.

    The networks' rows must be described (labels) before. A problem that a person has to solve
    is stored in `Study.problem`, and nothing is asked.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    if study.state != StudyState.PREPARING or study.prepared_at is not None:
        return []
    try:
        with transaction.atomic():
            requests = list(_advance(study, settings_digest))
            study.problem = ""
    except PreparationError as error:
        requests, study.problem = [], str(error)
    study.save(update_fields=["problem", "prepared_at", "selection"])
    return requests


def _advance(study: Study, settings_digest: SettingsDigest) -> Iterator[Request]:
    plan_predictions(study)
    _retry_of_before(study, study_predictions(study))
    waiting = list(_requests(PREDICT, "gpu", study, study_predictions(study).pending()))
    if waiting:
        yield from waiting
        return
    if not study.stimuli.exists():
        select_stimuli(study)
    waiting = list(_explanation_requests(study, settings_digest))
    if not waiting and replace_unusable(study):
        waiting = list(_explanation_requests(study, settings_digest))
    waiting = waiting or list(_picture_requests(study))
    if not waiting:
        for rows in study_pictures(study):
            for failed in rows.failed().order_by("pk")[:1]:
                raise PreparationError(
                    f"the picture {failed} could not be drawn: {failed.error}; fix that, then "
                    "prepare the study again with --retry"
                )
        waiting = list(_damaged_requests(study))
    if not waiting:
        for flaw in hidden_flaws(study, files=False):
            raise PreparationError(f"{flaw}; prepare it again")
        study.prepared_at = timezone.now()
    yield from waiting


def _explanation_requests(study: Study, settings_digest: SettingsDigest) -> Iterator[Request]:
    plan_explanations(study, settings_digest)
    for rows in (study_explanations(study), *study_pictures(study)):
        _retry_of_before(study, rows)
    yield from _requests(EXPLAIN, "gpu", study, study_explanations(study).pending())


def _retry_of_before(study: Study, rows: WorkQuerySet[Any]) -> None:
    """Try again what failed for another study, before this one was being prepared: once, for what
    fails then failed after."""
    if study.preparing_since is None:
        return
    before = Q(finished_at=None) | Q(finished_at__lt=study.preparing_since)
    retry(rows.model.objects.filter(pk__in=rows.failed().filter(before).values("pk")))


def _damaged_requests(study: Study) -> Iterator[Request]:
    """Draw again, as a further try, the pictures whose file is missing or has changed."""
    for row in damaged_pictures(study):
        if row.attempts >= settings.MOST_ATTEMPTS:
            raise PreparationError(
                f"the file of {row} was made {row.attempts} times and is missing or damaged again; "
                "check the disk or the bucket, then prepare it again with --retry"
            )
        type(row).objects.filter(pk=row.pk).update(state=WorkState.PENDING, digest="", **FREE)
    yield from _picture_requests(study)


def plan_predictions(study: Study) -> None:
    """A row for every case × network; those made for another study are there already."""
    cases = study.images.values_list("case_id", flat=True)
    Prediction.objects.bulk_create(
        [
            Prediction(case_id=case, network=network)
            for network in study_networks(study)
            for case in cases
        ],
        ignore_conflicts=True,
    )


def plan_explanations(study: Study, settings_digest: SettingsDigest) -> None:
    """Rows for the explanations and pictures of all chosen stimuli that have none yet."""
    digests = SettingsDigests(settings_digest)
    conditions = conditions_by_paradigm(study)
    definition = study_definition(study)
    display = definition.display
    # As the explainer's Display takes them
    drawn = display.model_dump(include={"colour_map", "opacity", "opacity_by", "size"})
    look = Look(drawn, overlay_encoding(definition), display.surround)
    joins = display.scope == "network"
    photos: dict[tuple[int, str], list[Stimulus]] = {}
    shown = study.stimuli.shown().select_related("photo__case__image")
    for stimulus in shown.prefetch_related("photo__case__photos__image"):
        photos.setdefault((stimulus.photo_id, stimulus.paradigm), []).append(stimulus)
        for pair in {condition.pair for condition in conditions[stimulus.paradigm]}:
            assert pair is not None
            for image in (stimulus.photo.image, *stimulus.photo.case.further):
                Crop.objects.get_or_create(image=image, network=pair.stronger, size=display.size)
    for (_, paradigm), stimuli in photos.items():
        for condition in conditions[paradigm]:
            plan_overlays(stimuli, condition, look, digests, joins=joins)


def _picture_requests(study: Study) -> Iterator[Request]:
    for rows in study_pictures(study):
        kind, waiting = rows.model._meta.model_name, rows.pending().order_by("pk")
        for keys in _batches(waiting.values_list("pk", "attempts")):
            yield Request(RENDER, "cpu", (study.pk, kind, keys))


def _requests(task: str, queue: str, study: Study, rows: WorkQuerySet[Any]) -> Iterator[Request]:
    """Batches of one network each, the rows of one case side by side."""
    by_network: dict[int, list[tuple[int, int]]] = {}
    ordered = rows.order_by("case_id", "pk").values_list("network_id", "pk", "attempts")
    for network, key, attempts in ordered:
        by_network.setdefault(network, []).append((key, attempts))
    for network, found in by_network.items():
        for keys in _batches(found):
            yield Request(task, queue, (study.pk, network, keys))


def _batches(rows: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Keys of (key, attempts) in batches; a row at its last attempt comes alone, so that it fails
    alone."""
    last = settings.MOST_ATTEMPTS - 1
    together: list[int] = []
    for key, attempts in rows:
        if attempts >= last:
            yield [key]
        else:
            together.append(key)
    for start in range(0, len(together), BATCH):
        yield together[start : start + BATCH]
