"""The researcher's desk: Django's admin as a place to run studies. One file per noun."""

from django.contrib import admin

from . import explanations, judgments, participations, stimuli, studies, workers

admin.site.site_header = "Discern"
admin.site.site_title = "Discern"
admin.site.index_title = "Studies and their data"

__all__ = ["explanations", "judgments", "participations", "stimuli", "studies", "workers"]
