"""Answered studies of every paradigm, with the maps that pointing reads."""

import hashlib
import io
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.models import Explanation, Study

ITEMS = [f"I agree to statement {number}." for number in range(1, 13)]
BLOCKS: dict[str, dict[str, Any]] = {
    "rating": {"items": ITEMS[:2], "points": 5},
    "questionnaire": {"items": ITEMS, "points": 7, "instrument": "trust_in_automation"},
    "open_text": {"question": "What did you see?"},
    "custom": {
        "text": "consent",
        "fields": [{"name": "seen", "kind": "scale", "question": "How much?", "points": 5}],
    },
}


def answered_study(paradigm: str, **block: Any) -> Study:
    """Eight people; a map for every explanation, as pointing reads them."""
    main = {"name": "main", "paradigm": paradigm, "trials": 4, **BLOCKS.get(paradigm, {}), **block}
    if paradigm == "questionnaire":
        main["trials"] = 1
    study = open_small_study(blocks=[main], people=8, stimuli=6)
    for row in Explanation.objects.order_by("pk"):
        store_map(row)
    send_people(study, 8, paradigm=paradigm, seed=2)
    return study


def store_map(row: Explanation) -> None:
    file = io.BytesIO()
    np.savez(file, map=np.random.default_rng(row.pk).random((7, 7), dtype=np.float32))
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    name = default_storage.save(f"maps/{digest}.npz", ContentFile(file.getvalue()))
    Explanation.objects.filter(pk=row.pk).update(map_digest=digest, map_file=name)
