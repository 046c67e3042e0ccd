"""A trigger protects judgments from deletion; this is the one place where some are deleted."""

from django.db import connection, transaction
from django.db.models import QuerySet

from .judgment import Judgment


@transaction.atomic
def erase_judgments(rows: QuerySet[Judgment]) -> int:
    """Delete judgments, for a withdrawal or with a marked copy that is deleted; how many.

    The trigger looks for the setting, which is in force for these rows only.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL discern.withdrawing = 'yes'")
        erased, _ = rows.delete()
        cursor.execute("SET LOCAL discern.withdrawing = ''")
    return erased
