"""The sections about what differs between trials and how trials look: conditions, arms, display."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from .base import Amount, Count, FileName, Name, Section, ShownLine
from .limits import Limit


class ConditionSection(Section):
    """What differs within one participant: a method or control, on a pair of networks."""

    name: Name = Field(description="Its name in the data.")
    method: Name = Field(
        description="A method or control of the catalogue; “imported” for what another tool made; "
        "“none” for no explanation, “no_advice” for neither explanation nor the network's answer."
    )
    versus: Name | None = Field(
        None,
        description="In trust: another method of the stronger network on the other side; the same "
        "method for A = A trials.",
    )
    pair: Name | None = Field(None, description="By default the only pair.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the method.")
    files: FileName | None = Field(
        None,
        description="For the method “imported”: a CSV file with a row for each file that another "
        "tool made, with the columns photo and file, and network, answer, context or context_json "
        "where needed. Files are named from its folder.",
    )
    kind: Literal["map", "picture", "pictures", "text", "film"] | None = Field(
        None,
        description="What the method “imported” shows: maps, drawn as `display` says (if left "
        "out), a picture as it is, several side by side, words (in the column text, not file), or "
        "a short silent film.",
    )

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out absent keys that came later, so that digests of earlier studies stay."""
        found: dict[str, Any] = usual(self)
        for key in ("files", "kind"):
            if found.get(key) is None:
                found.pop(key, None)
        return found

    @property
    def shown_kind(self) -> str:
        """What people see under it, where they see an explanation."""
        return self.kind or "map"


class ArmSection(Section):
    name: Name = Field(description="Its name in the data.")
    conditions: list[Name] = Field(min_length=1, description="What this arm's people see.")


class DesignSection(Section):
    seed: int = Field(ge=0, lt=2**62, description="Everything random is drawn from it.")
    people: int = Field(ge=1, le=10**6, description="Places, shared equally by the arms.")
    stimuli: Count = Field(ge=1, description="Main stimuli per paradigm, practice not counted.")
    ratings_per_cell: Count | None = Field(
        None, ge=1, description="Ratings per stimulus × condition that must remain."
    )
    repeat_images: bool = Field(False, description="Whether a person may see a photo twice.")
    ratings: Literal["exact", "nearest"] = Field(
        "exact", description="Whether unequal ratings per stimulus × condition are refused."
    )
    side_balance: Literal["exact", "nearest"] = Field(
        "exact", description="Whether sides that differ by more than 1 per stimulus are refused."
    )
    order: Literal["balanced", "random"] = Field(
        "balanced", description="Whether conditions take turns at every position."
    )
    idle_minutes: Count = Field(
        60, ge=1, description="Idle time after which a place is given away."
    )


class DisplaySection(Section):
    """How maps become pictures: one way for every arm, because display is part of the study."""

    colour_map: Name = Field("viridis", description="From low to high values.")
    opacity: float = Field(0.5, gt=0, le=1, description="Opacity of the colours over the photo.")
    opacity_by: Literal["constant", "value"] = Field(
        "constant", description="The same everywhere, or growing with the value."
    )
    size: int = Field(
        448, ge=64, le=1024, description="Pixels of a picture's side, as people see it."
    )
    scope: Literal["alone", "network"] = Field(
        "alone",
        description="Whether a map's hottest colour is its own maximum, or that of all maps of "
        "the photo by the same network and method. Two networks are never joined.",
    )
    show_photo: bool = Field(True, description="Whether the plain photo is shown next to the map.")
    legend: bool = Field(True, description="Whether pages say what the colours of maps mean.")
    surround: Literal["light", "dark"] = Field(
        "light", description="Around pictures, in every theme: it changes perceived colour."
    )
    name_a: Annotated[ShownLine, Limit(60)] = Field(
        "Robot A", description="Neutral name of the network shown first."
    )
    name_b: Annotated[ShownLine, Limit(60)] = Field(
        "Robot B", description="Neutral name of the other one."
    )


class ExclusionsSection(Section):
    """Rules blind to the outcome, declared before opening and applied in the analysis."""

    failed_checks: Count | None = Field(None, ge=1, description="This many failed checks or more.")
    fastest_median_ms: Annotated[int, Limit(86_400_000)] | None = Field(
        None, ge=1, description="A median time to the first choice below this."
    )
    straight_lining: float | None = Field(
        None, gt=0, le=1, description="This share of one answer or more."
    )
    shortest_minutes: Amount | None = Field(
        None, gt=0, description="Less time than this from start to finish."
    )
    focus_losses: Count | None = Field(
        None, ge=1, description="Left the window this often or more."
    )
