"""Who is to be paid what, panel by panel and outcome by outcome; and erasing who they are."""

import csv
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import urlencode

from studyapp.models import Judgment, Participation, Status, Study
from studyapp.participations.approvals import approval, columns, unpaid
from studyapp.participations.erasure import erasable, erase_identities, is_paid
from studyapp.participations.outcomes import outcome, too_many_failed
from studyapp.shelf.spreadsheets import inert
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.rights import Act, acts

from .frame import maker, page_of, record, refusal, show, study_page

ROWS = 100
# After so many days a panel approves by itself what nobody has looked at.
AUTOMATIC_DAYS = {"prolific": 21}


class EraseForm(forms.Form):
    before = forms.DateField(
        label="Erase the IDs of people who entered before",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    sure = forms.BooleanField(
        label="These people have been paid, and I understand that this cannot be undone"
    )


@study_page(Act.SEE_IDS)
def payment(request: HttpRequest, study: Study) -> HttpResponse:
    """The approval list, filtered by panel and outcome, and the erasure of ids."""
    form = EraseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if Act.ERASE_IDS not in acts(request.user, study):
            return refusal(request, study, Act.ERASE_IDS)
        if form.is_valid():
            day = form.cleaned_data["before"]
            before = datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
            count = erase_identities(is_paid(study, before))
            record(request, study, f"erased {count} panel ids of people who entered before {day}")
            who = maker(request).get_username()
            messages.success(
                request, f"{count} panel IDs were erased by {who}; the judgments stay."
            )
            return HttpResponseRedirect(page_of(study, "study_payment"))
    panel, status = request.GET.get("panel", ""), request.GET.get("outcome", "")
    rows = people(study, panel=panel, status=status)
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    definition = study_definition(study)
    keys = study.participations.values_list("participant__source", "status")
    groups = keys.annotate(n=Count("pk")).order_by("participant__source", "status")
    context = {
        # (panel, outcome, its words, people)
        "groups": [(source, key, str(Status(key).label), count) for source, key, count in groups],
        "page": page,
        "payables": [payable(row, definition) for row in page.object_list],
        "panel": panel,
        "outcome": status,
        "query": f"{urlencode({'panel': panel, 'outcome': status})}&",
        "pay": definition.pay,
        "sites": definition.sites,
        "unfinished": unpaid(study),
        "reminders": list(reminders(study)),
        "form": form,
        "ids": erasable(is_paid(study, timezone.now())).count(),
    }
    return show(request, study, "payment", context)


@study_page(Act.SEE_IDS)
def payment_list(request: HttpRequest, study: Study) -> StreamingHttpResponse:
    """The approval list as a CSV, as long as it may be."""
    rows = people(study, panel=request.GET.get("panel", ""), status=request.GET.get("outcome", ""))
    reply = StreamingHttpResponse(_lines(study, rows), content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="{study.slug}-approval.csv"'
    record(request, study, "downloaded the approval list, with the panel's ids")
    return reply


class _Echo:
    """What csv writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(study: Study, rows: QuerySet[Participation]) -> Iterator[str]:
    writer, definition = csv.writer(_Echo()), study_definition(study)
    headings = (*columns(definition), "completion code")
    yield writer.writerow(headings)
    for person in rows.iterator(chunk_size=2000):
        row = payable(person, definition)
        # A cell that looks like a formula is made a text.
        cells = ["" if row[name] is None else inert(str(row[name])) for name in headings]
        yield writer.writerow(cells)


def people(study: Study, *, panel: str, status: str) -> QuerySet[Participation]:
    """The participations of a panel and a status, all where one is not named; each with the number
    of its failed checks, so that no row asks for its own."""
    mine = Judgment.objects.filter(participation=OuterRef("pk"))
    failed = mine.failed_checks().order_by().values("participation")
    counted = Subquery(failed.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    rows = study.participations.select_related("participant__identity", "study")
    rows = rows.prefetch_related("visits")
    rows = rows.order_by("entered_at", "pk").annotate(failed_checks=Coalesce(counted, 0))
    if panel:
        rows = rows.filter(participant__source=panel)
    return rows.filter(status=status) if status in Status.values else rows


def payable(person: Any, definition: Definition) -> dict[str, Any]:
    """The row of one of `people`, with the same outcome as `study approvals` gives."""
    limit = too_many_failed(definition)
    if person.status != Status.FINISHED:
        what = outcome(person, definition)
    else:
        failed = limit is not None and person.failed_checks >= limit
        what = "failed_checks" if failed else "complete"
    row = approval(person, definition, what)
    return {**row, "completion code": person.completion_code, "code": person.completion_code}


def reminders(study: Study) -> Iterator[str]:
    """When the panels would approve the first submission without anybody having looked."""
    for panel, days in AUTOMATIC_DAYS.items():
        finished = study.participations.filter(
            participant__source=panel, status=Status.FINISHED
        ).aggregate(first=Min("finished_at"))["first"]
        if finished is not None:
            day = finished + timedelta(days=days)
            is_ahead = day > timezone.now()
            verb, advice = (
                ("approves", ". Check the list before then.") if is_ahead else ("has approved", ".")
            )
            yield (
                f"{panel} {verb} the first submission automatically on {day:%-d %B %Y}, "
                f"{days} days after it was finished{advice}"
            )
