"""What is wrong with the way back to a panel, as far as the study file tells."""

import re
from collections.abc import Iterator

from .rules import Complaint, Rule, rule
from .study import Definition

# A page to send people to, which their code is added to
ADDRESS = re.compile(r"https://[^\s/?#]+\S*")
# Where a panel's address has the code, if not at its end
CODE_PLACE = "{code}"


def panel_rules(definition: Definition) -> Iterator[Rule]:
    yield rule(_address_complaints(definition), "panel")
    yield rule(_connect_complaints(definition), "panel")


def _address_complaints(definition: Definition) -> Iterator[Complaint]:
    redirect = definition.panel.redirect
    if definition.panel.redirect_seconds is not None and redirect is None:
        key = ("panel", "redirect_seconds")
        yield key, "`panel.redirect_seconds` needs `panel.redirect`; say where people should go"
    if redirect is not None and not ADDRESS.fullmatch(redirect):
        yield (
            ("panel", "redirect"),
            "`panel.redirect` must be a complete address without spaces that begins with https:// "
            "and names a host; copy it from the panel's page",
        )


def _connect_complaints(definition: Definition) -> Iterator[Complaint]:
    """Connect captures the code when somebody opens its address, which has the code inside."""
    redirect, codes = definition.panel.redirect, definition.panel.codes
    if redirect is None or definition.panel.kind != "connect":
        return
    if CODE_PLACE not in redirect:
        yield (
            ("panel", "redirect"),
            "`panel.redirect`: Connect's address has the code inside; write {code} in its place, "
            "as in https://connect.cloudresearch.com/participant/project/{code}/complete",
        )
    if codes.complete is None:
        yield (
            ("panel", "codes"),
            "`panel.redirect` of Connect needs `panel.codes.complete`; copy the code from the "
            "Redirect URL that Connect shows",
        )
