"""Tables that are read-only at the desk: verbs and people's answers write them."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studyapp.models import Picture, WorkState
from studyapp.studies.rights import may_sign_in, visible_studies

from .paging import EstimatingPaginator

# The stubs' generic classes take a model; Django's own take none.
if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
    ModelAdmin = admin.ModelAdmin[Any]
else:
    TabularInline = admin.TabularInline
    ModelAdmin = admin.ModelAdmin


class ReadingAdmin(ModelAdmin):
    """Visible to those who work on the rows' study; nobody adds, changes or deletes a row.

    study_path: the lookup that leads from a row to its study. Rows without one are of no study, and
    administrators alone see them, unless a table's `rows_of` says whose they are.
    """

    study_path: ClassVar[str] = ""
    list_per_page = 50
    show_full_result_count = False
    paginator = EstimatingPaginator
    actions: Any = None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, called by what it lists: there is nothing to select it for."""
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        # Without this an administrator would pay for a condition that is always true.
        if request.user.is_superuser:
            return rows
        # Keys, not a subquery: the planner then knows how few studies there are.
        return self.rows_of(rows, list(visible_studies(request.user).values_list("pk", flat=True)))

    def rows_of(self, rows: QuerySet[Any], studies: list[int]) -> QuerySet[Any]:
        """Those of `rows` that belong to the studies with these keys."""
        return (
            rows.filter(**{f"{self.study_path}__in": studies}) if self.study_path else rows.none()
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows of other studies are left out by `get_queryset`, so that they don't even exist."""
        return may_sign_in(request.user)

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
    address = reverse("desk_picture", args=[picture.code])
    if picture.file.endswith((".txt", ".mp4")):
        return format_html('<a href="{}">{}</a>', address, what)
    return format_html(
        '<a href="{}"><img class="thumbnail" src="{}" alt="{}" loading="lazy"></a>',
        address,
        address,
        what,
    )
