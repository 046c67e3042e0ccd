"""The desk as a site: Django's admin with a first page of its own."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import TO_FIELD_VAR
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from studyapp.shelf.faults import UnreadableRequest
from studyapp.studies.rights import may_sign_in

from .home import home_context

if settings.TWO_FACTOR:
    from .second_factor import SecondFactorForm


def _has_nul(request: HttpRequest) -> bool:
    if request.method != "POST":
        return False
    return any("\x00" in one for key, row in request.POST.lists() for one in (key, *row))


def _names_no_field(request: HttpRequest) -> bool:
    """Django looks for the field without a name where a link asks to find a row by it."""
    return any(sent.get(TO_FIELD_VAR) == "" for sent in (request.GET, request.POST))


NULL_CHARACTER = (
    "This request could not be read: it contains an invisible null character, which often comes "
    "along with copied text. Please go back, remove it (typing the text anew helps) and send the "
    "page again."
)
NO_FIELD = (
    f"This request could not be read: {TO_FIELD_VAR} is empty. Please name a field there, or "
    "leave it out."
)


class DeskSite(admin.AdminSite):
    site_header = "Discern"
    site_title = "Discern"
    index_title = "Desk"
    index_template = "admin/desk/home.html"
    enable_nav_sidebar = False

    if settings.TWO_FACTOR:
        login_form = SecondFactorForm
        login_template = "admin/desk/login.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page of the desk. What no row can be found by is a 400: a NUL, no field."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "%00" in request.META.get("QUERY_STRING", "") or _has_nul(request):
                raise UnreadableRequest(NULL_CHARACTER)
            if _names_no_field(request):
                raise UnreadableRequest(NO_FIELD)
            reply: HttpResponseBase = inner(request, *args, **kwargs)
            return reply

        return asked

    def has_permission(self, request: HttpRequest) -> bool:
        return may_sign_in(request.user)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = {**home_context(request.user), **(extra_context or {})}
        return super().index(request, context)
