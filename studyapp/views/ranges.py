"""Parts of a file: without them Safari plays no film.

RFC 9110, section 14: one range of bytes is answered by that part; several, or another unit, by the
whole file, as a server may.
"""

import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def part_of(request: HttpRequest, content: bytes, headers: dict[str, str]) -> HttpResponse:
    """What a request for a file is answered by; `headers` hold its `ETag`."""
    headers = {**headers, "Accept-Ranges": "bytes"}
    whole = HttpResponse(content, headers=headers)
    found = get_conditional_response(request, etag=headers["ETag"], response=whole) or whole
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    # Of another version of the file, a part fits nothing
    same = request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]
    if found is not whole or asked is None or asked.groups() == ("", "") or not same:
        return found
    first, last = _bounds(asked[1], asked[2], len(content))
    if first > last:
        headers["Content-Range"] = f"bytes */{len(content)}"
        return HttpResponse(status=416, headers=headers)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return HttpResponse(content[first : last + 1], status=206, headers=headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """The first and the last byte; "-5" asks for the last five."""
    if not first:
        return max(0, size - int(last)), size - 1 if int(last) else -1
    return int(first), min(int(last), size - 1) if last else size - 1
