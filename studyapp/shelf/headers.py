"""The security headers that Django 5.2 has no setting for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class ContentSecurityPolicy:
    """One strict policy for every page: nothing inline, nothing from another host.

    Django 6 has a setting for it; this class goes when Django 5.2 does.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reply = self.get_response(request)
        reply.headers.setdefault("Content-Security-Policy", POLICY)
        reply.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        reply.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return reply
