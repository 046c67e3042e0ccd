"""The CSV file that a researcher downloads from a panel: statuses, and results of its checks."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from studyapp.models import PanelVisit, StatusSource, Study, VisitStatus
from studyapp.participations.panels import connect, prolific

from .base import Told
from .line import Refused
from .polling import Poll, take_in_all

LONGEST_RESULT = 40


@dataclass(frozen=True)
class Export:
    """The names of a panel's columns, however they are spelled, and how it writes a status."""

    session: str
    status: str
    read: Callable[[str], VisitStatus | None]


EXPORTS = {
    "prolific": Export("Submission id", "Status", prolific.status_of),
    # What Connect calls its columns is not documented: any other file is refused
    "connect": Export("Assignment ID", "Status", connect.status_of),
}


def take_in_export(study: Study, source: str, text: str, exported_at: datetime) -> Poll:
    """Keep what the file says of the study's people, as of `exported_at`.

    Raises Refused, and keeps nothing, for a file that is not the panel's.
    """
    if source not in EXPORTS:
        raise Refused(f"files of {source} can't be read here; those of {', '.join(EXPORTS)} can")
    if exported_at > timezone.now():
        raise Refused("the file can't have been downloaded in the future; correct the time")
    form = EXPORTS[source]
    rows = list(_rows(text, form))
    told = [Told(row[form.session], form.read(row[form.status]), row[form.status]) for row in rows]
    found = take_in_all(study, source, told, exported_at, StatusSource.TYPED)
    _keep_authenticity(study, {row[form.session]: row for row in rows})
    return found


def _rows(text: str, form: Export) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restval="")
    wanted = {_plain(name): name for name in (form.session, form.status)}
    names = {name: wanted.get(_plain(name), name) for name in reader.fieldnames or ()}
    missing = set(wanted.values()) - set(names.values())
    if missing:
        raise Refused(
            f"the file has no column {' and no column '.join(sorted(missing))}; upload the "
            "panel's own export as it is"
        )
    for row in reader:
        yield {
            names[name]: value.strip() for name, value in row.items() if name and value is not None
        }


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _keep_authenticity(study: Study, rows: dict[str, dict[str, str]]) -> None:
    """Results of the panel's checks, from the columns that say “authenticity” in their names: one
    about bots, and one about texts. Prolific does not document what it calls them."""
    for visit in PanelVisit.objects.filter(participation__study=study, session__in=rows):
        results = {"authenticity_texts": "", "authenticity_bots": ""}
        for name, value in rows[visit.session].items():
            if "authenticity" in name.lower():
                about = "bots" if "bot" in name.lower() else "texts"
                results[f"authenticity_{about}"] = value[:LONGEST_RESULT]
        told = {name: value for name, value in results.items() if value}
        if told:
            PanelVisit.objects.filter(pk=visit.pk).update(**told)
