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
