"""The form of a page, found with regular expressions: a parser would cost more than the site."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from random import Random
from urllib.parse import urlencode

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL | re.IGNORECASE)
FIELD = re.compile(r"<(input|select|textarea|button)\b([^>]*)>", re.IGNORECASE)
OPTION = re.compile(r"<option\b([^>]*)>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w.-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
TEXT = "I looked at what was marked."


@dataclass(frozen=True)
class Form:
    """Where a form is posted to ("" = to its page), and the fields that stand in it."""

    action: str
    fields: list[tuple[str, str, str]]

    def filled(self, known: Mapping[str, str], random: Random) -> bytes:
        """A body with every field: choices by chance, hidden ones as they are unless `known`."""
        choices: dict[str, list[str]] = {}
        given: dict[str, str] = {}
        for kind, name, value in self.fields:
            if kind == "radio" or (kind == "submit" and value):
                choices.setdefault(name, []).append(value)
            elif kind == "text":
                given[name] = TEXT
            else:
                given[name] = value or known.get(name, "")
        given.update({name: random.choice(values) for name, values in choices.items()})
        return urlencode(given).encode()


def first_form(page: str) -> Form | None:
    """The first form of a page that is posted; None where there is none."""
    for head, inside in FORM.findall(page):
        facts = attributes(head)
        if facts.get("method", "").lower() == "post":
            return Form(facts.get("action", ""), list(fields(inside)))
    return None


def fields(inside: str) -> list[tuple[str, str, str]]:
    """(kind, name, value) of each field; kinds are radio, checkbox, text, submit and hidden."""
    found = []
    for match in FIELD.finditer(inside):
        facts = attributes(match[2])
        if not (name := facts.get("name")):
            continue
        tag = match[1].lower()
        if tag == "select":
            end = inside.find("</select>", match.end())
            options = OPTION.findall(inside[match.end() : end])
            found += [("radio", name, attributes(one).get("value", "")) for one in options]
            continue
        kind = {"textarea": "text", "button": "submit"}.get(tag, facts.get("type", "text").lower())
        value = facts.get("value", "on" if kind == "checkbox" else "")
        found.append((kind, name, value))
    return found


def attributes(text: str) -> dict[str, str]:
    found = {}
    for name, double, single, bare in ATTRIBUTE.findall(text):
        value = double or single or bare
        found[name.lower()] = unescape(value) if "&" in value else value
    return found
