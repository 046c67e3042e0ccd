"""`manage.py analyse SLUG|FILE`: every paradigm with honest intervals.

An argument that names a path is a bundle's folder or a tidy CSV, which need neither the database
nor any setting; anything else is a study's slug.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.analyses.choice import ChoiceError
from studyapp.analyses.figures.drawing import FORMS
from studyapp.analyses.figures.files import write_figures
from studyapp.analyses.reports import record_of_bundle, record_of_study, report_figures, report_html
from studyapp.analyses.reports.verdicts import verdict_lines
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import folder_definition, tidy_folder, tidy_study
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Tidy, TidyError, asked_paradigms, tidy_file
from studyapp.management.verbs.base import chosen_study, kind_arguments
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
        kind_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            analysed: list[dict[str, Any]] = []
            lines: list[str] = []
            for tidy in _tidies(options):
                if options["reference"] is not None:
                    tidy = tidy.with_reference(options["reference"])
                found = results(tidy)
                analysed.append(found)
                lines += summary(found)
                # Whether the analysis finds what is known of simulated people
                if options["simulated"] and found["outcome"] != "value":
                    known = known_means(chosen_study(options), found["paradigm"])
                    found["recovery"] = recovery(known, found)
                    lines += recovery_lines(found["recovery"])
            lines[:0] = verdict_lines(analysed)
            try:
                _write(analysed, options)
            finally:
                # Last of all: `| head` ends the command as soon as it has read enough
                self.stdout.write("\n".join(lines))
        except (ChoiceError, TidyError, OSError) as error:
            raise CommandError(str(error)) from error


def _tidies(options: dict[str, Any]) -> list[Tidy]:
    """The tables to be analysed: one for a file; one for each paradigm of a study, or the one that
    is named."""
    path, named, chance = Path(options["source"]), options["paradigm"], options["chance"]
    if path.is_file():
        if chance is not None and not 0 < chance < 1:
            raise TidyError("--chance must be a share between 0 and 1, such as 0.5")
        return [tidy_file(path, paradigm=named, chance=chance)]
    if path.is_dir():
        paradigms = [named] if named else asked_paradigms(folder_definition(path))
        return [tidy_folder(path, name) for name in paradigms]
    study = chosen_study(options)
    paradigms = [named] if named else asked_paradigms(study.definition)
    return [tidy_study(study, name) for name in paradigms]


def _write(analysed: list[dict[str, Any]], options: dict[str, Any]) -> None:
    """The files that were asked for; a table from elsewhere has no design and no pictures."""
    if options["json"] is not None:
        if len(analysed) > 1:
            names = " and ".join(one["paradigm"] for one in analysed)
            raise TidyError(
                f"a JSON file holds one paradigm, but there are {names}: name one with --paradigm"
            )
        options["json"].write_text(results_json(analysed[0]), encoding="utf-8")
    if options["html"] is None and options["figures"] is None:
        return
    path, record = Path(options["source"]), None
    if path.is_dir():
        record = record_of_bundle(path)
    elif not path.is_file():
        record = record_of_study(chosen_study(options))
    if options["html"] is not None:
        title = path.name if record is None else record.facts["title"]
        page = report_html(analysed, record, title=title)
        options["html"].write_text(page, encoding="utf-8")
    if options["figures"] is not None:
        write_figures(report_figures(analysed, record), options["figures"], FORMS)
