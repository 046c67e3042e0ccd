"""The addresses of a study's pages at the desk."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from . import (
    arms,
    coding,
    coverage,
    definition,
    editor,
    exclusions,
    gallery,
    links,
    members,
    moving,
    overview,
    panel,
    panel_acts,
    payment,
    plans,
    publication,
    readings,
    rehearsals,
    results,
    schemes,
)

PAGES: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("<int:key>/change/", overview.overview, "studyapp_study_change"),
    ("<int:key>/progress/", overview.progress_facts, "study_progress"),
    ("<int:key>/do/<str:verb>/", moving.do, "study_do"),
    ("<int:key>/arm/<str:name>/", arms.arm, "study_arm"),
    ("<int:key>/preview/", moving.preview, "study_preview"),
    ("stimulus/<int:key>/drop/", moving.drop, "stimulus_drop"),
    ("<int:key>/gallery/", gallery.gallery, "study_gallery"),
    ("<int:key>/coverage/", coverage.coverage, "study_coverage"),
    ("<int:key>/links/", links.links, "study_links"),
    ("<int:key>/exclusions/", exclusions.exclusions, "study_exclusions"),
    ("exclusion/<int:key>/undo/", exclusions.undo, "exclusion_undo"),
    ("<int:key>/coding/", coding.coding, "study_coding"),
    ("scheme/<int:key>/", schemes.scheme, "coding_scheme"),
    ("scheme/<int:key>/codes.csv", schemes.scheme_file, "coding_scheme_file"),
    ("scheme/<int:key>/round/begin/", schemes.round_begun, "coding_round_begun"),
    ("scheme/<int:key>/round/end/", schemes.round_ended, "coding_round_ended"),
    ("scheme/<int:key>/code/", readings.coding_page, "coding_page"),
    ("scheme/<int:key>/agreement/", readings.coding_agreement, "coding_agreement"),
    ("scheme/<int:key>/adjudicate/", readings.adjudication, "coding_adjudication"),
    ("<int:key>/payment/", payment.payment, "study_payment"),
    ("<int:key>/payment/list.csv", payment.payment_list, "study_payment_list"),
    ("<int:key>/payment/panel/", panel.panel, "study_panel"),
    ("<int:key>/payment/panel/act/", panel_acts.panel_act, "study_panel_act"),
    ("<int:key>/results/", results.results, "study_results"),
    ("<int:key>/results/progress/", results.results_progress, "study_results_progress"),
    ("<int:key>/plan/", plans.plan_file, "study_plan_file"),
    ("<int:key>/publication/", publication.publication, "study_publication"),
    ("report/<int:key>/file/", results.report_file, "report_file"),
    ("bundle/<int:key>/file/", results.bundle_file, "bundle_file"),
    ("<int:key>/rehearse/", rehearsals.rehearsals, "study_rehearsals"),
    ("<int:key>/rehearse/progress/", rehearsals.rehearsals_progress, "study_rehearsals_progress"),
    ("<int:key>/members/", members.members, "study_members"),
    ("<int:key>/file/", editor.study_file, "study_file"),
    ("<int:key>/file/check/", editor.file_check, "study_file_check"),
    ("<int:key>/definition/", definition.definition, "study_definition"),
)


def study_urls(guard: Callable[[Any], Any]) -> list[URLPattern]:
    """`guard` redirects to the login page until the user has logged in."""
    return [path(address, guard(view), name=name) for address, view, name in PAGES]
