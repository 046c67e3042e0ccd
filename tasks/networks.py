"""The networks of a worker process, loaded once and described in their rows."""

import contextlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import explainer
from studyapp.models import Network

KEPT = 4


def loaded(network: Network) -> explainer.Network:
    """The explainer's network for a row; ExplainerError if its weights are not as they must be."""
    wanted = {
        "builder": network.builder,
        "weights": None if network.weights == "random" else network.weights,
        "sha256": network.sha256 or None,
        "labels": network.labels_file or None,
        "layer": network.layer or None,
        "options": network.options,
    }
    return _load(json.dumps(wanted, sort_keys=True))


def describe(network: Network) -> None:
    """Fill the row with what only the network itself can tell: labels, layer, digests."""
    if network.described:
        return
    found = loaded(network)
    network.labels = list(found.labels)
    network.described = {
        "name": found.name,
        "layer": found.layer,
        "weights_digest": found.weights_digest,
        "preprocess_digest": found.preprocess.digest() if found.preprocess else "",
    }
    network.save(update_fields=["labels", "described"])


def settings_digest(network: Network, method: str, settings: dict[str, Any]) -> str:
    return explainer.settings_digest(loaded(network), method, settings)


def open_image(file: Any) -> Any:
    """The photo of an image's file in the storage, as an RGB picture."""
    from django.core.files.storage import default_storage

    with contextlib.closing(default_storage.open(file)) as stream:
        return explainer.open_photo(stream.read())


@lru_cache(maxsize=KEPT)
def _load(wanted: str) -> explainer.Network:
    """The network that `wanted` (JSON, so that it can be a key) describes."""
    values: dict[str, Any] = json.loads(wanted)
    labels, options = values.pop("labels"), values.pop("options")
    return explainer.load_network(
        values.pop("builder"), labels=Path(labels) if labels else None, **values, **options
    )
