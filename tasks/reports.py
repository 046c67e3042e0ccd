"""Step 9 of a trial's life: a study's judgments become a report, or a kit for its paper.

Whoever makes one loads pandas, SciPy and Matplotlib, which take 1.5 s and 150 MB: a worker that
is asked for none does without.
"""

import shutil
import tempfile
from functools import partial
from pathlib import Path

from studyapp.models import Report, ReportForm
from studyapp.queue import REPORT, app
from studyapp.studies.preparation.claims import finish

from .batches import claimed


@app.task(name=REPORT)
def report(keys: list[int]) -> None:
    """Make the claimed ones of the reports `keys`."""
    with claimed(Report.objects.filter(pk__in=keys), REPORT) as (name, mine):
        for row in mine.select_related("study"):
            (_make_kit if row.form == ReportForm.PAPER else _make)(row, name)


def _tell(row: Report, name: str, done: int, steps: int, doing: str) -> None:
    mine = Report.objects.filter(pk=row.pk, claimed_by=name)
    mine.update(step=done, steps=steps, doing=doing)


def _make_kit(row: Report, name: str) -> None:
    """Without screenshots: a worker has no browser, and the kit says how to get them."""
    from studyapp.papers.kit import write_kit
    from studyapp.papers.material import material_of_study
    from studyapp.papers.requests import store_kit

    _tell(row, name, 0, 2, "analysing")
    material = material_of_study(row.study)
    _tell(row, name, 1, 2, "writing the kit")
    with tempfile.TemporaryDirectory(prefix="discern-paper-") as folder:
        kit = Path(folder) / "paper"
        write_kit(material, kit)
        path = Path(shutil.make_archive(str(kit), "zip", folder, kit.name))
        stored = store_kit(row, path)
    flow = material.flow
    finish(
        row,
        name,
        **stored,
        results_digest=material.results_digest,
        analysed=flow["analysed"],
        excluded=flow["finished"] - flow["analysed"],
        doing="",
    )


def _make(row: Report, name: str) -> None:
    from studyapp.analyses.reports import study_report
    from studyapp.analyses.reports.requests import store_page

    made = study_report(row.study, partial(_tell, row, name))
    finish(
        row,
        name,
        **store_page(row, made.html),
        results_digest=made.results_digest,
        analysed=made.analysed,
        excluded=made.excluded,
        doing="",
    )
