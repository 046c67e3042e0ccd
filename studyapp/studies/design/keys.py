"""The digest of a study's answer keys, apart from its design's: what was drawn before there were
keys keeps its digest."""

import hashlib
import json

from studyapp.models import Study, Trial


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
    if study.opened_at is None or keys_digest(study) == study.keys_digest:
        return ""
    if not study.keys_digest:
        return (
            f"{study.slug} has no answer keys, because an earlier version opened it; run "
            "`manage.py migrate studyapp 0016`, then `manage.py migrate`"
        )
    return (
        f"the answer keys of {study.slug} are not those that were drawn with its trials; restore "
        "the table of trials from a backup"
    )
