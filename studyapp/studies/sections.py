"""The sections of a study file, each a typed, closed record: an unknown key is an error."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,79}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Device = Literal["desktop", "tablet", "phone"]
DEVICES: tuple[Device, ...] = ("desktop", "tablet", "phone")
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NetworkSection(Section):
    """A network that the explainer's `load_network` can load."""

    builder: Text = Field(description="Name of a network in the catalogue, such as vgg16.")
    weights: Text = Field(
        description="A file, a torchvision weights name, or “package” for a network whose "
        "weights come as a package; “random” for weights drawn from `seed` in the options."
    )
    sha256: Sha256 | None = Field(None, description="Digest that the weights file must have.")
    options: dict[str, Any] = Field(default_factory=dict)
    labels: Text | None = Field(None, description="A file of class names, one a line.")
    layer: Text | None = Field(None, description="Dotted name; the last convolution's by default.")


class PairSection(Section):
    stronger: Name
    weaker: Name | None = None


class ImagesSection(Section):
    """Where the photos are and how they are annotated."""

    reader: Literal["folder", "coco"]
    folder: Text = Field(description="Relative to the study file.")
    annotations: Text = "annotations.json"
    label: Literal["folder", "filename"] = "folder"
    count: int | None = Field(None, ge=1, description="Take so many, drawn by the seed.")
    smallest_side: int = Field(64, ge=16)


class ConditionSection(Section):
    """What differs within one participant: a method or control, on a pair of networks."""

    name: Name
    method: Name
    pair: Name | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class ArmSection(Section):
    name: Name
    conditions: list[Name] = Field(min_length=1)


class BlockSection(Section):
    """A run of trials shuffled together."""

    name: Name
    paradigm: Name
    stage: Literal["practice", "main"] = "main"
    trials: int = Field(ge=1, le=1000)
    checks: int = Field(0, ge=0, le=50, description="Attention checks strewn among the trials.")
    conditions: list[Name] | None = Field(None, description="All of the arm's where left out.")


class DesignSection(Section):
    seed: int = Field(ge=0, lt=2**62)
    people: int = Field(ge=1, le=10**6)
    stimuli: int = Field(ge=1, description="Main stimuli per paradigm, practice not counted.")
    repeat_images: bool = False
    ratings: Literal["exact", "nearest"] = "exact"
    idle_minutes: int = Field(60, ge=1, description="After so long a dropped slot goes on.")


class DisplaySection(Section):
    """How maps become pictures: one way for every arm, because display is part of the study."""

    colour_map: Name = "viridis"
    opacity: float = Field(0.5, gt=0, le=1)
    opacity_by: Literal["constant", "value"] = "constant"
    size: int = Field(448, ge=64, le=1024, description="Pixels of a side, as people see it.")
    scope: Literal["alone", "network"] = "alone"
    show_photo: bool = True
    surround: Literal["light", "dark"] = Field(
        "light", description="Around pictures, in every theme: it changes perceived colour."
    )
    name_a: Text = "Robot A"
    name_b: Text = "Robot B"


class Codes(Section):
    """What a panel wants to be told, one code per outcome."""

    complete: Text | None = Field(None, description="Drawn for each person where left out.")
    no_consent: Text | None = None
    screened_out: Text | None = None
    failed_checks: Text | None = None
    full: Text | None = None
    timed_out: Text | None = None


class PanelSection(Section):
    kind: Literal["link", "personal", "prolific"] = "link"
    codes: Codes = Field(default_factory=lambda: Codes.model_validate({}))
    redirect: Text | None = Field(None, description="Address that takes the code at its end.")
    smallest_window: int = Field(320, ge=200)
    devices: list[Device] = Field(default_factory=lambda: list(DEVICES))


class EthicsSection(Section):
    """What a person must be told before consenting; a study that is no pilot can't do without."""

    approved_by: Text
    protocol: Text
    contact: Text
    complaints: Text
    risks: Text
    minutes: int = Field(ge=1)
    data_controller: Text
    legal_basis: Text
    retention: Text
    withdrawal_deadline: Text
    minimum_age: int = Field(18, ge=16)
    deceives: bool = False


class PaySection(Section):
    amount: float = Field(ge=0)
    currency: Text
    hourly_floor: float = Field(ge=0)
    partial: float = Field(0, ge=0, description="For those screened out or stopped by a fault.")


class ExclusionsSection(Section):
    """Rules blind to the outcome, declared before opening and applied at analysis time."""

    failed_checks: int | None = Field(None, ge=1, description="So many failed checks or more.")
    fastest_median_ms: int | None = Field(None, ge=1)
    straight_lining: float | None = Field(None, gt=0, le=1)
    shortest_minutes: float | None = Field(None, gt=0)
    focus_losses: int | None = Field(None, ge=1)


class StoppingSection(Section):
    rule: Literal["all_places", "date", "sequential"] = "all_places"
    detail: str = ""


class AnalysisSection(Section):
    reference: Name | None = Field(None, description="Condition that contrasts refer to.")
    smallest_effect: float | None = Field(None, gt=0)
    hypotheses: list[Text] = Field(default_factory=list)
    looks: bool = False

    @model_validator(mode="after")
    def looking_needs_an_effect(self) -> "AnalysisSection":
        if self.looks and self.smallest_effect is None:
            raise ValueError("looks = true needs smallest_effect, against which to look")
        return self
