"""What all pages of a study have together: who may see them, tabs, and the log of changes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from studyapp.models import Study
from studyapp.studies.rights import Act, acts, own_studies

StudyView = Callable[[HttpRequest, Study], HttpResponseBase]
# The tabs of a study: (name of the address, words, what one must be allowed to do)
TABS: tuple[tuple[str, str, Act], ...] = (
    ("studyapp_study_change", "Overview", Act.LOOK),
    ("study_gallery", "Gallery", Act.LOOK),
    ("study_coverage", "Coverage", Act.LOOK),
    ("study_links", "Links", Act.LOOK),
    ("study_rehearsals", "Rehearse", Act.PREVIEW),
    ("study_exclusions", "Exclusions", Act.EXCLUDE),
    ("study_coding", "Coding", Act.CODE),
    ("study_payment", "Payment", Act.SEE_IDS),
    ("study_results", "Results", Act.REPORT),
    ("study_definition", "Definition", Act.LOOK),
    ("study_file", "File", Act.EDIT),
    ("study_members", "People", Act.MANAGE),
)


def study_page(act: Act) -> Callable[[StudyView], Callable[..., HttpResponseBase]]:
    """A view of one study, found by its key among those in which the user has a role.

    To other users the study does not exist (404); those with a role that may not `act` get a 403.
    """

    def decorate(view: StudyView) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, key: int) -> HttpResponseBase:
            own = own_studies(request.user).select_related("parent", "copy_of")
            study = get_object_or_404(own, pk=key)
            if act not in acts(request.user, study):
                return refusal(request, study, act)
            return view(request, study)

        return guarded

    return decorate


def show(
    request: HttpRequest, study: Study, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of `study`, with its tabs and what the user may do."""
    allowed = acts(request.user, study)
    tabs = [
        (reverse(f"admin:{name}", args=[study.pk]), words, template.startswith(words.lower()))
        for name, words, act in TABS
        if act in allowed
    ]
    values = {
        **admin.site.each_context(request),
        "title": study.title,
        "study": study,
        "tabs": tabs,
        "allowed": {act.name for act in allowed},
        "opts": Study._meta,
        **context,
    }
    return TemplateResponse(request, f"admin/desk/{template}.html", values, status=status)


def confirm(
    request: HttpRequest,
    study: Study,
    title: str,
    *consequences: str,
    button: str,
    fits: bool = True,
    **more: Any,
) -> HttpResponse:
    """A page that says what the button would do; `fits`: whether it can be done now."""
    context = {"title": title, "consequences": consequences, "button": button, "fits": fits}
    return show(request, study, "confirm", {**context, "back": page_of(study), **more})


def refusal(request: HttpRequest, study: Study, act: Act) -> HttpResponse:
    return show(request, study, "refused", {"act": act.value}, status=403)


def record(request: HttpRequest, study: Study, message: str) -> None:
    """A line in Django's log: what was changed, before and after."""
    LogEntry.objects.log_actions(
        user_id=maker(request).pk,
        queryset=[study],
        action_flag=CHANGE,
        change_message=message,
        single_object=True,
    )


def maker(request: HttpRequest) -> Any:
    """The logged-in user; every page of the desk asks for one."""
    assert request.user.is_authenticated
    return request.user


def page_of(study: Study, name: str = "studyapp_study_change") -> str:
    """The address of a study's page."""
    return reverse(f"admin:{name}", args=[study.pk])
