"""Unguessable names for what a browser or a stranger may see."""

import re
import secrets
import unicodedata

PATTERN = "[A-Za-z0-9_-]{22}"


def new_code() -> str:
    """A fresh 128-bit code, safe in an address (22 characters)."""
    return secrets.token_urlsafe(16)


def is_code(text: str) -> bool:
    """Whether `text` could be such a code at all; what could not is never asked of the database."""
    return re.fullmatch(PATTERN, text) is not None


# Crockford's letters and digits: nobody takes one for another
SPOKEN = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Of what somebody typed or pasted, so much is read
MOST_TYPED = 60
MISREAD = str.maketrans("ILO", "110")


def new_spoken_code() -> str:
    """A fresh 60-bit code that a person can copy by hand: three groups of four."""
    letters = "".join(secrets.choice(SPOKEN) for _ in range(12))
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))


def spoken_code(text: str) -> str:
    """The code that somebody typed, in whatever case, width and grouping; "" if it can't be one."""
    plain = unicodedata.normalize("NFKC", text[:MOST_TYPED])
    letters = "".join(one for one in plain if one.isalnum()).upper().translate(MISREAD)
    if len(letters) != 12 or set(letters) - set(SPOKEN):
        return ""
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))
