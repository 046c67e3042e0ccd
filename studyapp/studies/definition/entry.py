"""What is wrong with the rules of who may come, as far as the study file tells."""

from collections import Counter
from collections.abc import Iterator

from .rules import Complaint, Rule, rule
from .study import Definition

# Why people of a kind of panel can't be recognised in another study, and what to do
UNRECOGNISED = {
    "link": "people who come by the plain link have no id, so nobody is recognised; send them "
    'links of their own (panel.kind = "personal"), or use a panel that passes on their ids',
    "sona": "SONA does not promise that a person has the same code in two studies; set the "
    "prerequisites and disqualifiers of the study at SONA instead, or send links of your own "
    '(panel.kind = "personal")',
}


def entry_rules(definition: Definition) -> Iterator[Rule]:
    yield rule(_name_complaints(definition), "slug")
    yield rule(_panel_complaints(definition), "panel.kind")
    yield rule(_return_complaints(definition), "entry arms")


def _name_complaints(definition: Definition) -> Iterator[Complaint]:
    entry = definition.who_may_come
    for key, slugs in (("not_after", entry.not_after), ("only_after", entry.only_after)):
        path = ("entry", key)
        if definition.slug in slugs:
            yield (
                path,
                f"`entry.{key}` names this study itself, in which nobody takes part twice anyway; "
                "remove it",
            )
        for slug, count in Counter(slugs).items():
            if count > 1:
                yield path, f"`entry.{key}` names {slug} {count} times; name it once"
    for slug in entry.not_after:
        if slug in entry.only_after:
            yield (
                ("entry", "only_after"),
                f"{slug} is in both `entry.not_after` and `entry.only_after`, so none of its "
                "people could come; remove it from one of them",
            )


def _panel_complaints(definition: Definition) -> Iterator[Complaint]:
    entry, kind = definition.who_may_come, definition.panel.kind
    if entry.named and kind in UNRECOGNISED:
        key = "not_after" if entry.not_after else "only_after"
        yield ("entry", key), f'`entry.{key}` with panel.kind = "{kind}": {UNRECOGNISED[kind]}'


def _return_complaints(definition: Definition) -> Iterator[Complaint]:
    """Of coming back after another study."""
    entry = definition.who_may_come
    if not entry.only_after:
        asked = {"wait_days": entry.wait_days, "at_most_days": entry.at_most_days,
                 "arm": None if entry.arm == "any" else entry.arm}  # fmt: skip
        for key, value in asked.items():
            if value is not None:
                yield (
                    ("entry", key),
                    f"`entry.{key}` is about people who come after another study; name it in "
                    f"`entry.only_after`, or remove `{key}`",
                )
        return
    wait, most = entry.wait_days, entry.at_most_days
    if wait is not None and most is not None and most <= wait:
        yield (
            ("entry", "at_most_days"),
            f"`entry.at_most_days = {most}` leaves no time after `entry.wait_days = {wait}`, so "
            f"nobody could come; use {wait + 1} or more",
        )
    if entry.arm != "any" and len(definition.arms) < 2:
        yield (
            ("entry", "arm"),
            f'`entry.arm = "{entry.arm}"` needs several [[arms]]; add them, or remove `arm`',
        )
