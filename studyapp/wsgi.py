"""The site for a WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
application = get_wsgi_application()

from studyapp.checks import refuse_wrong_deployment  # noqa: E402

refuse_wrong_deployment()
