"""The addresses of a study's pages at the desk."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from . import coverage, definition, exclusions, links, moving, overview

PAGES: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("<int:key>/change/", overview.overview, "studyapp_study_change"),
    ("<int:key>/progress/", overview.progress_facts, "study_progress"),
    ("<int:key>/do/<str:verb>/", moving.do, "study_do"),
    ("<int:key>/preview/", moving.preview, "study_preview"),
    ("stimulus/<int:key>/drop/", moving.drop, "stimulus_drop"),
    ("<int:key>/coverage/", coverage.coverage, "study_coverage"),
    ("<int:key>/links/", links.links, "study_links"),
    ("<int:key>/exclusions/", exclusions.exclusions, "study_exclusions"),
    ("exclusion/<int:key>/undo/", exclusions.undo, "exclusion_undo"),
    ("<int:key>/definition/", definition.definition, "study_definition"),
)


def study_urls(guard: Callable[[Any], Any]) -> list[URLPattern]:
    """`guard` sends whoever is not logged in to the login."""
    return [path(address, guard(view), name=name) for address, view, name in PAGES]
