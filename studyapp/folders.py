"""Where each kind of question keeps its page, its static files and its translations: in its folder.

Settings read this before Django is there, so that nothing is imported.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def folder_of(dotted: str) -> Path:
    """The folder of the package `dotted`; ImproperlyConfigured where there is none."""
    top, *inside = dotted.split(".")
    spec = find_spec(top)
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        folder = Path(place, *inside)
        if (folder / "question.py").is_file():
            return folder
    raise ImproperlyConfigured(f"PARADIGMS: there is no {dotted}/question.py; correct the name")


def page_folders(paradigms: Iterable[str]) -> list[Path]:
    """What finds NAME/page.html, for the DIRS of participants' pages."""
    return list(dict.fromkeys(folder_of(dotted).parent for dotted in paradigms))


def static_folders(paradigms: Iterable[str]) -> list[tuple[str, Path]]:
    """What serves paradigms/NAME/…, for STATICFILES_DIRS."""
    return [
        (f"paradigms/{folder.name}", folder / "static")
        for folder in map(folder_of, paradigms)
        if (folder / "static").is_dir()
    ]


def locale_folders(paradigms: Iterable[str]) -> list[Path]:
    """The catalogues that paradigms bring, for LOCALE_PATHS."""
    return [path for dotted in paradigms if (path := folder_of(dotted) / "locale").is_dir()]
