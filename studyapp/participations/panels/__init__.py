"""Where people come from, and what an address says of them."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from studyapp.participations.refusals import ParticipationError
from studyapp.participations.sites import PARAMETER, signed_door
from studyapp.studies.definition.study import Definition

from . import connect, mturk, personal, prolific, sona
from .base import DAMAGED, DamagedLink, Panel, PreviewLink, UnfilledLink, Visit

PANELS: dict[str, Panel] = {
    panel.name: panel
    for panel in (prolific.PANEL, mturk.PANEL, connect.PANEL, sona.PANEL, personal.PANEL)
}
PLAIN = "link"


def title_of(source: str) -> str:
    """What people call a panel."""
    return PANELS[source].title if source in PANELS else source


class NotFromThePanel(ParticipationError):
    """The plain link of a study whose people come from a panel."""

    status_code = 403


def panel_visit(definition: Definition, query: Mapping[str, str]) -> Visit | None:
    """The visit that the parameters of a study's address tell of; None for the plain link.

    A study of the kind "link" is open to anybody, and recognises people whom a panel sends. A
    panel's study is open to those alone: NotFromThePanel for the plain link, DamagedLink for odd
    parameters, PreviewLink for the panel's own preview.
    """
    kind = definition.panel.kind
    site = query.get(PARAMETER, "")
    door = signed_door(definition.slug, site if definition.sites else "")
    if kind == PLAIN:
        found = (panel.visit(door, query) for panel in PANELS.values() if _may_send(panel, query))
        return next((visit for visit in found if visit is not None), None)
    visit = PANELS[kind].visit(door, query)
    if visit is None:
        raise NotFromThePanel(
            _("This address is incomplete. Please open the link exactly as you received it.")
        )
    return visit


def _may_send(panel: Panel, query: Mapping[str, str]) -> bool:
    return not panel.has_common_name or all(query.get(name) for name in panel.details)


__all__ = [
    "DAMAGED",
    "PANELS",
    "DamagedLink",
    "NotFromThePanel",
    "Panel",
    "PreviewLink",
    "UnfilledLink",
    "Visit",
    "panel_visit",
    "title_of",
]
