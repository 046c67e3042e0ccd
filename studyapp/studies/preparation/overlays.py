"""Which maps a stimulus needs under a condition, and with which others each is normalised."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

from django.db.models import Q, QuerySet

from photos.class_names import name_key
from studyapp.models import (
    IMPORTED,
    Condition,
    Explanation,
    Kind,
    Network,
    Overlay,
    Stimulus,
    StimulusOverlay,
    StudyImage,
)
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.sections.meetings import members
from studyapp.studies.definition.study import digest_of
from studyapp.studies.photos.files import SURROUNDS
from studyapp.studies.photos.selection import PreparationError
from studyapp.studies.words import look_of_words

from .targets import digest_of_target, target_of

OTHER_IMAGE = "other_image"
SettingsDigest = Callable[[Network, str, dict[str, Any]], str]
# (role on the page, stimulus, explanation)
Needed = tuple[str, Stimulus, Explanation]
# Conditions, each with (case, network, class) of all that another tool made for it
Imported = Sequence[tuple[Condition, Collection[tuple[int, int, int | None]]]]


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
    surround: str = "light"

    def of(self, explanation: Explanation) -> "Look":
        """Of the kind of that explanation."""
        if explanation.kind == Kind.TEXT:
            return replace(self, display=look_of_words(explanation.settings), encoding="text")
        if explanation.kind == Kind.FILM:
            return replace(self.of_pictures(), encoding="film")
        return self if explanation.kind == Kind.MAP else self.of_pictures()

    def of_pictures(self) -> "Look":
        """Of pictures that are shown as they are, inside the same square as maps."""
        square = {"size": self.display["size"], "surround": SURROUNDS[self.surround]}
        return replace(self, display=square)

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
    their scales differ and brightness would tell which is which. Nor are those of conditions that
    meet, for a competitor's picture would be another one beside every opponent.
    """
    if condition.method in WITHOUT_MAP:
        return
    meets = len(members(condition.name)) > 1
    needed = [one for stimulus in stimuli for one in _needed(stimulus, condition, digests)]
    for role, stimulus, explanation in needed:
        paradigm = PARADIGMS[stimulus.paradigm]
        together = [
            other
            for _, of, other in needed
            if other.network_id == explanation.network_id
            and other.method == explanation.method
            and (
                other.settings_digest == explanation.settings_digest
                or not (meets or other.method == IMPORTED)
            )
            and explanation.kind == Kind.MAP
            and (joins or (paradigm.together and of == stimulus))
        ]
        overlay = _overlay(explanation, look.of(explanation), together if len(together) > 1 else [])
        StimulusOverlay.objects.get_or_create(
            stimulus=stimulus, condition=condition, role=role, defaults={"overlay": overlay}
        )


def _needed(stimulus: Stimulus, condition: Condition, digests: SettingsDigests) -> Iterator[Needed]:
    paradigm = PARADIGMS[stimulus.paradigm]
    if stimulus.role not in paradigm.explains:
        return
    for role, shown in zip(
        paradigm.roles_under(condition.name), cycle(shown_by(condition)), strict=False
    ):
        assert shown.pair is not None
        network_role, class_index = paradigm.explained(role, stimulus)
        method, settings = shown.method, shown.settings
        if shown.versus and network_role == "weaker":
            network_role, method, settings = "stronger", shown.versus, {}
        network = shown.pair.network(network_role)
        if method == IMPORTED:
            found = imported_explanation(shown, stimulus, network, class_index)
            if found is None:
                told = _told(shown, stimulus, network_role, class_index)
                raise PreparationError(
                    f"nothing was imported for {told}; add its row, and load the study again"
                )
            yield role, stimulus, found
            continue
        settings = _whole_settings(stimulus, method, settings)
        target = target_of(network, class_index)
        explanation, _ = Explanation.objects.get_or_create(
            case=stimulus.photo.case,
            network=network,
            class_index=class_index,
            target_digest=digest_of_target(target),
            method=method,
            settings_digest=digests.of(network, method, settings),
            defaults={"settings": settings, "target": target},
        )
        yield role, stimulus, explanation


def shown_by(condition: Condition) -> list[Condition]:
    """The condition itself, or those of the file that meet under it, in the order of its roles."""
    names = members(condition.name)
    if len(names) == 1:
        return [condition]
    rows = Condition.objects.filter(study=condition.study_id, name__in=names)
    by_name = {row.name: row for row in rows.select_related("pair__stronger", "pair__weaker")}
    return [by_name[name] for name in names]


def imported_explanation(
    condition: Condition, stimulus: Stimulus, network: Network, class_index: int
) -> Explanation | None:
    """What another tool made for the condition: of this class, or of no class where the paradigm
    tells none apart."""
    meant = Q(class_index=class_index)
    if not PARADIGMS[stimulus.paradigm].parts_classes:
        meant |= Q(class_index=None)
    rows = Explanation.objects.filter(case=stimulus.photo.case_id, network=network)
    return _imported(condition, rows).filter(meant).first()


def imported_for(condition: Condition) -> Imported:
    """All that another tool made for each condition that meets under this one."""
    return [
        (
            shown,
            {*_imported(shown, Explanation.objects.all()).values_list(
                "case_id", "network_id", "class_index"
            )},
        )
        for shown in shown_by(condition)
    ]  # fmt: skip


def _imported(condition: Condition, rows: QuerySet[Explanation]) -> QuerySet[Explanation]:
    return rows.filter(method=IMPORTED, settings_digest=digest_of(condition.settings))


def not_imported(stimulus: Stimulus, condition: Condition, imported: Imported) -> Iterator[str]:
    """What a stimulus would need under a condition of what another tool made, and what is not
    there, in words."""
    paradigm = PARADIGMS[stimulus.paradigm]
    roles = paradigm.roles_under(condition.name)
    for role, (shown, there) in zip(roles, cycle(imported), strict=False):
        if shown.method != IMPORTED:
            continue
        assert shown.pair is not None
        network_role, class_index = paradigm.explained(role, stimulus)
        network = shown.pair.network(network_role)
        meant = (class_index,) if paradigm.parts_classes else (class_index, None)
        if not any((stimulus.photo.case_id, network.pk, one) in there for one in meant):
            yield _told(shown, stimulus, network_role, class_index)


def _told(shown: Condition, stimulus: Stimulus, network_role: str, class_index: int) -> str:
    assert shown.pair is not None
    network = shown.pair.network(network_role)
    return (
        f"the {shown.name} of {stimulus.photo.asked} ({network_role} network, answer "
        f"{network.label(class_index)})"
    )


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
    scope = sorted(
        [
            other.class_index,
            other.method,
            other.settings_digest,
            *filter(None, [other.target_digest]),
        ]
        for other in together
    )
    overlay, is_new = Overlay.objects.get_or_create(
        explanation=explanation,
        display_digest=look.digest(),
        scope_digest=digest_of(scope) if scope else "",
        defaults={"display": look.display},
    )
    if is_new and together:
        overlay.normalised_with.set(together)
    return overlay
