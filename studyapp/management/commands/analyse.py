"""`manage.py analyse SLUG|FILE`: every paradigm with honest intervals.

An argument that names a path is a bundle's folder or a tidy CSV, which need neither the database
nor any setting; anything else is a study's slug.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.analyses.choice import ChoiceError, chosen_study
from studyapp.analyses.figures.draw import FORMS
from studyapp.analyses.figures.files import write_figures
from studyapp.analyses.reports import (
    StudyRecord,
    record_of_bundle,
    record_of_study,
    report_figures,
    report_html,
)
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import folder_definition, tidy_folder, tidy_study
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Tidy, TidyError, asked_paradigms, tidy_file
from studyapp.models import Study, StudyKind
from studyapp.paradigms.analysis import input_schemas
from studyapp.simulation.recovery import known_means, recovery, recovery_lines


class Command(BaseCommand):
    help = "Analyse a study, a bundle's folder or any tidy CSV."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="a study's slug, a bundle's folder or a CSV file")
        parser.add_argument("--paradigm", choices=list(input_schemas()))
        parser.add_argument("--chance", type=float, help="for files; 0.5, of distinction 0.25")
        parser.add_argument("--reference", help="method that the others are compared with")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write the report here")
        parser.add_argument(
            "--figures", type=Path, metavar="FOLDER",
            help="write its figures as PDF, SVG and PNG into this new folder, with their code",
        )  # fmt: skip
        kinds = parser.add_mutually_exclusive_group()
        kinds.add_argument("--simulated", action="store_true", help="the newest simulated copy")
        kinds.add_argument("--pilot", action="store_true", help="the pilot, or its newest copy")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = []
            for tidy in _tidies(options):
                found.append(results(tidy))
                lines = list(summary(found[-1]))
                if options["simulated"]:
                    lines += _add_recovery(found[-1], options)
                self.stdout.write("\n".join(lines))
            if options["json"] is not None:
                options["json"].write_text(_json(found), encoding="utf-8")
            if options["html"] is not None:
                options["html"].write_text(_report(found, options), encoding="utf-8")
            if options["figures"] is not None:
                figures = report_figures(found, _record(options))
                write_figures(figures, options["figures"], FORMS)
        except (ChoiceError, TidyError, OSError) as error:
            raise CommandError(str(error)) from error


def _tidies(options: dict[str, Any]) -> list[Tidy]:
    """The tables to be analysed: of a file one, of a study one a paradigm unless one is named."""
    path = Path(options["source"])
    if path.is_file():
        return [_with_options(_tidy_file(path, options), options)]
    named = options["paradigm"]
    if path.is_dir():
        paradigms = [named] if named else asked_paradigms(folder_definition(path))
        tidies = [tidy_folder(path, name) for name in paradigms]
    else:
        study = _study(options)
        paradigms = [named] if named else asked_paradigms(study.definition)
        tidies = [tidy_study(study, name) for name in paradigms]
    return [_with_options(tidy, options) for tidy in tidies]


def _study(options: dict[str, Any]) -> Study:
    return chosen_study(options["source"], _kind(options))


def _add_recovery(found: dict[str, Any], options: dict[str, Any]) -> list[str]:
    """Whether the truth of simulated people is found again, where their truth is known."""
    if found["outcome"] == "value":
        return []
    found["recovery"] = recovery(known_means(_study(options), found["paradigm"]), found)
    return list(recovery_lines(found["recovery"]))


def _json(found: list[dict[str, Any]]) -> str:
    if len(found) > 1:
        names = " and ".join(one["paradigm"] for one in found)
        raise TidyError(f"a JSON file holds one paradigm, here are {names}: say --paradigm")
    return results_json(found[0])


def _report(found: list[dict[str, Any]], options: dict[str, Any]) -> str:
    """The report as HTML: of a table from elsewhere without a design and pictures."""
    record = _record(options)
    title = Path(options["source"]).name if record is None else record.facts["title"]
    return report_html(found, record, title=title)


def _record(options: dict[str, Any]) -> StudyRecord | None:
    """Design and pictures; None of a table from elsewhere."""
    path = Path(options["source"])
    if path.is_file():
        return None
    return record_of_bundle(path) if path.is_dir() else record_of_study(_study(options))


def _tidy_file(path: Path, options: dict[str, Any]) -> Tidy:
    chance = options["chance"]
    if chance is not None and not 0 < chance < 1:
        raise TidyError("--chance is a share between 0 and 1, such as 0.5")
    return tidy_file(path, paradigm=options["paradigm"], chance=chance)


def _with_options(tidy: Tidy, options: dict[str, Any]) -> Tidy:
    name = options["reference"]
    return tidy if name is None else tidy.with_reference(name)


def _kind(options: dict[str, Any]) -> StudyKind:
    if options["simulated"]:
        return StudyKind.SIMULATED
    return StudyKind.PILOT if options["pilot"] else StudyKind.REAL
