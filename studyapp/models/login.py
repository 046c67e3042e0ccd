"""How often somebody tried to log in; no address and no name is stored."""

from django.db import models


class LoginTries(models.Model):
    """Tries in one span of time, by the keyed digest of a name or of a device that is known."""

    key = models.CharField(max_length=64, unique=True)
    tries = models.PositiveSmallIntegerField(default=0)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login tries"

    def __str__(self) -> str:
        return f"{self.tries} tries since {self.since}"
