"""How participants' pages are written: Jinja2, through Django's own backend.

The desk and the reports stay with Django's templates: the admin's own pages are written in them.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.template.defaultfilters import floatformat
from django.utils import translation
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from jinja2 import Environment, StrictUndefined

from studyapp.folders import folder_of

from .addresses import static, url
from .static_version import static_version, versioned

# The engine's name in the setting TEMPLATES
PAGES = "pages"


def environment(**options: Any) -> Environment:
    """What pages are compiled with: a name that no view gave is an error, not an empty place.

    Words are looked up when a page is written, in the language that is active then.
    """
    options |= {"autoescape": True, "undefined": StrictUndefined}
    options |= {"extensions": ["jinja2.ext.i18n"]}
    # autoescape is among the options.
    made = Environment(**options)  # nosec B701
    made.globals.update(
        {
            "_": translation.gettext,
            "gettext": translation.gettext,
            "ngettext": translation.ngettext,
            "get_language": translation.get_language,
            "get_language_bidi": translation.get_language_bidi,
            "static": static,
            "url": url,
            "versioned": versioned,
        }
    )
    made.filters.update({"capfirst": capfirst, "date": written, "floatformat": floatformat})
    return made


def written(moment: date, form: str) -> str:
    """A day or a moment, in the site's time zone, as the active language writes `form`: a name such
    as DATE_FORMAT, or Django's letters."""
    return date_format(localtime(moment) if isinstance(moment, datetime) else moment, form)


def preload() -> None:
    """Compile every page, so that no person waits for it, and keep the version of the scripts that
    the pages are written for: later the folder may hold those of the next release."""
    static_version()
    pages = engines[PAGES]
    assert isinstance(pages, Jinja2)
    shared = Path(__file__).parents[1] / "jinja2"
    folders = [shared / "participants", *map(folder_of, settings.PARADIGMS)]
    for page in (page for folder in folders for page in folder.glob("*.html")):
        pages.env.get_template(f"{page.parent.name}/{page.name}")
