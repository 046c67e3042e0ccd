"""`manage.py healthy site|worker`: does the process beside this one work?

Containers ask the same by `python -m studyapp.serving.healthcheck`, which costs a tenth of it.
"""

import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.serving import healthcheck
from studyapp.serving.health import alive_workers


class Command(BaseCommand):
    help = "Say whether the site or the worker on this machine works; fails where it does not."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("process", choices=["site", "worker"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(healthcheck.site() if options["process"] == "site" else _worker())
        except healthcheck.Unwell as error:
            raise CommandError(str(error)) from error


def _worker() -> str:
    here = alive_workers().filter(worker__startswith=f"{socket.gethostname()}/")
    if (found := here.first()) is None:
        raise CommandError("no worker on this machine has reported in the last minute")
    return f"{found}: {found.doing or 'waiting'}"
