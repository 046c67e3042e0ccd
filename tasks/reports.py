"""Step 9 of a trial's life: a study's judgments become a report."""

from studyapp.analyses.reports import study_report
from studyapp.analyses.reports.requests import store_page
from studyapp.models import Report
from studyapp.queue import REPORT, app
from studyapp.studies.claims import claim, fail, finish

from .batches import worker_name


@app.task(name=REPORT)
def report(report_id: int) -> None:
    """Make the report of the row, if no other worker has it."""
    rows = Report.objects.filter(pk=report_id)
    name = claim(rows, worker_name())
    row = rows.filter(claimed_by=name).select_related("study").first()
    if row is None:
        return

    def tell(done: int, steps: int, doing: str) -> None:
        rows.filter(claimed_by=name).update(step=done, steps=steps, doing=doing)

    try:
        made = study_report(row.study, tell)
        page = store_page(row, made.html)
    except Exception as error:
        fail(row, name, f"{type(error).__name__}: {error}; ask for the report again")
        raise
    finish(
        row,
        name,
        **page,
        results_digest=made.results_digest,
        analysed=made.analysed,
        excluded=made.excluded,
        doing="",
    )
