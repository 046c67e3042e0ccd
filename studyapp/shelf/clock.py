"""Two clocks: this machine's and the database's. What is shared out by time goes by the database's.

Claims, heartbeats and when somebody was last seen are written by the database's clock alone, since
workers and web processes are on many machines. People's other times are this machine's; a place is
taken back, and a panel's id erased, only when both say so.
"""

from datetime import datetime

from django.db import connection
from django.utils import timezone

# More than a synchronised clock ever differs, and less than any limit in minutes notices
MOST_APART_SECONDS = 30


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def certain_now() -> datetime:
    """The earlier of both clocks: what is over by it is over by both, whichever jumped ahead."""
    return min(timezone.now(), database_now())


def seconds_apart() -> float:
    """By how much this machine's clock is ahead of the database's; less than 0: behind."""
    return (timezone.now() - database_now()).total_seconds()
