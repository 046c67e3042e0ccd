"""The one Django app."""

from django.apps import AppConfig

from .checks import register_checks


class StudyappConfig(AppConfig):
    name = "studyapp"
    verbose_name = "Discern"

    def ready(self) -> None:
        register_checks()
