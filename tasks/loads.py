"""Loading a network counts its tries, as all work does: where workers die, it ends in a reason."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.models import QuerySet

import explainer
from studyapp.models import Network, NetworkLoad
from studyapp.studies.preparation.claims import claim, is_held

from .batches import held, worker_name

log = logging.getLogger(__name__)


class BrokenOffError(Exception):
    """A load that may succeed the next time, such as for want of memory."""


@contextmanager
def counted(network: Network) -> Iterator[None]:
    """Remember the load while it lasts, and afterwards if it did not end well.

    ExplainerError once MOST_ATTEMPTS of this machine's have ended otherwise. What is wrong with
    the input (ExplainerError, OSError) is raised at once and does not count.
    """
    _refuse_after_last(network)
    row = NetworkLoad.objects.create(network=network)
    mine = NetworkLoad.objects.filter(pk=row.pk)
    name = claim(mine, worker_name())
    held[name] = mine
    try:
        yield
    except Exception as error:
        if isinstance(error, explainer.ExplainerError | OSError):
            mine.delete()
            raise
        log.exception("loading %s was interrupted", network)
        reason = f"{type(error).__name__}: {error}"
        mine.update(error=reason[:2000], claimed_until=None)
        _refuse_after_last(network)
        raise BrokenOffError(reason) from error
    except BaseException:  # the worker is told to stop
        mine.delete()
        raise
    else:
        mine.delete()
        _ended(network).delete()
    finally:
        del held[name]


def _ended(network: Network) -> QuerySet[NetworkLoad]:
    """The loads of this machine whose worker died, or that broke off."""
    here = NetworkLoad.objects.filter(
        network=network, claimed_by__startswith=f"{socket.gethostname()}/"
    )
    return here.exclude(is_held())


def _refuse_after_last(network: Network) -> None:
    ended = list(_ended(network).order_by("-pk"))
    if len(ended) < settings.MOST_ATTEMPTS:
        return
    raise explainer.ExplainerError(
        ended[0].error or f"{len(ended)} workers stopped while they loaded it",
        "give the machine more memory, or the study a smaller network",
    )
