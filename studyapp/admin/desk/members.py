"""Who works on a study, in which role."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from studyapp.models import Member, Role, Study
from studyapp.studies.rights import ACTS, Act

from .frame import maker, page_of, record, show, study_page

NOBODY = "nothing"


class MemberForm(forms.Form):
    """A user, and the role that they get; “none” takes it away."""

    username = forms.CharField(label="User", max_length=150)
    role = forms.ChoiceField(
        label="Role", choices=[*Role.choices, ("", "none: remove the role")],
        initial=Role.ASSISTANT, required=False,
    )  # fmt: skip

    def clean_username(self) -> Any:
        name = self.cleaned_data["username"].strip()
        user = get_user_model().objects.filter(username=name, is_active=True).first()
        if user is None or not user.is_staff:
            raise forms.ValidationError(
                f"There is no active staff user {name}; an administrator can add one under Users."
            )
        return user


@study_page(Act.MANAGE)
def members(request: HttpRequest, study: Study) -> HttpResponse:
    """The roles of the study, one form to give, change and take them, and what was done."""
    if study.copy_of is not None:
        return HttpResponseRedirect(page_of(study.copy_of, "study_members"))
    form = MemberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _give(request, study, form.cleaned_data["username"], form.cleaned_data["role"])
        return HttpResponseRedirect(page_of(study, "study_members"))
    kind = ContentType.objects.get_for_model(Study)
    log = LogEntry.objects.filter(content_type=kind, object_id=str(study.pk))
    context = {
        "form": form,
        "members": study.members.select_related("user").order_by("user__username"),
        "log": log.select_related("user").order_by("-action_time")[:30],
        "acts": [(act.value, [act in ACTS[role] for role in Role]) for act in Act],
        "roles": [role.label for role in Role],
    }
    return show(request, study, "people", context)


def _give(request: HttpRequest, study: Study, user: Any, role: str) -> None:
    row = Member.objects.filter(study=study, user=user).first()
    before = str(Role(row.role).label) if row is not None else NOBODY
    others = study.members.filter(role=Role.OWNER).exclude(user=user)
    leaves_none = before == Role.OWNER.label and role != Role.OWNER and not others.exists()
    if leaves_none and not maker(request).is_superuser:
        messages.error(request, "A study needs an owner: make another user an owner first.")
        return
    if role:
        Member.objects.update_or_create(study=study, user=user, defaults={"role": role})
    elif row is not None:
        row.delete()
    after = str(Role(role).label) if role else NOBODY
    record(request, study, f"role of {user}: {before} → {after}")
    messages.success(request, f"{user}: {before} → {after}")
