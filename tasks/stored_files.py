"""What workers take from the storage, checked against the digests that its rows hold."""

from typing import Any

import explainer
from studyapp import storage
from studyapp.models import Case, Explanation, Image

# What to fetch with the cases of many rows at once
FURTHER = "case__photos__image"


def photo_bytes(image: Image) -> bytes:
    return _whole(image.file, image.sha256)


def open_image(image: Image, network: explainer.Network) -> Any:
    """The photo as the network takes it; ExplainerError for one that is missing or damaged."""
    return network.open(photo_bytes(image))


def asked_with(case: Case, network: explainer.Network) -> Any:
    """What the network is asked beside the case's photo; None where it gets the photo alone."""
    further = case.further
    if not further:
        return case.asked_with
    photos = [open_image(image, network) for image in further]
    return explainer.with_photos(case.asked_with, network.prepare(photos))


def stored_map(explanation: Explanation) -> Any:
    """The explanation's array; ExplainerError for one that is missing or damaged."""
    content = _whole(explanation.map_file, explanation.map_digest)
    return explainer.store.maps_of(content, explanation.map_file)["map"]


def stored_picture(explanation: Explanation) -> Any:
    """The picture that another tool made; ExplainerError for one that is missing or damaged."""
    return explainer.open_photo(_whole(explanation.map_file, explanation.map_digest))


def stored_text(explanation: Explanation) -> bytes:
    """The text of another tool; ExplainerError for one that is missing or damaged."""
    return _whole(explanation.map_file, explanation.map_digest)


def _whole(name: str, digest: str) -> bytes:
    """What is missing stays so, which other failures of a storage (OSError) do not."""
    try:
        return storage.read(name, digest)
    except (FileNotFoundError, storage.DamagedFileError) as error:
        raise explainer.ExplainerError(str(error), "restore it from a back-up") from error
