"""The site for a WSGI server."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
# As get_wsgi_application does, but a wrong deployment is told before its middleware is loaded
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402

from studyapp import storage  # noqa: E402
from studyapp.serving import error_reports  # noqa: E402
from studyapp.serving.checks import refuse_wrong_deployment  # noqa: E402
from studyapp.serving.content_types import readable_kind  # noqa: E402
from studyapp.serving.exposition import Exposed  # noqa: E402
from studyapp.serving.watchdog import Watched, give_up_on_locks  # noqa: E402
from studyapp.shelf.templates import preload  # noqa: E402
from studyapp.views.direct import DirectPictures  # noqa: E402

refuse_wrong_deployment()
error_reports.start()
if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
    from studyapp.serving import tracing

    tracing.start("discern-site")
handler = WSGIHandler()
give_up_on_locks()
preload()
storage.preload()
# With traces on, every request needs a span, which Django's middleware makes.
site = handler if settings.OTEL_EXPORTER_OTLP_ENDPOINT else DirectPictures(handler)
exposed = Exposed(site, settings.METRICS_BIND) if settings.METRICS_BIND else site
watched = Watched(exposed, settings.DATABASE_SECONDS)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The site. A body that says it is anything but UTF-8 is called unreadable here already:
    Django looks up whatever codec a stranger names, and breaks where it is none for text."""
    environ["CONTENT_TYPE"] = readable_kind(environ.get("CONTENT_TYPE", ""))
    return watched(environ, start_response)
