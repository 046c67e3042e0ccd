"""Networks on their way into a worker's memory: what dies or breaks off there leaves its row."""

from django.db import models

from .study import Network
from .work import Work


class NetworkLoad(Work):
    """One worker's loading of a network. It is deleted once the network is there."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="loads")

    def __str__(self) -> str:
        return f"loading {self.network}"
