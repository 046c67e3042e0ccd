"""Links that a researcher sends to each person: an id, signed, so that nobody can make up one."""

from django.core.signing import BadSignature, Signer

from .base import DAMAGED, DamagedLink, Panel


def signed(door: str, person: str) -> str:
    """The parameter `participant` of the link of `person` through a `signed_door`."""
    return _signer(door).sign(person)


def read(door: str, text: str) -> str:
    """The id in a signed parameter; DamagedLink for any other text."""
    try:
        return _signer(door).unsign(text)
    except BadSignature as error:
        raise DamagedLink(DAMAGED) from error


def _signer(door: str) -> Signer:
    # A link to one study, or to one of its sites, opens no other.
    return Signer(salt=f"discern.participations.personal.{door}")


PANEL = Panel("personal", "participant", read=read, signs=True, title="the personal links")
