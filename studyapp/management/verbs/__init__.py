"""What `manage.py study` can do: a file per verb, and one line here."""

from . import (
    checking,
    correcting,
    excluding,
    extending,
    keys,
    languages,
    loading,
    measuring,
    panels,
    powering,
    preparing,
    preregistering,
    publishing,
    regions,
    schema,
    simulating,
    states,
    status,
    unmasking,
)
from .base import Verb

VERBS: dict[str, Verb] = {
    "schema": schema.VERB,
    "languages": languages.VERB,
    "check": checking.VERB,
    "power": powering.VERB,
    "preregister": preregistering.VERB,
    "load": loading.VERB,
    "prepare": preparing.VERB,
    "open": states.OPEN,
    "pause": states.PAUSE,
    "resume": states.RESUME,
    "close": states.CLOSE,
    "extend": extending.VERB,
    "unmask": unmasking.VERB,
    "correct": correcting.VERB,
    "keys": keys.VERB,
    "exclusions": excluding.VERB,
    "simulate": simulating.VERB,
    "status": status.VERB,
    "measure": measuring.VERB,
    "regions": regions.VERB,
    "publication": publishing.VERB,
    "invite": panels.INVITE,
    "approvals": panels.APPROVALS,
    "erase-ids": panels.ERASE,
}

__all__ = ["VERBS", "Verb"]
