"""Which site of a study with several of them a link is for."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from studyapp.studies.definition.study import Definition

from .refusals import ParticipationError

PARAMETER = "site"


class UnknownSite(ParticipationError):
    """The link of a study with several sites names none of them."""

    status_code = 403


def named_site(definition: Definition, query: Mapping[str, str]) -> str:
    """The site that a link is for; empty for a study without sites.

    Raises UnknownSite where the study has sites and the link names none of them: nobody is told
    another site's approval and contact.
    """
    if not definition.sites:
        return ""
    named = query.get(PARAMETER, "")
    if named not in [one.name for one in definition.sites]:
        raise UnknownSite(
            _("This address is incomplete. Please open the link exactly as you received it.")
        )
    return named


def signed_door(slug: str, site: str) -> str:
    """What the signature of a personal link is for: a study, and one site of it if it has any."""
    return f"{slug}/{site}" if site else slug
