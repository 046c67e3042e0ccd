"""What the desk's templates have in common with people's pages.

`{% page_part "participants/words.html" words=words %}`, `{% versioned "studyapp/desk.css" %}`
"""

from typing import Any

from django.template import Library
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from studyapp.shelf.static_version import versioned
from studyapp.shelf.templates import PAGES

register = Library()
register.simple_tag(versioned)


@register.simple_tag
def page_part(name: str, **given: Any) -> SafeString:
    """The HTML of a part, which is Jinja2's, as a desk's page shows it."""
    # What the part's template has just escaped
    return mark_safe(render_to_string(name, given, using=PAGES))  # nosec B308 B703
