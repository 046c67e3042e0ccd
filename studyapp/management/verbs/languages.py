"""`study languages`: which languages participants' pages speak, and who has read their words."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from studyapp.shelf.languages import PageLanguage, offered_languages, page_languages

from .base import Verb


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--markdown", action="store_true", help="the table that docs/running-a-study.md has"
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    languages = list(page_languages().values())
    facts = {"languages": [asdict(one) for one in languages]}
    if options["markdown"]:
        return facts, table(offered_languages())
    return facts, [_line(one) for one in languages]


def table(languages: list[PageLanguage]) -> list[str]:
    """The lines of a Markdown table."""
    rows = [
        f"| `{one.code}` | {one.name} | {one.own_name} | {_state(one)} | {one.note} |"
        for one in languages
    ]
    return [
        "| `language` | in English | to its speakers | words of the pages | remarks |",
        "|---|---|---|---|---|",
        *rows,
    ]


def _state(language: PageLanguage) -> str:
    return "checked" if language.checked else "not checked by a native speaker"


def _line(language: PageLanguage) -> str:
    if not language.is_offered:
        return (
            f"{language.code}: {language.name}, not offered: {language.missing} texts are missing"
        )
    return f"{language.code}: {language.name}, {_state(language)}"


VERB = Verb("the languages of participants' pages, and who has checked their words", arguments, run)
