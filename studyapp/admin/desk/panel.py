"""A study's panel: its token, what it says of the visits, its messages, its codes, its CSV file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from studyapp.models import ActKind, ActState, PanelAccess, PanelAct, Study
from studyapp.participations.panels import PANELS, title_of
from studyapp.payments.access import (
    APIS,
    access_of,
    api_of,
    complaints,
    give_token,
    keep_subscription,
    remove_token,
)
from studyapp.payments.acts import settle
from studyapp.payments.base import HasCodes, SendsNews
from studyapp.payments.exported import EXPORTS, take_in_export
from studyapp.payments.line import PanelError, Refused
from studyapp.payments.polling import poll
from studyapp.shelf.formatting import counted
from studyapp.studies.definition.study import study_definition
from studyapp.studies.rights import Act

from .frame import maker, page_of, record, show, study_page

LARGEST_FILE = 10_000_000
LATEST_ACTS = 200
# What a token is where it is no key of an account, and what it does
WITH_TOKEN = {
    "sona": "The token is the study's server-side completion URL, which SONA shows on the study's "
    "page. With it this site grants credits, and only when you confirm it; it can do nothing else. "
    "SONA tells no status, so the first credit shows whether the address is right.",
}


class TokenForm(forms.Form):
    token = forms.CharField(
        max_length=500, strip=True, widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        label="API token",
    )  # fmt: skip


class FileForm(forms.Form):
    file = forms.FileField(label="The panel's CSV file")
    exported_at = forms.DateTimeField(
        label="Downloaded from the panel at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


@study_page(Act.SEE_IDS)
def panel(request: HttpRequest, study: Study) -> HttpResponse:
    """Everything between the study and its panel but payments, which `panel_act` makes."""
    source = source_of(study)
    told: list[str] = []
    if request.method == "POST":
        step = STEPS.get(request.POST.get("do", ""))
        try:
            if step is None:
                raise Refused("the page has no such button; load it again")
            told = step(request, study, source)
        except PanelError as error:
            messages.error(request, _sentence(error))
        if not told:
            return HttpResponseRedirect(page_of(study, "study_panel"))
    access = study.panel_accesses.filter(source=source).first()
    acts = PanelAct.objects.filter(study=study).order_by("-made_at", "-id")
    acts = acts.select_related("visit__participation__participant__identity")
    context = {
        "source": title_of(source),
        "callable": source in APIS,
        "with_token": WITH_TOKEN.get(source, ""),
        "offered": _offered(access),
        "readable": source in EXPORTS,
        "access": access,
        "complaints": told,
        "token_form": TokenForm(),
        "file_form": FileForm(initial={"exported_at": timezone.localtime()}),
        "acts": acts[:LATEST_ACTS],
        "lost": list(_lost(acts)),
        "site_secret": bool(settings.PROLIFIC_WEBHOOK_SECRET),
    }
    return show(request, study, "payment_panel", context)


def _offered(access: PanelAccess | None) -> dict[str, Any]:
    """What the panel can be asked with the study's token."""
    if access is None:
        return {}
    try:
        api = api_of(access)
    except PanelError as error:
        return {"problem": str(error)}
    return {
        "statuses": PANELS[access.source].tells_status,
        "codes": isinstance(api, HasCodes),
        "news": isinstance(api, SendsNews),
        "acts": [kind for kind in ActKind if kind in api.at_once],
    }


def _lost(acts: Iterable[PanelAct]) -> Iterator[tuple[PanelAct, int]]:
    """Acts whose answer was lost, each payment once, with how many visits it was for."""
    lost = [act for act in acts if act.state == ActState.UNKNOWN]
    sizes = Counter(act.batch or act.pk for act in lost)
    firsts = {act.batch or act.pk: act for act in reversed(lost)}
    yield from ((act, sizes[key]) for key, act in firsts.items())


def source_of(study: Study) -> str:
    """The panel of a study; of an open link the one that can be called, from which people may
    come too."""
    kind = study_definition(study).panel.kind
    return kind if kind != "link" else next(iter(APIS))


def _sentence(error: PanelError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _take_token(request: HttpRequest, study: Study, source: str) -> list[str]:
    owner = give_token(study, source, request.POST.get("token", ""), maker(request).get_username())
    record(request, study, f"gave a token for {source}, which belongs to {owner}")
    messages.success(request, f"The token is kept; it belongs to {owner}.")
    return []


def _forget_token(request: HttpRequest, study: Study, source: str) -> list[str]:
    if remove_token(study, source):
        record(request, study, f"removed the token for {source}")
        messages.success(
            request,
            "The token was removed here. So that nobody can use it, delete it at "
            f"{title_of(source)} too.",
        )
    return []


def _ask_panel(request: HttpRequest, study: Study, source: str) -> list[str]:
    found = poll(access_of(study, source))
    messages.success(request, found.sentence)
    return []


def _compare_codes(request: HttpRequest, study: Study, source: str) -> list[str]:
    found = complaints(access_of(study, source))
    if not found:
        messages.success(request, f"Codes, pay and address agree with {title_of(source)}.")
    return found


def _subscribe(request: HttpRequest, study: Study, source: str) -> list[str]:
    access = access_of(study, source)
    api = api_of(access)
    if not isinstance(api, SendsNews):
        raise Refused(f"{title_of(source)} sends no messages")
    address = request.build_absolute_uri(reverse(api.route))
    if not address.startswith("https://"):
        raise Refused(
            f"{title_of(source)} sends messages to https addresses only, but this is {address}"
        )
    made = api.subscribe(address, request.POST.get("workspace", "").strip())
    keep_subscription(access, made.number, made.secret)
    record(request, study, f"subscribed {address} to the messages of {source}")
    messages.success(request, f"From now on {title_of(source)} tells this site of every change.")
    return []


def _read_file(request: HttpRequest, study: Study, source: str) -> list[str]:
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Refused("choose the panel's CSV file, and say when it was downloaded")
    file = form.cleaned_data["file"]
    if file.size > LARGEST_FILE:
        raise Refused("the file is larger than 10 MB; upload the panel's own export as it is")
    try:
        text = file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("the file is not UTF-8; upload the panel's own export as it is") from error
    found = take_in_export(study, source, text, form.cleaned_data["exported_at"])
    record(request, study, f"read a CSV file of {source}: {found.sentence}")
    messages.success(request, found.sentence)
    return []


def _settle(request: HttpRequest, study: Study, source: str) -> list[str]:
    key, was_done = request.POST.get("act", ""), request.POST.get("was") == "done"
    act = PanelAct.objects.filter(study=study, pk=key if key.isdecimal() else 0).first()
    by = maker(request).get_username()
    count = settle(act, was_done=was_done, by=by) if act is not None else 0
    if act is None or not count:
        raise Refused("this was settled already; there is nothing left to do")
    what = f"{act.get_kind_display()} at {source}, {counted(count, 'visit', 'visits')}"
    record(request, study, f"looked up: {what}: {'done' if was_done else 'not done'}")
    return []


STEPS: dict[str, Callable[[HttpRequest, Study, str], list[Any]]] = {
    "token": _take_token,
    "remove": _forget_token,
    "poll": _ask_panel,
    "codes": _compare_codes,
    "subscribe": _subscribe,
    "file": _read_file,
    "settle": _settle,
}
