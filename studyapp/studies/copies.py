"""Marked copies of a study, for simulated people and pilots: they never take a real slot."""

import hashlib
from functools import partial
from itertools import count
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from studyapp import storage
from studyapp.models import (
    Arm,
    Condition,
    Exclusion,
    Judgment,
    NetworkPair,
    Participant,
    Participation,
    Stimulus,
    StimulusOverlay,
    Study,
    StudyImage,
    StudyKind,
    StudyState,
    StudyText,
    erase_judgments,
    new_code,
)
from studyapp.sections.entry import EntrySection
from studyapp.studies.definition.strata import evened
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.lifecycle import LifecycleError, open_study
from studyapp.studies.texts import current_texts

# Of a slug's 80 characters, what "-simulated-99999" leaves
LONGEST_STEM, DIGEST = 64, 8
Row = TypeVar("Row", bound=Model)


@transaction.atomic
def marked_copy(
    study: Study,
    kind: StudyKind,
    seed: int,
    *,
    people: int | None = None,
    site: str = "",
    even_strata: bool = False,
) -> Study:
    """An open copy with the same stimuli and pictures, drawn with its own seed and places.

    site: the only one of the copy, which has all its places; by default it has the study's.
    even_strata: each stratum has as many places as the others, whatever the study's quotas are.
    """
    if study.prepared_at is None:
        raise LifecycleError(f"{study.slug} is not prepared: run `study prepare {study.slug}`")
    definition = study_definition(study)
    places = definition.design.people if people is None else people
    design = definition.design.model_copy(
        update={"seed": seed, "people": places, "ratings": "nearest"}
    )
    sites = [one for one in definition.sites if site in ("", one.name)]
    screening = evened(definition) if even_strata else definition.screening
    changed = definition.model_copy(
        update={
            "design": design,
            "sites": sites,
            "screening": screening,
            "entry": _entry_of_copy(definition, kind),
        }
    )
    copy = Study.objects.create(
        slug=_free_slug(study, kind),
        title=study.title,
        kind=kind,
        copy_of=study,
        definition_toml=study.definition_toml,
        definition=changed.model_dump(mode="json"),
        seed=seed,
        state=StudyState.PREPARING,
        prepared_at=timezone.now(),
    )
    StudyText.objects.bulk_create(
        StudyText(study=copy, name=text.name, markdown=text.markdown, digest=text.digest)
        for text in current_texts(study).values()
    )
    _copy_stimuli(study, copy, _copy_conditions(study, copy))
    return open_study(copy)


def _entry_of_copy(definition: Definition, kind: StudyKind) -> EntrySection | None:
    """Simulated people, who come from one study to the next in a moment, do not wait."""
    if definition.entry is None or kind != StudyKind.SIMULATED:
        return definition.entry
    return definition.entry.model_copy(update={"wait_days": None})


@transaction.atomic
def delete_copies(copies: QuerySet[Study]) -> None:
    """Delete marked copies, with all data collected in them.

    People who took part in nothing else are deleted too, together with their panel's ids.
    """
    people = Participation.objects.filter(study__in=copies)
    participants = list(people.values_list("participant", flat=True))
    # First what undoes an exclusion, then the exclusion that it undoes
    Exclusion.objects.filter(participation__in=people, undoes__isnull=False).delete()
    Exclusion.objects.filter(participation__in=people).delete()
    erase_judgments(Judgment.objects.filter(participation__in=people))
    people.delete()
    Participant.objects.filter(pk__in=participants, participations__isnull=True).delete()
    for copy in copies:
        delete_copies(copy.copies.all())
        delete_rows(copy)


def delete_rows(study: Study) -> None:
    """Delete a study that has no participants left, in the order that its protected rows need.

    The files of its reports and bundles are removed after the commit; photos, maps and pictures
    stay, because another study may show the same.
    """
    made = [*study.reports.values_list("file", flat=True)]
    made += study.downloads.values_list("file", flat=True)
    study.slots.all().delete()
    study.stimuli.all().delete()
    study.conditions.all().delete()
    study.delete()
    for name in filter(None, made):
        # Robust: a file that can't be removed is logged, and does not undo what is committed.
        transaction.on_commit(partial(storage.remove, name), robust=True)


def _free_slug(study: Study, kind: StudyKind) -> str:
    """The first name of this kind that no study has; a long one ends in a digest of itself, so
    that two long names that begin alike stay two."""
    stem = study.slug
    if len(stem) > LONGEST_STEM:
        digest = hashlib.sha256(stem.encode()).hexdigest()[:DIGEST]
        stem = f"{stem[: LONGEST_STEM - DIGEST - 1]}-{digest}"
    taken = set(Study.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    names = (f"{stem}-{kind}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _copy_conditions(study: Study, copy: Study) -> dict[int, Condition]:
    """The copy's conditions by the original's key; its pairs and arms go with them."""
    Arm.objects.bulk_create(_fresh(arm, study=copy, closed_at=None) for arm in study.arms.all())
    pairs = {pair.pk: _fresh(pair, study=copy) for pair in study.pairs.all()}
    NetworkPair.objects.bulk_create(pairs.values())
    conditions = {
        condition.pk: _fresh(condition, study=copy, pair=pairs.get(condition.pair_id or 0))
        for condition in study.conditions.all()
    }
    Condition.objects.bulk_create(conditions.values())
    return conditions


def _copy_stimuli(study: Study, copy: Study, conditions: dict[int, Condition]) -> None:
    photos = {photo.pk: photo for photo in study.images.all()}
    old_stimuli = list(study.stimuli.prefetch_related("overlays"))
    used = {stimulus.photo_id for stimulus in old_stimuli}
    new_photos = {key: _fresh(photos[key], study=copy) for key in used}
    StudyImage.objects.bulk_create(new_photos.values())
    pairs = [
        (old, _fresh(old, study=copy, photo=new_photos[old.photo_id], code=new_code()))
        for old in old_stimuli
    ]
    Stimulus.objects.bulk_create([new for _, new in pairs])
    StimulusOverlay.objects.bulk_create(
        StimulusOverlay(
            stimulus=new,
            condition=conditions[row.condition_id],
            role=row.role,
            overlay_id=row.overlay_id,
        )
        for old, new in pairs
        for row in old.overlays.all()
    )


def _fresh(row: Row, **changes: object) -> Row:
    """An unsaved row with the same values but for `changes`."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values.pop("id")
    for name in changes:
        values.pop(f"{name}_id", None)
    return type(row)(**{**values, **changes})
