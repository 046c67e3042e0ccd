"""Filters of the lists. They name only what their reader may see."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from studyapp.models import Condition, Network, NetworkPair, Stage
from studyapp.sections.people import DEVICES
from studyapp.studies.rights import visible_studies

SimpleListFilter = admin.SimpleListFilter


class StudyFilter(SimpleListFilter):
    title = "study"
    parameter_name = "study"
    path = "study"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [
            (slug, slug) for slug in visible_studies(request.user).values_list("slug", flat=True)
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        slug = self.value()
        # The key is looked up first, so that the plan can use the key's index.
        keys = visible_studies(request.user).filter(slug=slug).values_list("pk", flat=True)
        return queryset.filter(**{self.path: next(iter(keys), None)}) if slug else queryset


class ParticipationStudyFilter(StudyFilter):
    path = "participation__study"


class StageFilter(SimpleListFilter):
    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Stage.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(trial__stage=self.value()) if self.value() else queryset


class ConditionFilter(SimpleListFilter):
    title = "condition"
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        rows = Condition.objects.filter(study__in=visible_studies(request.user))
        return [
            (name, name) for name in rows.order_by("name").values_list("name", flat=True).distinct()
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = self.value()
        return queryset.filter(trial__condition__name=name) if name else queryset


def networks_of_studies(studies: Iterable[int]) -> set[int]:
    """The keys of the networks that these studies compare."""
    pairs = NetworkPair.objects.filter(study__in=studies).values_list("stronger", "weaker")
    return {key for pair in pairs for key in pair if key is not None}


class NetworkFilter(SimpleListFilter):
    title = "network"
    parameter_name = "network"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        studies = visible_studies(request.user).values_list("pk", flat=True)
        rows = Network.objects.filter(pk__in=networks_of_studies(studies)).order_by("builder", "pk")
        return [(row.digest, str(row)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(network__digest=self.value()) if self.value() else queryset


class DeviceFilter(SimpleListFilter):
    title = "device"
    parameter_name = "device"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(device, device) for device in DEVICES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(device_class=self.value()) if self.value() else queryset
