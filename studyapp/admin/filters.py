"""Filters of the lists. They name only what their reader may see."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from studyapp.models import Condition, Network, NetworkPair, Stage
from studyapp.sections.people import DEVICES
from studyapp.studies.rights import visible_studies


class ListFilter(admin.SimpleListFilter):
    """A filter whose chosen value is looked up at `path`."""

    path: ClassVar[str]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class StudyFilter(ListFilter):
    title = parameter_name = path = "study"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        slugs = visible_studies(request.user).values_list("slug", flat=True)
        return [(slug, slug) for slug in slugs]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        slug = self.value()
        # The key is looked up first, so that the plan can use the key's index.
        keys = visible_studies(request.user).filter(slug=slug).values_list("pk", flat=True)
        return queryset.filter(**{self.path: next(iter(keys), None)}) if slug else queryset


class ParticipationStudyFilter(StudyFilter):
    path = "participation__study"


class StageFilter(ListFilter):
    title = parameter_name = "stage"
    path = "trial__stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Stage.choices]


class ConditionFilter(ListFilter):
    title = parameter_name = "condition"
    path = "trial__condition__name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        rows = Condition.objects.filter(study__in=visible_studies(request.user))
        names = rows.order_by("name").values_list("name", flat=True).distinct()
        return [(name, name) for name in names]


def networks_of_studies(studies: Iterable[int]) -> set[int]:
    """The keys of the networks that these studies compare."""
    pairs = NetworkPair.objects.filter(study__in=studies).values_list("stronger", "weaker")
    return {key for pair in pairs for key in pair if key is not None}


class NetworkFilter(ListFilter):
    title = parameter_name = "network"
    path = "network__digest"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        studies = visible_studies(request.user).values_list("pk", flat=True)
        rows = Network.objects.filter(pk__in=networks_of_studies(studies)).order_by("builder", "pk")
        return [(row.digest, str(row)) for row in rows]


class DeviceFilter(ListFilter):
    title = parameter_name = "device"
    path = "device_class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(device, device) for device in DEVICES]
