"""Reports and bundles: asked of a worker here, with their history, and downloaded from here."""

from typing import Any

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404
from django.utils.text import capfirst

from studyapp.exports.folder import ExportError
from studyapp.models import Download, Report, Study, WorkState
from studyapp.studies.lifecycle import LifecycleError
from studyapp.studies.masking import is_masked, unmask
from studyapp.studies.preparation.progress import live_workers
from studyapp.studies.rights import Act, acts, visible_studies

from .frame import maker, page_of, record, refusal, show, study_page
from .plans import DOCUMENTS, ENDINGS

MOST = 30
# What can be asked for → what one must be allowed to do
ASKED = {
    "report": Act.REPORT,
    "paper": Act.REPORT,
    "public": Act.EXPORT_PUBLIC,
    "private": Act.EXPORT_PRIVATE,
}


@study_page(Act.REPORT)
def results(request: HttpRequest, study: Study) -> HttpResponse:
    """The history of reports and bundles (GET), or one more asked of the workers (POST)."""
    if request.method == "POST":
        return _ask(request, study)
    downloads = study.downloads.select_related("made_by")
    if Act.EXPORT_PRIVATE not in acts(request.user, study):
        downloads = downloads.filter(public=True)
    reports = list(study.reports.select_related("made_by")[:MOST])
    bundles = list(downloads[:MOST])
    waiting = any(row.state == WorkState.PENDING for row in [*reports, *bundles])
    context = {
        "documents": DOCUMENTS,
        "endings": list(ENDINGS),
        "reports": reports,
        "bundles": bundles,
        "waiting": waiting,
        "workers": len(live_workers()) if waiting else None,
        "masked": is_masked(study),
        "answers": study.participations.filter(started_at__isnull=False).exists(),
    }
    return show(request, study, "results", context)


def _ask(request: HttpRequest, study: Study) -> HttpResponse:
    what = request.POST.get("what", "")
    if what == "unmask":
        return _unmask(request, study)
    if what not in ASKED:
        raise Http404("no such report or bundle")
    if ASKED[what] not in acts(request.user, study):
        return refusal(request, study, ASKED[what])
    # What reports and bundles are made with is heavy, and no other page needs it.
    from studyapp.analyses.reports.requests import ask_report
    from studyapp.exports.requests import ask_bundle
    from studyapp.papers.requests import ask_kit

    try:
        if what == "report":
            ask_report(study, made_by=maker(request))
        elif what == "paper":
            ask_kit(study, made_by=maker(request))
        else:
            ask_bundle(study, public=what == "public", made_by=maker(request))
    except ExportError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(page_of(study, "study_results"))
    words = {"report": "the report", "paper": "a paper kit"}.get(what, f"a {what} bundle")
    record(request, study, f"asked for {words}")
    messages.success(request, f"The workers were asked for {words}.")
    return HttpResponseRedirect(page_of(study, "study_results"))


def _unmask(request: HttpRequest, study: Study) -> HttpResponse:
    """Let outcomes be seen before the end: the owner's act, told in every report."""
    if Act.MANAGE not in acts(request.user, study):
        return refusal(request, study, Act.MANAGE)
    try:
        made = unmask(study, reason=request.POST.get("reason", ""), made_by=maker(request))
    except LifecycleError as error:
        messages.error(request, capfirst(str(error)))
    else:
        record(request, study, f"unmasked its outcomes: {made.detail}")
        messages.success(request, "Outcomes can be seen now. Every report states it.")
    return HttpResponseRedirect(page_of(study, "study_results"))


@study_page(Act.REPORT)
def results_progress(request: HttpRequest, study: Study) -> JsonResponse:
    """Whether a worker is still busy, for the page that moves by itself."""
    report = study.reports.pending().first()
    pending = study.downloads.pending().exists() or report is not None
    bar = {"ready": report.step, "total": report.steps, "doing": report.doing} if report else None
    return JsonResponse({"pending": pending, "bar": bar})


def report_file(request: HttpRequest, key: int) -> HttpResponseBase:
    """A report as a download."""
    from studyapp.analyses.reports.requests import report_attachment

    return _file(request, key, Report, report_attachment)


def bundle_file(request: HttpRequest, key: int) -> HttpResponseBase:
    """A bundle as a download. The private one holds what may not leave the group."""
    from studyapp.exports.requests import bundle_attachment

    return _file(request, key, Download, bundle_attachment)


def _file(request: HttpRequest, key: int, kind: Any, attach: Any) -> HttpResponseBase:
    mine = kind.objects.filter(study__in=visible_studies(request.user))
    row = get_object_or_404(mine.select_related("study"), pk=key)
    act = Act.REPORT
    if isinstance(row, Download):
        act = Act.EXPORT_PUBLIC if row.public else Act.EXPORT_PRIVATE
    if act not in acts(request.user, row.study):
        return refusal(request, row.study, act)
    try:
        reply: HttpResponseBase = attach(row)
    except FileNotFoundError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(page_of(row.study, "study_results"))
    record(request, row.study, f"downloaded the {row}, SHA-256 {row.digest[:12]}")
    return reply
