"""Text that only this site can read again, and that nobody can change: Fernet with its secret keys.

Signing (`django.core.signing`) keeps a text from being changed; it does not hide it.
"""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unsealable(ValueError):
    """A text that this site did not seal for this purpose, or that is too old."""


def seal(text: str, purpose: str) -> str:
    """`text` as a token of the letters of a URL; only `unseal` with the same purpose reads it."""
    return _keys(purpose, _secrets()).encrypt(text.encode()).decode()


def unseal(token: str, purpose: str, max_age: int | None = None) -> str:
    """The text of `token`. max_age: in seconds; None: however old.

    By the present secret key, and by those of before. Raises Unsealable.
    """
    try:
        return _keys(purpose, _secrets()).decrypt(token.encode(), ttl=max_age).decode()
    except InvalidToken as error:
        raise Unsealable("this token is not of this site, or too old") from error


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=64)
def _keys(purpose: str, secrets: tuple[str, ...]) -> MultiFernet:
    """One key for each secret, and others for each purpose."""
    digests = [hashlib.sha256(f"{purpose}\n{one}".encode()).digest() for one in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
