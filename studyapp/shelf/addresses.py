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


# Codes of no row, by whose places in an address those of others are known
SAMPLES = ("-" * 21 + "0", "-" * 21 + "1")


def url(name: str, *args: str) -> str:
    """The address called `name` in `studyapp.urls`."""
    return _under(get_script_prefix(), name, args)


@lru_cache(maxsize=REMEMBERED)
def _under(prefix: str, name: str, args: tuple[str, ...]) -> str:
    """Under the `prefix` that is active, below which the server may have put the site."""
    return reverse(name, args=args)


def url_of_two(name: str, first: str, second: str) -> str:
    """As `url`, of two codes that stand together once or twice: nothing is remembered of them."""
    before, between, after = _around(get_script_prefix(), name)
    return f"{before}{first}{between}{second}{after}"


@lru_cache
def _around(prefix: str, name: str) -> tuple[str, str, str]:
    """What stands before, between and after two codes of an address."""
    before, _, rest = _under(prefix, name, SAMPLES).partition(SAMPLES[0])
    between, _, after = rest.partition(SAMPLES[1])
    return before, between, after
