"""Networks that a worker is loading: if the worker dies or fails meanwhile, the row stays."""

from django.db import models

from .study import Network
from .work import Work


class NetworkLoad(Work):
    """One worker's loading of a network, deleted once the network is loaded."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="loads")

    def __str__(self) -> str:
        return f"loading {self.network}"
