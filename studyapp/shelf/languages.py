"""The languages that participants' pages can speak, and who has read their words.

Beside every folder of catalogues stands `django.pot`, the list of all its texts. A language is
offered once each folder has every one of them in it, so that no page is half in English.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polib
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils import translation
from django.utils.translation import to_locale
from django.utils.translation.trans_real import parse_accept_lang_header

SOURCE = "en"
TEMPLATE = "django.pot"
# Who has read which language's words
REGISTER = Path(__file__).parents[1] / "locale" / "checked.toml"
# Django knows Chinese by its characters, people and browsers by countries too.
SIMPLIFIED = ("zh", "zh-cn", "zh-sg", "zh-my", "zh-hans")
# So far from the Portuguese of the pages that people would take it for bad Portuguese
ANOTHER_PORTUGUESE = "pt-br"


@dataclass(frozen=True)
class PageLanguage:
    """A language of the pages.

    code: Django's. own_name: what its speakers call it. missing: texts that it lacks. checked: a
    native speaker has read the words on the pages. note: what is to be known about them.
    """

    code: str
    name: str
    own_name: str
    is_right_to_left: bool
    missing: int
    checked: bool
    note: str

    @property
    def is_offered(self) -> bool:
        return not self.missing


@lru_cache(maxsize=1)
def page_languages() -> dict[str, PageLanguage]:
    """Every language of the setting LANGUAGES by its code, in its order; read once a process."""
    register = tomllib.loads(REGISTER.read_text("utf-8"))
    return {
        code: PageLanguage(
            code=code,
            name=LANG_INFO[code]["name"],
            own_name=own_name,
            is_right_to_left=LANG_INFO[code]["bidi"],
            missing=missing_texts(code, map(Path, settings.LOCALE_PATHS)),
            checked=register[code]["checked"],
            note=register[code].get("note", ""),
        )
        for code, own_name in settings.LANGUAGES
    }


def missing_texts(code: str, folders: Iterable[Path]) -> int:
    """How many texts of the folders' templates the compiled catalogues of a language lack."""
    if code == SOURCE:
        return 0
    return sum(_missing_in(folder, code) for folder in folders)


def _missing_in(folder: Path, code: str) -> int:
    compiled = folder / to_locale(code) / "LC_MESSAGES" / "django.mo"
    if not compiled.is_file():
        return len(polib.pofile(str(folder / TEMPLATE)))
    held = {
        (entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")
        for entry in polib.mofile(str(compiled))
        if all(entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr])
    }
    asked = {
        (entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")
        for entry in polib.pofile(str(folder / TEMPLATE))
    }
    return len(asked - held)


def offered_languages() -> list[PageLanguage]:
    return [one for one in page_languages().values() if one.is_offered]


def pages_of(tag: str) -> str:
    """The code of the pages for a language's tag (BCP 47): `de` for `de-AT`, `zh-hans` for `zh-CN`.

    Empty where the pages don't know the language. Neither Brazilian Portuguese nor traditional
    Chinese characters are what the pages have, so that nobody declares them by mistake.
    """
    known = {code for code, _ in settings.LANGUAGES}
    asked = tag.replace("_", "-").lower()
    if asked in known:
        return asked
    base = asked.partition("-")[0]
    if base == "zh":
        is_simplified = asked in SIMPLIFIED or asked.startswith("zh-hans-")
        return "zh-hans" if is_simplified else ""
    if asked == ANOTHER_PORTUGUESE or base not in known:
        return ""
    return base


def why_not_spoken(tag: str) -> str:
    """Why pages can't be in a language, and what to do; empty where they can."""
    code = pages_of(tag)
    if code and (missing := page_languages()[code].missing):
        return (
            f"{missing} of the pages' texts {'is' if missing == 1 else 'are'} missing in "
            f"{page_languages()[code].name}; {_offer()}"
        )
    return "" if code else f"the pages are not translated into it; {_offer()}"


def unchecked(tags: Iterable[str]) -> list[str]:
    """A sentence for each language whose words on the pages no native speaker has read."""
    languages = [page_languages()[code] for code in map(pages_of, tags) if code]
    return [
        f"no native speaker has checked the pages' {one.name} words: read them in the preview"
        for one in languages
        if not one.checked
    ]


def _offer() -> str:
    codes = [one.code for one in offered_languages()]
    return f"use {' or '.join(codes)}. Your own texts may be in any language"


def active_code(tag: str) -> str:
    """What Django is told to speak: the tag itself, so that pages say it; Chinese by characters."""
    code = pages_of(tag)
    return code if code == "zh-hans" else tag.replace("_", "-").lower()


def own_name(tag: str) -> str:
    """What speakers call a language, with the country of a variant of it."""
    name = dict(settings.LANGUAGES).get(pages_of(tag), tag)
    return name if pages_of(tag) == tag else f"{name} ({tag.partition('-')[2].upper()})"


def speaking(tag: str) -> translation.override:
    """The context in which pages' words are those of a language."""
    return translation.override(active_code(tag))


def wanted_by_browser(accepted: str, among: Iterable[str]) -> str:
    """The first of a browser's languages (its header Accept-Language) that is among some tags.

    Brazilians get the pages' Portuguese before the English that they may not read. Empty where
    none is.
    """
    by_code = {pages_of(tag): tag for tag in reversed(list(among))}
    for tag, _ in parse_accept_lang_header(accepted):
        code = "pt" if tag == ANOTHER_PORTUGUESE else pages_of(tag)
        if code in by_code:
            return by_code[code]
    return ""
