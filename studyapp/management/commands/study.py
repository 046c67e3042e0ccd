"""`manage.py study VERB …`: a study's life from the command line."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.management.verbs import VERBS
from studyapp.management.verbs.base import VerbError
from studyapp.studies.definition.file import DefinitionError
from studyapp.studies.design.draw import DesignError
from studyapp.studies.lifecycle import LifecycleError
from studyapp.studies.loading import LoadingError
from studyapp.studies.photos.preview import PreviewError
from studyapp.studies.photos.readers import ReaderError

SAID = (
    VerbError,
    DefinitionError,
    DesignError,
    PreviewError,
    LifecycleError,
    LoadingError,
    ReaderError,
)


class Command(BaseCommand):
    help = "Load, prepare, open, watch and close studies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for name, verb in VERBS.items():
            one = verbs.add_parser(name, help=verb.help)
            one.add_argument("--json", action="store_true", help="print the facts as JSON")
            verb.arguments(one)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            facts, lines = VERBS[options["verb"]].run(options)
        except SAID as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(facts, indent=2, sort_keys=True, default=str))
        for line in lines if not options["json"] else ():
            self.stdout.write(line)
        if count := len(facts.get("not_met", ())):
            raise CommandError(
                f"{count} {'goal is' if count == 1 else 'goals are'} not met, see above"
            )
