"""Step 10 of a trial's life: a study's rows become a bundle to download."""

import tempfile
from pathlib import Path

from studyapp.models import Download
from studyapp.queue import BUNDLE, app
from studyapp.studies.preparation.claims import finish

from .batches import claimed


@app.task(name=BUNDLE)
def bundle(keys: list[int]) -> None:
    """Make the claimed ones of the downloads `keys`."""
    from studyapp.exports.bundle import write_bundle  # pandas, as in `tasks.reports`
    from studyapp.exports.requests import store_zip

    with claimed(Download.objects.filter(pk__in=keys), BUNDLE) as (name, mine):
        for row in mine.select_related("study"):
            with tempfile.TemporaryDirectory(prefix="discern-bundle-") as folder:
                target = Path(folder) / f"{row.study.slug}.zip"
                write_bundle(row.study, target, public=row.public)
                finish(row, name, **store_zip(row, target))
