"""When the site was backed up: the row is written once a backup is complete."""

from django.db import models
from django.db.models.functions import Now


class Backup(models.Model):
    """By the database's clock. A restored database knows of the backups before its own."""

    finished_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"backup of {self.finished_at:%Y-%m-%d %H:%M}"
