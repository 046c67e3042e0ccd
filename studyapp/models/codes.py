"""Unguessable names for what a browser or a stranger may see."""

import secrets


def new_code() -> str:
    """A fresh 128-bit code, safe in an address (22 characters)."""
    return secrets.token_urlsafe(16)
