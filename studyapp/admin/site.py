"""The desk as a site: Django's admin with a first page of its own."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from studyapp.studies.rights import may_sign_in

from .home import home_context

if settings.TWO_FACTOR:
    from .second_factor import SecondFactorForm


class DeskSite(admin.AdminSite):
    site_header = "Discern"
    site_title = "Discern"
    index_title = "Desk"
    index_template = "admin/desk/home.html"
    enable_nav_sidebar = False

    if settings.TWO_FACTOR:
        login_form = SecondFactorForm
        login_template = "admin/desk/login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return may_sign_in(request.user)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = {**home_context(request.user), **(extra_context or {})}
        return super().index(request, context)
