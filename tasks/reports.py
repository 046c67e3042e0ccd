"""Step 9 of a trial's life: a study's judgments become a report."""

from studyapp.analyses.reports import study_report
from studyapp.analyses.reports.requests import store_page
from studyapp.models import Report
from studyapp.queue import REPORT, app
from studyapp.studies.preparation.claims import finish

from .batches import claimed


@app.task(name=REPORT)
def report(keys: list[int]) -> None:
    """Make the claimed ones of the reports `keys`."""
    with claimed(Report.objects.filter(pk__in=keys), REPORT) as (name, mine):
        for row in mine.select_related("study"):
            _make(row, name)


def _make(row: Report, name: str) -> None:
    def tell(done: int, steps: int, doing: str) -> None:
        mine = Report.objects.filter(pk=row.pk, claimed_by=name)
        mine.update(step=done, steps=steps, doing=doing)

    made = study_report(row.study, tell)
    finish(
        row,
        name,
        **store_page(row, made.html),
        results_digest=made.results_digest,
        analysed=made.analysed,
        excluded=made.excluded,
        doing="",
    )
