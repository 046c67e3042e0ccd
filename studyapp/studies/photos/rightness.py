"""When a network is right about a photo: one definition for the gallery's filter and its cards, for
what paradigms ask, and so for the analysis of what they stored.

It is right where its first class is one that a category of the photo means, and where it says that
class (see `Network.said`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from photos.class_names import Indices, class_names
from studyapp.models import Network, NetworkPair, Prediction, StudyImage
from studyapp.paradigms.predicted import accepted_classes

from .eligibility import category_of


def right_classes(categories: Iterable[Mapping[str, Any]], network: Network) -> Indices:
    """The classes of `network` that are right for a photo with these categories."""
    names = class_names(tuple(network.labels))
    return accepted_classes(
        [category_of(str(one["name"]), one.get("accepted", ()), names) for one in categories]
    )


def rightness(
    photos: Iterable[StudyImage], pairs: Iterable[NetworkPair], role: str
) -> dict[int, bool]:
    """By case (its key) whether a network with `role` in any of the pairs is right about it.

    A case without a prediction is not there.
    """
    shown = {photo.case_id: photo.categories for photo in photos}
    networks = {
        network.pk: network for pair in pairs if (network := getattr(pair, role)) is not None
    }
    rows = Prediction.objects.ready().filter(case__in=shown, network__in=networks)
    firsts = rows.values_list("case_id", "network_id", "top__0__0", "top__0__2")
    found: dict[int, bool] = {}
    for case, key, first, probability in firsts:
        network = networks[key]
        says = network.said([[first, None, probability]]) > 0
        is_right = says and first in right_classes(shown[case], network)
        found[case] = found.get(case, False) or is_right
    return found
