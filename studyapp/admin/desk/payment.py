"""Who is to be paid what, panel by panel and outcome by outcome; and erasing who they are."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import urlencode

from studyapp.models import Status, Study
from studyapp.participations.approvals import approvals, columns, payees, unpaid
from studyapp.participations.decisions import AT_ODDS, PAYABLE, TO_DO, Decision
from studyapp.participations.erasure import erasable, erase_identities, is_paid
from studyapp.participations.panels import title_of
from studyapp.shelf.spreadsheets import inert
from studyapp.studies.definition.study import study_definition
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
    chosen = _chosen(request)
    page = Paginator(list(_rows(study, chosen)), ROWS).get_page(request.GET.get("page"))
    definition = study_definition(study)
    keys = study.participations.values_list("participant__source", "status")
    groups = keys.annotate(n=Count("pk")).order_by("participant__source", "status")
    context = {
        # (panel, outcome, its words, people)
        "groups": [(source, key, str(Status(key).label), count) for source, key, count in groups],
        "page": page,
        "payables": page.object_list,
        **chosen,
        "query": f"{urlencode(chosen)}&",
        "odds": _at_odds(study),
        "unknown": TO_DO[Decision.UNKNOWN],
        "has_unknown": any(row["decision"] == Decision.UNKNOWN for row in page.object_list),
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
    rows = _rows(study, _chosen(request))
    reply = StreamingHttpResponse(_lines(study, rows), content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="{study.slug}-approval.csv"'
    record(request, study, "downloaded the approval list, with the panel's ids")
    return reply


def _chosen(request: HttpRequest) -> dict[str, str]:
    """What is listed: a panel, an outcome, and all visits or only what may be paid."""
    return {name: request.GET.get(name, "") for name in ("panel", "outcome", "show")}


def _rows(study: Study, chosen: dict[str, str]) -> Iterator[dict[str, Any]]:
    people = payees(study)
    if chosen["panel"]:
        people = people.filter(participant__source=chosen["panel"])
    if chosen["outcome"] in Status.values:
        people = people.filter(status=chosen["outcome"])
    return approvals(study, people, kinds=tuple(Decision) if chosen["show"] == "all" else PAYABLE)


def _at_odds(study: Study) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """(what is at odds, what to do, the visits) where this site and the panel do not agree."""
    rows = sorted(approvals(study, kinds=AT_ODDS), key=lambda row: row["decision"])
    groups = groupby(rows, key=lambda row: Decision(row["decision"]))
    return [(str(kind), TO_DO[kind], list(found)) for kind, found in groups]


class _Echo:
    """What csv writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(study: Study, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    writer, definition = csv.writer(_Echo()), study_definition(study)
    names = columns(definition)
    yield writer.writerow((*names, "completion code"))
    for row in rows:
        # A cell that looks like a formula is made a text.
        cells = [row[name] for name in (*names, "code")]
        yield writer.writerow(["" if one is None else inert(str(one)) for one in cells])


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
                f"{title_of(panel)} {verb} the first submission automatically on {day:%-d %B %Y}, "
                f"{days} days after it was finished{advice}"
            )
