"""What is wrong with one value of a study file, in words: the checker's own are for programmers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from studyapp.sections.base import NAME_PATTERN, SHA256_PATTERN, SLUG_PATTERN, TEXT_NAME
from studyapp.shelf.likely_names import did_you_mean

# Characters of a given value that a complaint repeats
MOST_SHOWN = 80
PATTERNS = {
    SLUG_PATTERN: "use at most 80 lowercase letters a–z, digits and hyphens, a letter first",
    NAME_PATTERN: "use at most 60 lowercase letters a–z, digits and underscores, a letter first",
    SHA256_PATTERN: "use the SHA-256 of a file: 64 digits and letters a–f",
    TEXT_NAME.pattern: "use letters, digits, hyphens and underscores, a letter first",
}
# By the kind of the checker's error; the fields are those of its context
SENTENCES = {
    "string_type": "write a text, between quotes",
    "string_too_short": "is empty; write a text",
    "int_type": "write a whole number, without quotes",
    "int_from_float": "write a whole number",
    "float_type": "write a number, without quotes",
    "finite_number": "use a finite number",
    "bool_type": "write true or false, without quotes",
    "list_type": "write a list, in square brackets",
    "dict_type": "write a section, with keys and values",
    "model_type": "write a section, with keys and values",
    "too_short": "list at least {min_length}",
    "too_long": "list at most {max_length}",
    "greater_than_equal": "use {ge} or more",
    "greater_than": "use more than {gt}",
    "less_than_equal": "use {le} or less",
    "less_than": "use less than {lt}",
}


def in_words(complaint: Mapping[str, Any], known: Sequence[str]) -> str:
    """The fix for a value that pydantic refuses. `known`: the names that its key may have."""
    kind, given, context = complaint["type"], complaint["input"], complaint.get("ctx", {})
    if kind == "missing":
        return "is missing; add it"
    # The words of which a key takes one, where it takes only those
    names = re.findall(r"'([^']+)'", str(context.get("expected", ""))) or known
    if names and isinstance(given, str):
        # As names are written here: "Grad-CAM" is close to grad_cam
        plain = given.casefold().replace("-", "_").replace(" ", "_")
        return f"{_short(given)} is unknown; {did_you_mean(plain, names)}"
    if kind == "literal_error":
        return f"use one of {', '.join(names)}"
    shown = f" (given: {_short(given)})" if isinstance(given, str | int | float) else ""
    if kind.startswith("date"):
        return f"write a date as 2027-03-31{shown}"
    if words := PATTERNS.get(context.get("pattern", "")):
        return f"{words}{shown}"
    if sentence := SENTENCES.get(kind):
        return f"{sentence.format_map(context)}{shown}"
    told = str(complaint["msg"]).removeprefix("Value error, ")
    return f"{told[0].lower()}{told[1:]}{shown}"


def _short(given: str | int | float) -> str:
    text = repr(given)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
