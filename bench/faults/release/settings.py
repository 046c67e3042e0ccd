"""The site's settings, plus this release's app."""

from studyapp.settings import *  # noqa: F403
from studyapp.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench.faults.release"]
