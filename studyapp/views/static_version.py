"""One word for the scripts and styles of participants' pages as they are in this checkout."""

import hashlib
from collections.abc import Iterator
from functools import cache

from django.contrib.staticfiles.finders import get_finders

# The desk's own, which no participant's page has
DESK = "admin/"


@cache
def static_version() -> str:
    """The same as long as no script and no style changes. A page that was loaded before a
    deployment tells by it that it can't show a trial which was written after."""
    digest = hashlib.sha256()
    for path, content in sorted(_scripts_and_styles()):
        digest.update(f"{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def _scripts_and_styles() -> Iterator[tuple[str, bytes]]:
    for finder in get_finders():
        for path, storage in finder.list(None):
            if path.endswith((".js", ".css")) and not path.startswith(DESK):
                # Where one is found twice, the first is served; here both count.
                with storage.open(path) as file:
                    yield f"{getattr(storage, 'prefix', '') or ''}/{path}", file.read()
