"""The desk as a site: Django's admin with a first page of its own."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from .home import home_context


class DeskSite(admin.AdminSite):
    site_header = "Discern"
    site_title = "Discern"
    index_title = "Desk"
    index_template = "admin/desk/home.html"
    enable_nav_sidebar = False

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = {**home_context(request.user), **(extra_context or {})}
        return super().index(request, context)
