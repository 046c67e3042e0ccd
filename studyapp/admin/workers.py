"""Workers by their heartbeats, networks as the workers found them, deviations as they were made."""

from django.contrib import admin

from studyapp.models import Deviation, Heartbeat, Network

from .filters import StudyFilter
from .reading import ReadingAdmin


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadingAdmin):
    list_display = ("worker", "queues", "doing", "started_at", "seen_at")


@admin.register(Network)
class NetworkAdmin(ReadingAdmin):
    list_display = ("builder", "weights", "options", "digest")
    exclude = ("labels",)


@admin.register(Deviation)
class DeviationAdmin(ReadingAdmin):
    study_path = "study"
    list_display = ("study", "what", "detail", "made_by", "made_at")
    list_filter = (StudyFilter,)
    list_select_related = ("study", "made_by")
