"""`manage.py analyse SLUG|FILE`: every paradigm with honest intervals.

An argument that names a path is a bundle's folder or a tidy CSV, which need neither the database
nor any setting; anything else is a study's slug.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.analyses.choice import ChoiceError, chosen_study
from studyapp.analyses.kinds import KINDS
from studyapp.analyses.reports import folder_material, report_html, study_material
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_folder, tidy_study
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import PARADIGM_OF, Tidy, TidyError, tidy_file
from studyapp.models import StudyKind
from studyapp.simulation.recovery import known_means, recovery, recovery_lines


class Command(BaseCommand):
    help = "Analyse a study, a bundle's folder or any tidy CSV."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="a study's slug, a bundle's folder or a CSV file")
        parser.add_argument("--paradigm", choices=[*PARADIGM_OF.values(), *KINDS])
        parser.add_argument("--chance", type=float, help="for files; 0.5, of distinction 0.25")
        parser.add_argument("--reference", help="method that the others are compared with")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write the report here")
        kinds = parser.add_mutually_exclusive_group()
        kinds.add_argument("--simulated", action="store_true", help="the newest simulated copy")
        kinds.add_argument("--pilot", action="store_true", help="the pilot, or its newest copy")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found, lines = _analyse(options)
            for line in lines:
                self.stdout.write(line)
            if options["json"] is not None:
                options["json"].write_text(results_json(found), encoding="utf-8")
            if options["html"] is not None:
                options["html"].write_text(_report(found, options), encoding="utf-8")
        except (ChoiceError, TidyError, OSError) as error:
            raise CommandError(str(error)) from error


def _analyse(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    path = Path(options["source"])
    if path.exists():
        found = results(_with_options(_read(path, options), options))
        return found, list(summary(found))
    study = chosen_study(options["source"], _kind(options))
    tidy = _with_options(tidy_study(study, options["paradigm"]), options)
    found = results(tidy)
    lines = list(summary(found))
    if options["simulated"]:
        found["recovery"] = recovery(known_means(study, tidy.paradigm), found)
        lines += recovery_lines(found["recovery"])
    return found, lines


def _report(found: dict[str, Any], options: dict[str, Any]) -> str:
    """The report as HTML: of a table from elsewhere without a design and pictures."""
    if found["outcome"] == "value":
        raise TidyError(
            f"a report draws scores and shares, {found['paradigm']} has neither: use --json"
        )
    path = Path(options["source"])
    if path.is_file():
        return report_html([found], None, title=path.name)
    if path.is_dir():
        material = folder_material(path)
    else:
        material = study_material(chosen_study(options["source"], _kind(options)))
    return report_html([found], material, title=material.facts["title"])


def _read(path: Path, options: dict[str, Any]) -> Tidy:
    chance = options["chance"]
    if chance is not None and not 0 < chance < 1:
        raise TidyError("--chance is a share between 0 and 1, such as 0.5")
    if path.is_dir():
        return tidy_folder(path, options["paradigm"])
    return tidy_file(path, paradigm=options["paradigm"], chance=chance)


def _with_options(tidy: Tidy, options: dict[str, Any]) -> Tidy:
    name = options["reference"]
    return tidy if name is None else tidy.with_reference(name)


def _kind(options: dict[str, Any]) -> StudyKind:
    if options["simulated"]:
        return StudyKind.SIMULATED
    return StudyKind.PILOT if options["pilot"] else StudyKind.REAL
