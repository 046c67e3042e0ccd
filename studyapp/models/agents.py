"""Programs that say of themselves that they are some."""

from django.db import models


class SignedAgent(models.TextChoices):
    """What a request said of itself by Web Bot Auth; empty: it was not signed so."""

    SIGNED = "signed", "signed, by a key that this site does not know"
    VERIFIED = "verified", "signed by a key that this site knows"
    INVALID = "invalid", "signed in the name of a known key, wrongly"
