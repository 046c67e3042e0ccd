"""Pages of long lists, without counting or joining a million rows each time."""

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page, Paginator
from django.db import connection

BASE: Any = Paginator[Any] if TYPE_CHECKING else Paginator
FEW = 20_000
DEEP = 1_000


class EstimatingPaginator(BASE):  # type: ignore[misc]
    """Takes PostgreSQL's estimate for the number of rows where there are many; `is_estimate` says
    so. Below `FEW` rows the number is counted.

    Far into a list the keys of a page are found first, so that only its own rows are joined.
    """

    is_estimate = False

    @cached_property
    def count(self) -> int:
        estimate = self._estimate()
        if estimate >= FEW:
            self.is_estimate = True
            return estimate
        return int(super().count)

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        if bottom < DEEP or not hasattr(self.object_list, "query"):
            page: Page[Any] = super().page(number)
            return page
        rows = self.object_list
        keys = list(rows.values_list("pk", flat=True)[bottom : bottom + self.per_page])
        found: Page[Any] = self._get_page(rows.filter(pk__in=keys), number, self)
        return found

    def _estimate(self) -> int:
        """The rows that the planner expects; 0 for what is no query."""
        query = getattr(self.object_list, "query", None)
        if query is None:
            return 0
        keys = self.object_list.order_by().values_list("pk")
        try:
            statement, values = keys.query.sql_with_params()
        except EmptyResultSet:
            # Django knows that nothing fits, as with “of no study”, and writes no statement.
            return 0
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
            (plan,) = cursor.fetchone()
        described = json.loads(plan) if isinstance(plan, str) else plan
        return int(described[0]["Plan"]["Plan Rows"])
