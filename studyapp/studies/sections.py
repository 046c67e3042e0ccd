"""The sections of a study file, each a typed, closed record: an unknown key is an error."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from studyapp.models import Network, Participation

from .limits import Limit, column

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,59}$"
SLUG_PATTERN = r"^[a-z][a-z0-9-]{0,79}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN), Limit(60)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN), Limit(80)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Text = Annotated[Line, Limit(5_000)]
Words = Annotated[str, Limit(200)]
Code = Annotated[Line, column(Participation, "completion_code")]
Count = Annotated[int, Limit(100_000)]
Seed = Annotated[int, Limit(2**62 - 1)]
Amount = Annotated[float, Limit(1_000_000)]
Bound = Annotated[float, Limit(10**9)]
Device = Literal["desktop", "tablet", "phone"]
DEVICES: tuple[Device, ...] = ("desktop", "tablet", "phone")
Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]


class NamesAFile:
    """The mark of a key whose value may be a file's name; `named_files` finds keys by it."""


FileName = Annotated[Text, NamesAFile()]
# Of a text, and of its file in a bundle
TEXT_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")
TextName = Annotated[str, StringConstraints(pattern=TEXT_NAME.pattern)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class NetworkSection(Section):
    """A network that the explainer's `load_network` can load."""

    builder: Annotated[Line, column(Network, "builder")] = Field(
        description="Name of a network in the catalogue, such as vgg16."
    )
    weights: Annotated[Line, column(Network, "weights"), NamesAFile()] = Field(
        description="A file, a torchvision weights name, or “package” for a network whose "
        "weights come as a package; “random” for weights drawn from `seed` in the options."
    )
    sha256: Sha256 | None = Field(None, description="Digest that the weights file must have.")
    options: dict[str, Any] = Field(
        default_factory=dict, description="The builder's own, such as `size` or `num_classes`."
    )
    labels: Annotated[Line, column(Network, "labels_file"), NamesAFile()] | None = Field(
        None, description="A file of class names, one per line; “imagenet” for ImageNet's thousand."
    )
    layer: Annotated[Line, column(Network, "layer")] | None = Field(
        None,
        description="Dotted name; by default the last map that the score is computed from.",
    )


class PairSection(Section):
    """Two networks of the file, or a ready pair by its name: `use` and nothing else."""

    stronger: Name = Field(description="The network that is more accurate.")
    weaker: Name | None = Field(None, description="The other one, where there is one.")
    use: Literal["vgg16_alexnet", "sharp_near_sighted"] | None = Field(
        None, description="A ready pair, instead of the two."
    )


class ImagesSection(Section):
    """Where the photos are, how they are annotated, and which of them are taken."""

    reader: Literal["folder", "coco"] = Field(description="How photos say what they show.")
    folder: FileName = Field(description="Relative to the study file.")
    annotations: FileName = Field("annotations.json", description="File of the reader “coco”.")
    names: FileName | dict[Words, Text | list[Text]] | None = Field(
        None,
        description="Your names and the network's classes that they mean: a CSV file with the "
        "columns name and classes, or a table `[images.names]`.",
    )
    label: Literal["folder", "filename"] = Field(
        "folder", description="What names the category for the reader “folder”."
    )
    select: Literal["random", "balanced", "first"] = Field(
        "random",
        description="Which `count` photos are taken: drawn by the seed, drawn so that categories "
        "are as even as can be, or the first by name.",
    )
    count: Count | None = Field(None, ge=1, description="How many photos to use; all if left out.")
    seed: Seed | None = Field(
        None, ge=0, description="For the selection; the design's if left out."
    )
    compose: Literal["none", "pair"] = Field(
        "none", description="“pair” puts photos of two categories side by side, each photo once."
    )
    smallest_side: Annotated[int, Limit(10_000)] = Field(
        64, ge=16, description="The fewest pixels that each side may have."
    )

    @model_serializer(mode="wrap")
    def without_absent_names(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As before there were names where there are none, so that digests stay what they were."""
        found: dict[str, Any] = usual(self)
        if found.get("names") is None:
            found.pop("names", None)
        return found


class ConditionSection(Section):
    """What differs within one participant: a method or control, on a pair of networks."""

    name: Name = Field(description="As it stands in the data.")
    method: Name = Field(
        description="A method or control of the catalogue; “none” for no explanation, "
        "“no_advice” for neither explanation nor the network's answer."
    )
    versus: Name | None = Field(
        None,
        description="In trust: another method of the stronger network at the other side; the same "
        "one for A = A trials.",
    )
    pair: Name | None = Field(None, description="The only pair where left out.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Of the method.")


class ArmSection(Section):
    name: Name = Field(description="As it stands in the data.")
    conditions: list[Name] = Field(min_length=1, description="What this arm's people see.")


OF_A_NUMBER = {"least", "most", "decimals", "unit"}


class FieldSection(Section):
    """A field of a custom page."""

    name: Name = Field(description="As it stands in the data; `value` for the main answer.")
    question: Text = Field(description="What is asked.")
    kind: Literal["choice", "scale", "text", "line", "number"] = Field(
        "choice", description="How it is answered; a line is a text of one line."
    )
    choices: list[Text] = Field(default_factory=list, description="Of a choice, in order.")
    points: int = Field(7, ge=2, le=11, description="Of a scale.")
    lowest: Words = Field("", description="Words at 1.")
    highest: Words = Field("", description="Words at the other end.")
    longest: int = Field(2000, ge=1, le=20000, description="Characters of a text or a line.")
    least: Bound = Field(0, ge=-(10**9), description="The smallest number that is accepted.")
    most: Bound = Field(1_000_000, ge=-(10**9), description="The largest number that is accepted.")
    decimals: int = Field(0, ge=0, le=2, description="Of a number; 0 for whole numbers.")
    unit: Words = Field("", description="Stands behind the box of a number, such as “years”.")
    required: bool = Field(True, description="Whether it must be answered.")
    may_decline: bool = Field(
        False,
        description="Offers “Prefer not to say”, in the study's language: an answer of its own, "
        "neither missing nor counted with the others.",
    )

    @model_validator(mode="after")
    def a_choice_has_choices(self) -> "FieldSection":
        if self.kind == "choice" and len(self.choices) < 2:
            raise ValueError(f"the field {self.name} needs two choices or more")
        return self

    @model_validator(mode="after")
    def a_number_has_a_range(self) -> "FieldSection":
        if self.least > self.most:
            raise ValueError(
                f"the field {self.name} accepts no number: least = {self.least:g} is more than "
                f"most = {self.most:g}; change one of them"
            )
        for key, bound in (("least", self.least), ("most", self.most)):
            if round(bound, self.decimals) != bound:
                raise ValueError(
                    f"{key} = {bound:g} of the field {self.name} has more decimals than "
                    f"decimals = {self.decimals}; change one of them"
                )
        return self

    @model_serializer(mode="wrap")
    def without_new_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As before there were numbers where there are none, so that digests stay as they were."""
        found: dict[str, Any] = usual(self)
        if self.kind != "number":
            found = {key: value for key, value in found.items() if key not in OF_A_NUMBER}
        if not self.may_decline:
            found.pop("may_decline", None)
        return found


class BlockSection(Section):
    """A run of trials shuffled together."""

    name: Name = Field(description="As it stands in the data.")
    paradigm: Name = Field(description="The kind of question.")
    stage: Literal["practice", "learning", "main"] = Field(
        "main", description="“learning” only in meta_prediction."
    )
    trials: int = Field(ge=1, le=1000, description="Photos a person is asked about, or pages.")
    checks: int = Field(0, ge=0, le=50, description="Attention checks strewn among the trials.")
    repeats: int = Field(
        0, ge=0, le=200, description="Trials asked again at the end, sides swapped: reliability."
    )
    conditions: list[Name] | None = Field(None, description="All of the arm's where left out.")
    stimuli: Count | None = Field(
        None,
        ge=1,
        description="This block's share of the photos when several use one paradigm.",
    )
    session: Count | None = Field(None, ge=1, description="Session of a meta-prediction study.")
    steps: Literal["one", "two"] = Field("two", description="Of reliance.")
    confidence: bool = Field(False, description="Ask how sure people are, 1 to 5.")
    pass_at: Count | None = Field(
        None,
        ge=1,
        description="Right answers needed in practice, or the study ends there.",
    )
    with_photos: bool = Field(False, description="Of open_text and custom: ask about photos.")
    question: Text | None = Field(None, description="Of open_text.")
    required: bool = Field(True, description="Of open_text: whether it must be answered.")
    longest: int = Field(2000, ge=1, le=20000, description="Of open_text, in characters.")
    items: list[Text] = Field(default_factory=list, description="Of rating and questionnaire.")
    points: int = Field(7, ge=2, le=11, description="Of the items' scale.")
    lowest: Words = Field("", description="Words at 1.")
    highest: Words = Field("", description="Words at the other end.")
    instrument: Name | None = Field(None, description="A published questionnaire: checked, scored.")
    text: Name | None = Field(None, description="Of custom: key in `texts` of the HTML fragment.")
    fields: list[FieldSection] = Field(default_factory=list, description="Of custom.")

    @property
    def is_main(self) -> bool:
        return self.stage == "main"


class DesignSection(Section):
    seed: int = Field(ge=0, lt=2**62, description="Everything that is drawn comes from it.")
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
        60,
        ge=1,
        description="Idle time after which a place is given away.",
    )


class DisplaySection(Section):
    """How maps become pictures: one way for every arm, because display is part of the study."""

    colour_map: Name = Field("viridis", description="From low to high values.")
    opacity: float = Field(0.5, gt=0, le=1, description="Of the colours over the photo.")
    opacity_by: Literal["constant", "value"] = Field(
        "constant", description="The same everywhere, or growing with the value."
    )
    size: int = Field(448, ge=64, le=1024, description="Pixels of a side, as people see it.")
    scope: Literal["alone", "network"] = Field(
        "alone",
        description="Whether a map's hottest colour is its own maximum, or that of all maps of "
        "the photo by the same network and method. Two networks are never joined.",
    )
    show_photo: bool = Field(True, description="Whether the plain photo stands beside.")
    legend: bool = Field(True, description="Whether pages say what the colours of maps mean.")
    surround: Literal["light", "dark"] = Field(
        "light", description="Around pictures, in every theme: it changes perceived colour."
    )
    name_a: Annotated[Line, Limit(60)] = Field(
        "Robot A", description="Neutral name of the network shown first."
    )
    name_b: Annotated[Line, Limit(60)] = Field(
        "Robot B", description="Neutral name of the other one."
    )


class Codes(Section):
    """What a panel wants to be told, one code per outcome."""

    complete: Code | None = Field(None, description="Drawn for each person where left out.")
    no_consent: Code | None = Field(None, description="Did not agree.")
    screened_out: Code | None = Field(None, description="Not needed, by the screening.")
    failed_checks: Code | None = Field(None, description="Failed checks, questions or practice.")
    full: Code | None = Field(None, description="Came when all places were taken.")
    timed_out: Code | None = Field(
        None, description="Came back after the place had been given away."
    )


class PanelSection(Section):
    kind: Literal["link", "personal", "prolific", "mturk", "sona"] = Field(
        "link", description="“personal” for signed links of your own, “link” for one open to all."
    )
    codes: Codes = Field(
        default_factory=lambda: Codes.model_validate({}),
        description="What the panel is told, by outcome.",
    )
    redirect: Annotated[Line, Limit(2_000)] | None = Field(
        None, description="Address that takes the code at its end."
    )
    redirect_seconds: Annotated[int, Limit(600)] | None = Field(
        None, ge=10,
        description="Seconds before the last page goes to the panel automatically; if left out, "
        "people press a button.",
    )  # fmt: skip
    people_per_device: int = Field(
        1, ge=1, le=1000, description="Of an open link: how many may take part in one browser."
    )
    smallest_window: Annotated[int, Limit(10_000)] = Field(
        320, ge=200, description="The narrowest window, in pixels."
    )
    devices: list[Device] = Field(
        default_factory=lambda: list(DEVICES), description="Who may come with which device."
    )
    erase_ids_on: date | None = Field(
        None, strict=False, description="The day on which the panel's ids are erased."
    )


class QuestionSection(Section):
    """A question before the trials, with answers of which some are accepted."""

    question: Text = Field(description="What is asked.")
    answers: list[Text] = Field(min_length=2, description="The choices, in order.")
    accept: list[Count] = Field(min_length=1, description="The accepted answers, counted from 1.")

    @model_validator(mode="after")
    def accepted_answers_exist(self) -> "QuestionSection":
        for number in self.accept:
            if not 1 <= number <= len(self.answers):
                raise ValueError(f"accept names answer {number} of {len(self.answers)}")
        return self

    @property
    def accepted(self) -> list[str]:
        """The accepted answers in words."""
        return [self.answers[number - 1] for number in self.accept]


class ComprehensionSection(Section):
    """Questions about the instructions, with corrective feedback; they gate the trials."""

    attempts: int = Field(2, ge=1, le=10, description="After so many the study ends there.")
    questions: list[QuestionSection] = Field(min_length=1, description="All on one page.")


class ExclusionsSection(Section):
    """Rules blind to the outcome, declared before opening and applied at analysis time."""

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
