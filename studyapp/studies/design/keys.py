"""A study's answer keys: their digest, apart from the design's, and whether they are as drawn.

What was drawn before there were keys keeps its design's digest.
"""

import hashlib
import json
import re
from collections.abc import Iterator

from django.db import transaction

from studyapp.models import Stage, Study, Trial
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.study import study_definition

# What `extend_study` writes of later places, with the first twelve digits of their keys' digest
ADDED = re.compile(r"places from position (\d+), .*answer keys ([0-9a-f]{12})")


def keys_digest(study: Study, *, addition: int = 0) -> str:
    """SHA-256 over the answer keys of the trials drawn at opening, or in a later addition."""
    digest = hashlib.sha256()
    rows = Trial.objects.filter(slot__study=study, slot__addition=addition)
    ordered = rows.order_by("slot__position", "position")
    for row in ordered.values_list("slot__position", "position", "keys").iterator(5000):
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()


def keys_flaw(study: Study) -> str:
    """Why answers to `study` can't be scored by its keys, with the fix; empty where they can."""
    if study.opened_at is None:
        return ""
    if _are_changed(study):
        return (
            f"the answer keys of {study.slug} are not those that were drawn with its trials; "
            "restore the table of trials from a backup"
        )
    if not study.keys_digest or any(_lacking(study)):
        return (
            f"trials of {study.slug} have no answer keys, because an earlier version drew them; "
            f"run `manage.py study keys {study.slug}`"
        )
    return ""


@transaction.atomic
def give_keys(study: Study) -> int:
    """Answer keys for the trials that an earlier version drew without any; how many got some.

    Keys that are there stay: changed ones are told by `keys_flaw`, before and afterwards.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    rows, definition = list(_lacking(study)), study_definition(study)
    for trial in rows:
        trial.keys = PARADIGMS[trial.paradigm].keys_of(trial, definition.block(trial.block))
    Trial.objects.bulk_update(rows, ["keys"], 500)
    if not study.keys_digest:
        study.keys_digest = keys_digest(study)
        study.save(update_fields=["keys_digest"])
    return len(rows)


def _lacking(study: Study) -> Iterator[Trial]:
    """Trials without answer keys whose paradigm gives some."""
    keyed = [name for name, one in PARADIGMS.items() if one.keys is not None]
    rows = Trial.objects.filter(
        slot__study=study, keys={}, paradigm__in=keyed, stimulus__isnull=False
    ).exclude(stage=Stage.LEARNING)
    definition = study_definition(study)
    for trial in rows.select_related("stimulus", "condition", "slot").iterator(500):
        if PARADIGMS[trial.paradigm].keys_of(trial, definition.block(trial.block)):
            yield trial


def _are_changed(study: Study) -> bool:
    """Whether keys differ from those of the opening, or of later places, as far as is recorded."""
    if study.keys_digest and keys_digest(study) != study.keys_digest:
        return True
    additions = dict(study.slots.filter(addition__gt=0).values_list("position", "addition"))
    for detail in study.deviations.filter(what="places added").values_list("detail", flat=True):
        for position, digits in ADDED.findall(detail):
            addition = additions.get(int(position))
            if addition and not keys_digest(study, addition=addition).startswith(digits):
                return True
    return False
