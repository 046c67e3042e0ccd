"""Tables that are looked at and never written by hand: verbs and people's answers write them."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studyapp.models import Picture, WorkState

# The stubs' generic classes take a model; Django's own take none.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


class ReadingAdmin(ModelAdmin):
    """Seen by whoever may view; added, changed and deleted by nobody."""

    list_per_page = 50
    show_full_result_count = False
    actions: Any = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def thumbnail(picture: Picture, what: str) -> SafeString | str:
    """A small picture that leads to the whole one; the state where there is none."""
    if picture.state != WorkState.READY:
        return picture.state
    address = reverse("picture", args=[picture.code])
    return format_html(
        '<a href="{}"><img class="thumbnail" src="{}" alt="{}" loading="lazy"></a>',
        address,
        address,
        what,
    )
