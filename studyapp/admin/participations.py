"""Participations with their judgments and events; exclusions as rows beside them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from studyapp.models import Event, Exclusion, Judgment, Participation

from .reading import ModelAdmin, ReadingAdmin, TabularInline


class ReadingInline(TabularInline):
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class JudgmentInline(ReadingInline):
    model = Judgment
    fields = ("trial", "value", "rt_ms", "confirm_ms", "choice_changes", "focus_losses",
              "answered_at")  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("trial__slot__study")
        return rows.order_by("trial__position")


class EventInline(ReadingInline):
    model = Event
    fields = ("kind", "at", "data")
    readonly_fields = fields


@admin.register(Participation)
class ParticipationAdmin(ReadingAdmin):
    """One run of a person through a study: timeline and answers."""

    list_display = ("code", "study", "status", "arm", "device_class", "entered_at", "finished_at")
    list_filter = ("study", "status", "arm", "device_class")
    search_fields = ("code",)
    list_select_related = ("study", "arm")
    date_hierarchy = "entered_at"
    exclude = ("participant", "profile")
    inlines = (EventInline, JudgmentInline)


@admin.register(Exclusion)
class ExclusionAdmin(ModelAdmin):
    """Added with a reason, never changed: an undo is another row."""

    list_display = ("participation", "rule", "note", "undoes", "made_by", "made_at")
    list_filter = ("rule", "participation__study")
    list_select_related = ("participation", "undoes__participation", "made_by")
    raw_id_fields = ("participation", "undoes")
    fields = ("participation", "rule", "note", "undoes")
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Exclusion, form: Any, change: bool) -> None:
        obj.made_by_id = request.user.pk
        super().save_model(request, obj, form, change)
