"""Unguessable names for what a browser or a stranger may see."""

import re
import secrets

PATTERN = "[A-Za-z0-9_-]{22}"


def new_code() -> str:
    """A fresh 128-bit code, safe in an address (22 characters)."""
    return secrets.token_urlsafe(16)


def is_code(text: str) -> bool:
    """Whether `text` could be such a code at all; what could not is never asked of the database."""
    return re.fullmatch(PATTERN, text) is not None
