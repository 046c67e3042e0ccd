"""`manage.py healthy site|worker`: does the process beside this one work? For health checks."""

import os
import socket
from argparse import ArgumentParser
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from studyapp.health import alive_workers


class Command(BaseCommand):
    help = "Say whether the site or the worker on this machine works; fails where it does not."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("process", choices=["site", "worker"])

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_site() if options["process"] == "site" else _worker())


def _site() -> str:
    """The site's own account of itself, asked as its proxy would."""
    address = f"127.0.0.1:{os.environ.get('BIND', '127.0.0.1:8000').rpartition(':')[2]}"
    host = settings.ALLOWED_HOSTS[0].lstrip(".")
    try:
        reply = requests.get(f"http://{address}/healthz", headers={"Host": host}, timeout=4)
    except requests.RequestException as error:
        raise CommandError(f"the site does not answer at {address}: {error}") from error
    if reply.status_code != 200:
        raise CommandError(f"the site is not well ({reply.status_code}): {reply.text[:200]}")
    return reply.text


def _worker() -> str:
    here = alive_workers().filter(worker__startswith=f"{socket.gethostname()}/")
    if (found := here.first()) is None:
        raise CommandError("no worker on this machine was heard of in the last minute")
    return f"{found}: {found.doing or 'waiting'}"
