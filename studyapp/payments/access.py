"""A researcher's token for one study at one panel: kept sealed, used, removed, and never shown."""

import logging
from collections.abc import Mapping
from decimal import Decimal

from studyapp.models import Member, PanelAccess, Role, Study
from studyapp.shelf.sealing import Unsealable, seal, unseal
from studyapp.studies.definition.study import study_definition

from .base import Api, Expected, HasCodes, PanelApi
from .line import PanelError, Refused
from .prolific import Prolific
from .sona import Sona

APIS: Mapping[str, Api] = {"prolific": Prolific, "sona": Sona}
LONGEST_TOKEN = 500
logger = logging.getLogger(__name__)


class NoAccess(PanelError):
    """The study has no token for the panel, or one that can't be read any more."""


def give_token(study: Study, source: str, token: str, by: str) -> str:
    """Keep `token`, after the panel was asked whose it is; that person, in the panel's words.

    Replaces one that was given before. Raises PanelError, and keeps nothing then.
    """
    token = token.strip()
    if source not in APIS:
        raise Refused(f"this site can't call {source}; it can call {', '.join(APIS)}")
    if not token or len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable():
        raise Refused("this is not a token; copy it from the panel as one line")
    owner = APIS[source](token).whose()
    values = {"sealed_token": seal(token, _purpose(study, source)), "given_by": by, "problem": ""}
    PanelAccess.objects.update_or_create(study=study, source=source, defaults=values)
    return owner


def remove_token(study: Study, source: str) -> bool:
    """Forget the token and the secret of the panel's messages; whether there was one."""
    return bool(PanelAccess.objects.filter(study=study, source=source).delete()[0])


def access_of(study: Study, source: str) -> PanelAccess:
    """Raises NoAccess."""
    access = PanelAccess.objects.filter(study=study, source=source).first()
    if access is None:
        raise NoAccess(f"{study.slug} has no token for {source}; give it one first")
    return access


def api_of(access: PanelAccess) -> PanelApi:
    """The panel's API with the study's token. Raises NoAccess if the token can't be unsealed."""
    return APIS[access.source](_unsealed(access.sealed_token, access))


def keep_subscription(access: PanelAccess, number: str, secret: str) -> None:
    access.subscription = number
    access.sealed_secret = seal(secret, _purpose(access.study, access.source))
    access.save(update_fields=["subscription", "sealed_secret"])


def message_secrets(source: str) -> dict[str, set[int]]:
    """What the panel signs its messages with, and the keys of the studies of which each may tell:
    one that subscribed, and others of its owners, since a subscription is of a whole workspace.

    A secret that can't be unsealed any more is left out, so that the others go on to be heard.
    """
    found: dict[str, set[int]] = {}
    for access in PanelAccess.objects.filter(source=source).exclude(sealed_secret=""):
        try:
            secret = _unsealed(access.sealed_secret, access)
        except NoAccess as error:
            logger.warning("messages of %s are not heard: %s", source, error)
            continue
        owners = Member.objects.filter(study=access.study_id, role=Role.OWNER).values("user")
        theirs = Member.objects.filter(user__in=owners, role=Role.OWNER)
        studies = theirs.values_list("study", flat=True)
        found.setdefault(secret, set()).update([access.study_id, *studies])
    return found


def complaints(access: PanelAccess) -> list[str]:
    """Where the panel's study differs from the study file; PanelError if it can't be read."""
    api, definition = api_of(access), study_definition(access.study)
    if not isinstance(api, HasCodes):
        raise Refused(f"{access.source} does not tell its completion codes")
    pay = definition.pay
    expected = Expected(
        slug=access.study.slug,
        codes=definition.panel.codes.model_dump(exclude_none=True),
        pay=Decimal(str(pay.amount)) if pay is not None else None,
        part=Decimal(str(pay.partial)) if pay is not None else Decimal(0),
        currency=pay.currency if pay is not None else "",
    )
    studies = panel_studies(access)
    if not studies:
        raise Refused("nobody has come from the panel yet, so its study is not known; open the "
                      "link once from the panel's preview")  # fmt: skip
    return [one for study in studies for one in api.complaints(study, expected)]


def panel_studies(access: PanelAccess) -> list[str]:
    """The panel's own ids of the studies from which this study's people came."""
    visits = access.study.participations.filter(participant__source=access.source)
    found = visits.exclude(visits__panel_study="").values_list("visits__panel_study", flat=True)
    return sorted({one for one in found if one})


def _unsealed(text: str, access: PanelAccess) -> str:
    try:
        return unseal(text, _purpose(access.study, access.source))
    except Unsealable as error:
        raise NoAccess(
            f"the token for {access.source} can't be read any more, because the site's secret key "
            "has changed; enter it again"
        ) from error


def _purpose(study: Study, source: str) -> str:
    return f"panel token {source} {study.pk}"
