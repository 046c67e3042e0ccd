"""Closing one arm of a study that is under way, and opening it again: the owner's acts."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from studyapp.models import Arm, Study
from studyapp.studies.arms import UNDER_WAY, close_arm, reopen_arm
from studyapp.studies.rights import Act

from .frame import confirm, maker, page_of, record, study_page
from .moving import refusals_shown

CLOSING = (
    "Nobody new takes a place in this arm. People who have one can finish, and anybody who has "
    "answered and comes back continues where they left off.",
    "From then on new people join only the other arms, so chance alone no longer decides when the "
    "people of each arm come. The places left in this arm stay empty.",
    "Every report and the amendments to the plan state it as a deviation, with your reason. No "
    "outcome is shown.",
)
REOPENING = (
    "New people take places in this arm again, as long as any are left.",
    "Every report and the amendments to the plan state it as a deviation, with your reason.",
)


class ReasonForm(forms.Form):
    """Why an arm is closed or opened again: reports state it."""

    reason = forms.CharField(max_length=500, label="Reason")


def arm(request: HttpRequest, key: int, name: str) -> HttpResponseBase:
    """What closing an arm, or opening it again, means (GET); or doing it (POST)."""

    @study_page(Act.MANAGE)
    def asked(request: HttpRequest, study: Study) -> HttpResponse:
        return _change(request, study, get_object_or_404(study.arms, name=name))

    return asked(request, key)


def _change(request: HttpRequest, study: Study, arm: Arm) -> HttpResponse:
    is_closed = arm.closed_at is not None
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return confirm(
            request,
            study,
            f"{study.slug}: {'open' if is_closed else 'close'} arm {arm.name}?",
            *(REOPENING if is_closed else CLOSING),
            button="Open the arm again" if is_closed else "Close the arm",
            fits=study.state in UNDER_WAY,
            form=form,
        )
    change = reopen_arm if is_closed else close_arm
    with refusals_shown(request):
        made = change(study, arm.name, reason=form.cleaned_data["reason"], made_by=maker(request))
        record(request, study, f"{made.what}: {made.detail}")
        messages.success(request, f"{study.slug}: {made.what}. Every report states it.")
    return HttpResponseRedirect(page_of(study))
