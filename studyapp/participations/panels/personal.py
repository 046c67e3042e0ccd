"""Links that a researcher sends to each person: an id, signed, so that nobody can make up one."""

from django.core.signing import BadSignature, Signer

from .base import DAMAGED, DamagedLink, Panel


def signed(slug: str, person: str) -> str:
    """The parameter `participant` of the link of `person` to the study called `slug`."""
    return _signer(slug).sign(person)


def read(slug: str, text: str) -> str:
    """The id in a signed parameter; DamagedLink for any other text."""
    try:
        return _signer(slug).unsign(text)
    except BadSignature as error:
        raise DamagedLink(DAMAGED) from error


def _signer(slug: str) -> Signer:
    # A link to one study opens no other.
    return Signer(salt=f"discern.participations.personal.{slug}")


PANEL = Panel("personal", "participant", read=read, signs=True)
