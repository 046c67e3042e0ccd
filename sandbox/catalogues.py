"""The texts of participants' pages as translators get them: `python -m sandbox.catalogues`.

Beside each catalogue stands `django.pot` with every text that its code and pages have, found as
Django's own `makemessages` finds them (GNU gettext's xgettext), to which a page is shown as the
calls that Jinja2 finds in it. The command writes these templates, gives each translation the texts
that are new, drops those that are gone, and compiles it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib
from jinja2 import Environment

REPOSITORY = Path(__file__).parents[1]
# Where people's pages come from
ROOMS = (REPOSITORY / "studyapp", REPOSITORY / "tests" / "own_paradigm")
TEMPLATE = "django.pot"
# The desk's pages and reports are in English; translations and files that are served have no texts
NOT_PAGES = {"admin", "templates", "locale", "static", "migrations", "__pycache__"}
# What a page is called where xgettext reads it
AS_CODE = ".html.py"
PAGES = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
# Without dates and authors: the same texts give the same file
HEADER = {
    "Project-Id-Version": "Discern",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}


def locale_folders() -> list[Path]:
    """Every folder of catalogues: that of all pages, and those that paradigms bring."""
    return sorted(path for room in ROOMS for path in room.rglob("locale") if path.is_dir())


def catalogues() -> list[Path]:
    """Every translation that there is: `…/locale/de/LC_MESSAGES/django.po`."""
    return sorted(path for one in locale_folders() for path in one.glob("*/LC_MESSAGES/django.po"))


def extracted() -> dict[Path, polib.POFile]:
    """The texts by the folder of catalogues that they belong to, sorted.

    Raises CalledProcessError with gettext's words where a text can't be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for room in ROOMS:
            copy = Path(scratch, room.relative_to(REPOSITORY))
            shutil.copytree(room, copy, ignore=_all_but_sources)
            for page in copy.rglob("*.html"):
                page.with_suffix(AS_CODE).write_text(_as_code(page), "utf-8")
                page.unlink()
        for folder in locale_folders():
            Path(scratch, folder.relative_to(REPOSITORY)).mkdir(exist_ok=True)
        # `-l xx`: any language, whose file is then not used
        subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "--locale=xx", "--keep-pot",
             "--no-wrap", "--add-location=file", "-v0"],
            cwd=scratch, env=_without_settings(), check=True, capture_output=True, text=True,
        )  # fmt: skip
        return {
            folder: _plain(Path(scratch, folder.relative_to(REPOSITORY), TEMPLATE))
            for folder in locale_folders()
        }


def _all_but_sources(folder: str, names: list[str]) -> list[str]:
    inside = Path(folder)
    return [
        name
        for name in names
        if name in NOT_PAGES or ((inside / name).is_file() and not name.endswith((".py", ".html")))
    ]


def _as_code(page: Path) -> str:
    """A page's texts as the calls that look them up, a line each."""
    found = PAGES.extract_translations(page.read_text("utf-8"))  # type: ignore[attr-defined]
    return "".join(f"{function}{_given(texts)}\n" for _line, function, texts in found)


def _given(texts: str | tuple[str | None, ...]) -> str:
    """Of a text with a plural the number too, which is no text."""
    return f"({texts!r})" if isinstance(texts, str) else f"({texts[0]!r}, {texts[1]!r}, 0)"


def _without_settings() -> dict[str, str]:
    """`makemessages` then takes the folders named locale that it finds, not this project's."""
    return {key: one for key, one in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}


def _plain(path: Path) -> polib.POFile:
    found = polib.pofile(str(path), wrapwidth=0)
    found.metadata = dict(HEADER)
    found.metadata_is_fuzzy = False
    found.header = "Every text of participants' pages: `python -m sandbox.catalogues` writes this."
    for entry in found:
        entry.occurrences = [
            (path.replace(AS_CODE, ".html"), line) for path, line in entry.occurrences
        ]
    found.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    return found


def write_templates() -> None:
    for folder, template in extracted().items():
        template.save(str(folder / TEMPLATE))


def bring_up_to_date(path: Path) -> int:
    """Give a translation the texts of its template, compile it, and say how many are missing."""
    folder = path.parents[2]
    translation = polib.pofile(str(path), wrapwidth=0)
    translation.merge(polib.pofile(str(folder / TEMPLATE)))
    for entry in translation.obsolete_entries():
        translation.remove(entry)
    forms = int(re.findall(r"nplurals=(\d+)", translation.metadata["Plural-Forms"])[0])
    for entry in translation:
        if entry.msgid_plural:
            # `merge` gives each text the two forms of English.
            said = entry.msgstr_plural
            entry.msgstr_plural = {form: said.get(form, "") for form in range(forms)}
    translation.save()
    translation.save_as_mofile(str(path.with_suffix(".mo")))
    return len(translation.untranslated_entries())


if __name__ == "__main__":
    write_templates()
    for catalogue in catalogues():
        print(f"{catalogue.relative_to(REPOSITORY)}: {bring_up_to_date(catalogue)} missing")
