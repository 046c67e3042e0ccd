"""Which maps a stimulus needs under a condition, and with which others each is normalised."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from photos.class_names import name_key
from studyapp.models import (
    Condition,
    Explanation,
    Network,
    Overlay,
    Stimulus,
    StimulusOverlay,
    StudyImage,
)
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.studies.definition.study import digest_of
from studyapp.studies.photos.selection import PreparationError

OTHER_IMAGE = "other_image"
SettingsDigest = Callable[[Network, str, dict[str, Any]], str]
# (role on the page, stimulus, explanation)
Needed = tuple[str, Stimulus, Explanation]


class SettingsDigests:
    """The explainer's digests of settings, each asked for once."""

    def __init__(self, ask: SettingsDigest) -> None:
        self._ask = ask
        self._known: dict[tuple[int, str, str], str] = {}

    def of(self, network: Network, method: str, settings: dict[str, Any]) -> str:
        key = (network.pk, method, json.dumps(settings, sort_keys=True))
        if key not in self._known:
            self._known[key] = self._ask(network, method, settings)
        return self._known[key]


@dataclass(frozen=True)
class Look:
    """How the overlays of a study are drawn (the explainer's Display), and encoded as files."""

    display: dict[str, Any]
    encoding: str

    def digest(self) -> str:
        """Overlays that look the same and are encoded otherwise are others."""
        return digest_of({**self.display, "encoding": self.encoding})


def plan_overlays(
    stimuli: Sequence[Stimulus],
    condition: Condition,
    look: Look,
    digests: SettingsDigests,
    *,
    joins: bool,
) -> None:
    """Rows for the pictures of the stimuli of one photo and paradigm under `condition`.

    Maps are normalised together where the paradigm compares them on one page, and where the
    study `joins` what it shows of one photo by one network: two networks' maps never are, for
    their scales differ and brightness would tell which is which.
    """
    if condition.method in WITHOUT_MAP:
        return
    needed = [one for stimulus in stimuli for one in _needed(stimulus, condition, digests)]
    for role, stimulus, explanation in needed:
        paradigm = PARADIGMS[stimulus.paradigm]
        together = [
            other
            for _, of, other in needed
            if other.network_id == explanation.network_id
            and other.method == explanation.method
            and (joins or (paradigm.together and of == stimulus))
        ]
        overlay = _overlay(explanation, look, together if len(together) > 1 else [])
        StimulusOverlay.objects.get_or_create(
            stimulus=stimulus, condition=condition, role=role, defaults={"overlay": overlay}
        )


def _needed(stimulus: Stimulus, condition: Condition, digests: SettingsDigests) -> Iterator[Needed]:
    paradigm = PARADIGMS[stimulus.paradigm]
    if stimulus.role not in paradigm.explains:
        return
    assert condition.pair is not None
    for role in paradigm.roles:
        network_role, class_index = paradigm.explained(role, stimulus)
        method, settings = condition.method, condition.settings
        if condition.versus and network_role == "weaker":
            network_role, method, settings = "stronger", condition.versus, {}
        network = condition.pair.network(network_role)
        settings = _whole_settings(stimulus, method, settings)
        explanation, _ = Explanation.objects.get_or_create(
            case=stimulus.photo.case,
            network=network,
            class_index=class_index,
            method=method,
            settings_digest=digests.of(network, method, settings),
            defaults={"settings": settings},
        )
        yield role, stimulus, explanation


def _whole_settings(stimulus: Stimulus, method: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with the photo, by its SHA-256, that a map of another photo is taken from.

    It is the next photo of the study in the order of digests, from the last to the first, of
    another group and with another category: the same one, whichever photos a worker has.
    """
    if method != OTHER_IMAGE or settings.get("photo"):
        return settings
    photos = sorted(
        StudyImage.objects.filter(study=stimulus.study_id).select_related("case__image"),
        key=lambda photo: photo.image.sha256,
    )
    own = stimulus.photo
    place = [photo.pk for photo in photos].index(own.pk)
    for other in [*photos[place + 1 :], *photos[:place]]:
        if other.group != own.group and not _names(other) & _names(own):
            return {**settings, "photo": other.image.sha256}
    raise PreparationError(
        f"{own.name}: every other photo shows the same category or object, so none can provide the "
        "map of another photo; add photos, or remove the condition with other_image"
    )


def _names(photo: StudyImage) -> set[str]:
    return {name_key(str(one["name"])) for one in photo.categories}


def _overlay(explanation: Explanation, look: Look, together: Sequence[Explanation]) -> Overlay:
    """The row of a picture; which maps it is normalised with is part of what it is."""
    scope = sorted([other.class_index, other.method, other.settings_digest] for other in together)
    overlay, is_new = Overlay.objects.get_or_create(
        explanation=explanation,
        display_digest=look.digest(),
        scope_digest=digest_of(scope) if scope else "",
        defaults={"display": look.display},
    )
    if is_new and together:
        overlay.normalised_with.set(together)
    return overlay
