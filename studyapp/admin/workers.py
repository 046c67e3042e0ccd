"""Workers by their heartbeats, networks as the workers found them, deviations as they were made."""

from pathlib import PurePosixPath
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from studyapp.models import Deviation, Heartbeat, Network

from .filters import StudyFilter, networks_of_studies
from .reading import ReadingAdmin


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadingAdmin):
    """For administrators: what machines do, and for whom. A study's page tells its own work."""

    list_display = ("worker", "queues", "doing", "started_at", "seen_at")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and bool(request.user.is_superuser)


@admin.register(Network)
class NetworkAdmin(ReadingAdmin):
    """Files by their names alone: their folders on the machine are not shown."""

    list_display = ("builder", "weights_file", "options", "digest")
    fields = ("builder", "weights_file", "labels_name", "sha256", "options", "layer", "grid",
              "probabilities", "target", "digest", "described")  # fmt: skip

    def rows_of(self, rows: QuerySet[Network], studies: list[int]) -> QuerySet[Network]:
        return rows.filter(pk__in=networks_of_studies(studies))

    @admin.display(description="weights", ordering="weights")
    def weights_file(self, network: Network) -> str:
        return PurePosixPath(network.weights).name

    @admin.display(description="labels")
    def labels_name(self, network: Network) -> str:
        return PurePosixPath(network.labels_file).name


@admin.register(Deviation)
class DeviationAdmin(ReadingAdmin):
    study_path = "study"
    list_display = ("study", "what", "detail", "made_by", "made_at")
    list_filter = (StudyFilter,)
    list_select_related = ("study", "made_by")
