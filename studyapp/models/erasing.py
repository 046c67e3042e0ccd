"""Judgments are kept by a trigger; this is the one place where some are deleted all the same."""

from django.db import connection, transaction
from django.db.models import QuerySet

from .judgment import Judgment


@transaction.atomic
def erase_judgments(rows: QuerySet[Judgment]) -> int:
    """Delete them, for a withdrawal or with a marked copy that is thrown away; how many there were.

    The trigger looks for the setting, which holds for these rows only.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL discern.withdrawing = 'yes'")
        erased, _ = rows.delete()
        cursor.execute("SET LOCAL discern.withdrawing = ''")
    return erased
