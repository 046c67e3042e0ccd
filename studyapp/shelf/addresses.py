"""The addresses of pages and of static files, each looked up once."""

from functools import lru_cache

from django.templatetags import static as static_tag
from django.urls import get_script_prefix, reverse

# Some 200 bytes each; a page names some ten
REMEMBERED = 20_000


@lru_cache
def static(path: str) -> str:
    """The address of a static file, which never changes while a process runs."""
    return static_tag.static(path)


def url(name: str, *args: str) -> str:
    """The address called `name` in `studyapp.urls`."""
    return _under(get_script_prefix(), name, args)


@lru_cache(maxsize=REMEMBERED)
def _under(prefix: str, name: str, args: tuple[str, ...]) -> str:
    """Under the `prefix` that is active, below which the server may have put the site."""
    return reverse(name, args=args)
