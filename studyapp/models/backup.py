"""When the site was backed up, and whether the backup could be restored."""

from django.db import models
from django.db.models.functions import Now


class Backup(models.Model):
    """A complete backup, by the database's clock, and how the last restore drill with it went. A
    restored database knows of the backups before its own."""

    finished_at = models.DateTimeField(db_default=Now(), editable=False)
    place = models.CharField(max_length=500, blank=True, db_default="")
    seconds = models.FloatField(null=True)
    bytes = models.BigIntegerField(null=True)
    drilled_at = models.DateTimeField(null=True)
    drill_seconds = models.FloatField(null=True)
    # Why it could not be restored; empty where it could
    drill_problem = models.TextField(blank=True, db_default="")

    def __str__(self) -> str:
        return f"backup of {self.finished_at:%Y-%m-%d %H:%M}"
