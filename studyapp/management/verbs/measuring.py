"""`study measure SLUG`: the workers compute automatic metrics of what people judge."""

from typing import Any

from django.core.management import CommandError
from kombu.exceptions import OperationalError

from studyapp.models import MetricValue
from studyapp.queue import MEASURE, ask

from .base import Verb, find_study, slug_argument


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study = find_study(options["slug"])
    there = MetricValue.objects.filter(use__stimulus__study=study).count()
    try:
        ask(MEASURE, study.pk)
    except OperationalError as error:
        raise CommandError(
            "the broker can't be reached, so no worker was asked: start Redis, then ask again"
        ) from error
    facts = {"slug": study.slug, "values": there}
    return facts, [
        f"{study.slug}: {there} values are there; the workers were asked for the rest, "
        "the next report shows them beside people's judgments"
    ]


VERB = Verb("let the workers compute automatic metrics of the maps", slug_argument, run)
