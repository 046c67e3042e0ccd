"""What a public bundle must not contain: panel ids, e-mail addresses and IP addresses.

Finding none does not make the data anonymous; the README of a bundle says so.
"""

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path

from studyapp.models import PanelIdentity, PanelVisit, Participation, Study

TABLES = ("data", "analysis", "wide")
SHORTEST_ID = 4
TOKEN = re.compile(r"[^\s,;\"'(){}\[\]<>=|]+")
EMAIL = re.compile(r"[^@\s:/]+@[^@\s]+\.[a-zA-Z]{2,}")
ADDRESS = re.compile(r"[0-9a-fA-F.:]{7,45}")


def found_identities(study: Study, folder: Path) -> Iterator[str]:
    """Every place in the tables, and in those made of them, that identifies a person, a sentence
    each.

    The materials are the researcher's own texts, which name contacts on purpose; the sidecars
    are the same for every study.
    """
    ids = panel_ids(study)
    tables = (path for name in TABLES for path in sorted((folder / name).glob("*.csv")))
    for path in tables:
        with path.open(encoding="utf-8", newline="") as lines:
            for number, line in enumerate(lines, 1):
                for what in _in_line(line, ids):
                    yield f"{what} in {path.name}, line {number}"


def panel_ids(study: Study) -> set[str]:
    """Every panel id of the study's people that is long enough not to be an ordinary word."""
    people = Participation.objects.filter(study=study)
    identities = PanelIdentity.objects.filter(participant__participations__study=study)
    visits = PanelVisit.objects.filter(participation__in=people)
    found = set(identities.values_list("external_id", flat=True))
    found.update(*visits.values_list("session", "panel_study"))
    return {one for one in found if len(one) >= SHORTEST_ID}


def _in_line(line: str, ids: set[str]) -> Iterator[str]:
    for token in TOKEN.findall(line):
        if token in ids:
            yield "a panel id"
        elif EMAIL.fullmatch(token):
            yield "an e-mail address"
        elif ADDRESS.fullmatch(token) and _is_address(token):
            yield "an IP address"


def _is_address(token: str) -> bool:
    try:
        ipaddress.ip_address(token)
    except ValueError:
        return False
    return True
