"""The one Django app, and the admin as it is run here."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from .serving.checks import register_checks


class StudyappConfig(AppConfig):
    name = "studyapp"
    verbose_name = "Discern"

    def ready(self) -> None:
        register_checks()


class DeskConfig(AdminConfig):
    default_site = "studyapp.admin.site.DeskSite"

    def ready(self) -> None:
        super().ready()
        # Only now: models must be there, and the site that the tables are registered at.
        import_module("studyapp.admin.tables")
