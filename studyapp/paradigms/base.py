"""What every kind of question declares, so that the site, the design and the analysis can work
without knowing which kind it is."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from studyapp.models import Kind, Stage, Stimulus, StimulusRole, Trial
from studyapp.sections.blocks import BlockSection
from studyapp.sections.meetings import Meets, members

from .questions import Asked, Question, page_questions

# Conditions that show no explanation, by what they leave out
NO_EXPLANATION = "none"
NO_ADVICE = "no_advice"
WITHOUT_MAP = {
    NO_EXPLANATION: "the network's answer without an explanation",
    NO_ADVICE: "neither the network's answer nor an explanation",
}
PHOTO = "photo"
# What explanations may be where pages have pictures alone, where a film can stand in their place,
# and where words can
PICTURED = (Kind.MAP, Kind.PICTURE, Kind.PICTURES)
OR_FILMS = (*PICTURED, Kind.FILM)
OR_WORDS = (*OR_FILMS, Kind.TEXT)
# Paradigms share it so that a plan of several says it once; its words count in registered digests
VALUES_PLAN = (
    "Statements and scales are analysed each by itself, clicks by the percentile of the map "
    "under them: per method and per contrast the mean with a two-way cluster-robust error. "
    "Clicks are tested against 50, a spot like any other; a mean of statements has no test."
)
# What is stored of buttons, and of the steps of a scale, as `answer_levels` tell it
BUTTONS = {("", "0, 1, …"): "first, second, … button"}
STEPS = {("", "1, 2, …"): "step of the scale"}
ScaleKind = Literal["", "belief", "statements", "items", "fields"]
# Between two means: of scores from −2 to +2, and of shares
WIDEST = {"score": 4.0, "correct": 1.0}


@dataclass(frozen=True)
class Classified:
    """One network's answer for a photo: its classes, the most probable first, and their names.

    `said`: how many of them it says. It is the first one, but for a network that reads each class
    by itself: that says those to which it gives a probability of one half, none or several.
    """

    classes: Sequence[int]
    labels: Sequence[str] = ()
    said: int = 1

    def name(self, index: int) -> str:
        return str(self.labels[index])


@dataclass(frozen=True)
class Category:
    """An annotated category of a photo: the shown name and the class indices that mean it.

    `others`: the answers beside it, between which people choose, where a table names them.
    """

    name: str
    accepted: frozenset[int]
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A stimulus that may be asked about. `stratum`: of the paradigm's strata, if it has any."""

    category: str
    class_index: int
    options: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    stratum: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why a photo can't be asked about: the same words for the same rule, so that they count."""

    rule: str


# (categories of the photo, answers by role: "stronger", "weaker") → what may be asked, or why not
Eligibility = Callable[[Sequence[Category], dict[str, Classified]], list[Candidate] | Refusal]
# Question → answer as shown → what it scores
Keys = dict[str, dict[str, float]]
# (a block, the names of the study's texts) → (key, sentence) of what is wrong with it
Complaints = Callable[[Any, Collection[str]], Iterator[tuple[str, str]]]
# Place on the page → role of the picture there: an overlay's role, or PHOTO
Places = dict[str, str]


MEMBER = "option_"
# The name of an item's answer begins so
ITEM = "item_"


def explained_class(role: str, stimulus: Stimulus) -> tuple[str, int]:
    """The network (by its role in the pair) and the class whose map has `role`: the picture of a
    condition that meets another is of its pair's stronger network."""
    return "stronger" if role.startswith(MEMBER) else role, stimulus.class_index


def one_picture(asked: Asked) -> Places:
    """The explanation, and the photo where the study shows it."""
    photo = {PHOTO: PHOTO} if asked.display.show_photo else {}
    return {**photo, "one": "stronger"}


def member_role(place: int) -> str:
    """The role of the picture of the member at `place`, from 0, of those that meet on a page."""
    return f"{MEMBER}{place}"


def of_member(condition: str, role: str) -> tuple[str, str]:
    """The condition of the file that a picture is of, and its role under that one alone: where
    several meet on a page, the picture of a member is of its stronger network."""
    names = members(condition)
    if len(names) == 1:
        return condition, role
    return names[int(role.removeprefix(MEMBER))], "stronger"


def told_role(condition: str, role: str) -> str:
    """What tells a picture of a page from its others: of conditions that meet the name, else the
    role."""
    is_of_one = len(members(condition)) == 1 or role == PHOTO
    return role if is_of_one else of_member(condition, role)[0]


def is_in_words(trial: Trial) -> bool:
    """Whether the page shows texts that another tool made."""
    return trial.condition is not None and trial.condition.settings.get("kind") == Kind.TEXT


@dataclass(frozen=True)
class Published:
    """What a paper reports of a paradigm: the mean score or the share of right answers by method.

    source: as a figure names it. otherwise: what simulated people assume of all other methods.
    """

    source: str
    means: Mapping[str, float]
    otherwise: float


@dataclass(frozen=True)
class Paradigm:
    """One kind of question.

    block: the section of its blocks: the keys that each has, and those that only it reads.
    complaints: what is wrong with a block whose keys are right one by one.
    about_photos: whether a block asks about photos, where `candidates` says of what.
    in_one_step: whether a block asks what others ask in several `steps` on one page, without
        buttons in drawn order.
    stages: what a block may be.
    languages: the languages in which a block's own words are at hand; None where the pages' are.
    widest: how far two means of a block's answers can be apart; None where nothing says so.
    shown_text: which of the study's texts stands on a block's pages.
    presentation: the file in its static folder that presents the pictures, where they do not just
        stand there: a module with a function `present(form, onset, ended)`, called when they
        appear. It may resolve later, as soon as the page may be answered, with another {onset};
        what listens outside the form ends with the AbortSignal `ended`. Any other paradigm can be
        presented by its blocks.
    advice: (trial) → the network's answer, where the page may tell it; else "".

    questions: what a page asks, the main question called `value`.
    places: which picture stands where on a page.
    beside: the photo stands beside one explanation, in some arm or at some step, so that it has one
        size in all of them.
    shows_maps: some of its pages show a map. maps_in: those of a block.
    networks: the roles in the pair whose predictions decide eligibility.
    roles: the overlays that a stimulus needs under a condition; `explained` tells of each which
        network's map of which class it is. `together`: they are normalised with one another.
    explains: the roles of stimuli whose explanations are shown at all.
    has_sides: the stronger network stands at A or B, drawn by the design; of two conditions that
        meet, the first one.
    meets: how many of a block's conditions stand on one page: one, but for those that the block
        names two by two (`compared`); two, so that each two are a condition of the design; or all.
    options: how many buttons in drawn order a stimulus has; 0: none.
    steps: how many pages ask about one stimulus.
    strata: kinds of stimuli of which everybody sees equally many.
    network_right: (facts of a stimulus) → whether the network's answer about it is right; None
        where the facts don't tell.
    check_values: an instructed attention check may ask for any of these; none: no checks.
        `own_check_values`: (block) → those of a scale of the study's own.
    stimuli_a_photo: how many stimuli an eligible photo gives.
    candidates: what may be asked of a photo; None: it asks about no photo. Several of one photo
        differ in their category, by which the design knows them.
    compares: what the pictures of one page differ in. A method whose map does not depend on it
        would be one picture everywhere, and does not fit; comparisons of two methods take all.
    without_map: the conditions without explanation that fit.
    has_baseline: the one with the network's answer is what the others are compared with, where the
        plan names no other.
    kinds: what explanations may be (`models.Kind`), where another tool made them.
    is_scored: whether its answers have a mean: words and a researcher's own fields have none.
    null: what a mean of answers without an `outcome` is tested against; None for no test.
    scales: what its answers are steps of, where not of a score: how surely a prediction is right
        (belief), statements about a picture, the items of a questionnaire, or a researcher's own
        fields; empty where they are no steps.
    keys: (trial about a stimulus, its block) → its answer key, stored when the trial is drawn:
        what each answer scores, by question. Scores of the question `value` are −2…+2, plus
        favouring the stronger network, for outcome "score"; 1 right or 0 wrong for outcome
        "correct". None where no answer is scored by its value.
    simulate: (latent, bias, trial, random) → value as shown of a person whose tendency towards
        the stronger network (or the right answer) is `latent`, with a pull `bias` to B (or to
        the first option). None where there is no question `value`.
    simulate_further: the same for another question, where guessing will not do.
    able: the latent tendency of simulated people who are right most of the time.
    published: what a paper printed, to be drawn beside a study that asks the same of a method.
    usual: (block) → the answer that people usually give to a question of what they see, where
        pixels would say something else or the same; None where there is none.
    answer_levels: (words after the paradigm's name, stored values of `value`) → what they mean,
        for the codebook.
    plan: what a preregistration says of the analysis; empty where `outcome` says all.
    analysis: the module whose `ANALYSIS` says how answers are analysed, loaded on first use; None
        where shares or means by `outcome` say all.
    """

    name: str
    title: str
    questions: Callable[[Asked], list[Question]]
    candidates: Eligibility | None
    keys: Callable[[Trial, Any], Keys] | None = None
    simulate: Callable[[float, float, Trial, Random], int] | None = None
    simulate_further: Callable[[str, float, Trial, Random], int] | None = None
    outcome: Literal["score", "correct"] | None = None
    places: Callable[[Asked], Places] = one_picture
    beside: bool = False
    shows_maps: bool = True
    maps_in: Callable[[Any], bool] = lambda block: True
    networks: tuple[str, ...] = ("stronger",)
    roles: tuple[str, ...] = ("stronger",)
    explained: Callable[[str, Stimulus], tuple[str, int]] = explained_class
    together: bool = False
    explains: tuple[str, ...] = (StimulusRole.MAIN, StimulusRole.PRACTICE)
    has_sides: bool = False
    meets: Meets = "one"
    options: int = 0
    steps: int = 1
    strata: tuple[str, ...] = ()
    network_right: Callable[[Mapping[str, Any]], bool] | None = None
    check_values: tuple[int, ...] = ()
    own_check_values: Callable[[Any], tuple[int, ...]] | None = None
    stimuli_a_photo: int = 1
    block: type[BlockSection] = BlockSection
    complaints: Complaints = lambda block, texts: iter(())
    about_photos: Callable[[Any], bool] = lambda block: True
    in_one_step: Callable[[Any], bool] = lambda block: False
    stages: tuple[str, ...] = (Stage.PRACTICE, Stage.MAIN)
    languages: Callable[[Any], tuple[str, ...] | None] = lambda block: None
    widest: Callable[[Any], float | None] = lambda block: None
    shown_text: Callable[[Any], str | None] = lambda block: None
    presentation: str = ""
    advice: Callable[[Trial], str] = lambda trial: ""
    compares: Literal["network", "class"] | None = None
    without_map: Mapping[str, str] = field(default_factory=dict)
    has_baseline: bool = False
    kinds: tuple[str, ...] = PICTURED
    is_scored: bool = True
    null: float | None = None
    scales: ScaleKind = ""
    able: float = 1.0
    published: Published | None = None
    usual: Callable[[Any], int | None] = lambda block: None
    answer_levels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    plan: str = ""
    analysis: str | None = None

    @property
    def chance(self) -> float:
        """The share of right answers that guessing gives; half where nobody counts buttons."""
        return 1 / self.options if self.options else 0.5

    @property
    def has_null(self) -> bool:
        """Whether one condition alone can be tested: against chance, 0 or `null`."""
        return self.outcome is not None or self.null is not None

    @property
    def has_own_fields(self) -> bool:
        """Whether the researcher names the questions: only `value` means the same in all."""
        return "fields" in self.block.model_fields

    def can_be_alike(self, question: str) -> bool:
        """Whether its answers are compared with each other to find people who always give the same
        one: the main answer's, or the items of a scale."""
        is_item = question.startswith(ITEM) and not self.has_own_fields
        return question == "value" or is_item

    @property
    def template(self) -> str:
        """The page of its trials, in its own folder."""
        return f"{self.name}/page.html"

    @property
    def presentation_file(self) -> str:
        """The static file of its presentation module; empty where it has none."""
        return f"paradigms/{self.name}/{self.presentation}" if self.presentation else ""

    def asks(self, asked: Asked) -> list[Question]:
        """The questions of a page as they are asked."""
        return page_questions(asked, self.questions(asked))

    @property
    def places_tell(self) -> bool:
        """Whether several explanations stand on one page, so that answers are about places, which
        are where the data say in every language."""
        return self.has_sides or self.meets != "one" or len(self.roles) > 1

    @property
    def hides_class(self) -> bool:
        """Whether the name of a class, told by an explanation, would answer the question."""
        return self.options > 0 or self.compares == "class"

    @property
    def parts_classes(self) -> bool:
        """Whether explanations of several classes of one photo are told apart: an explanation of
        no class would be the same one for each."""
        return self.compares == "class" or self.stimuli_a_photo > 1

    @property
    def hides_network(self) -> bool:
        """Whether the name of a network would."""
        return self.has_sides or self.compares == "network"

    def asks_about_photos(self, block: BlockSection) -> bool:
        """Whether a block's pages are about photos, and not a questionnaire's."""
        return self.candidates is not None and self.about_photos(block)

    def steps_in(self, block: BlockSection) -> int:
        """How many pages ask about one stimulus of a block."""
        return 1 if self.in_one_step(block) else self.steps

    def roles_under(self, condition: str) -> tuple[str, ...]:
        """The overlays that a stimulus needs under the condition of that name: one of each of
        those that meet, where several do."""
        if self.meets == "one" and len(members(condition)) == 1:
            return self.roles
        return tuple(member_role(place) for place in range(len(members(condition))))

    def options_in(self, block: BlockSection) -> int:
        """How many buttons in drawn order the pages of a block have."""
        return 0 if self.in_one_step(block) else self.options

    def widest_difference(self, block: BlockSection) -> float | None:
        """How far two means of the block's outcome can be apart; None where nothing says so."""
        return WIDEST[self.outcome] if self.outcome is not None else self.widest(block)

    def widest_from_null(self, block: BlockSection) -> float | None:
        """How far one mean can be from chance, 0 or `null`; None where nothing says so."""
        widest = self.widest_difference(block)
        if widest is None or self.outcome == "score":
            return None if widest is None else widest / 2
        # Shares, percentiles and the like begin at 0
        null = self.chance if self.outcome == "correct" else self.null
        return None if null is None else max(null, widest - null)

    def check_values_in(self, block: BlockSection) -> tuple[int, ...]:
        """What an attention check of a block may ask for."""
        return self.own_check_values(block) if self.own_check_values else self.check_values

    def keys_of(self, trial: Trial, block: BlockSection) -> Keys:
        """The answer key of a drawn trial; empty where nothing is scored."""
        if self.keys is None or trial.stimulus is None or trial.stage == Stage.LEARNING:
            return {}
        return self.keys(trial, block)

    def is_check_passed(self, trial: Trial, value: int) -> bool:
        return trial.stage == Stage.CHECK and value == trial.expected


def button_of(trial: Trial, fact: str) -> int:
    """The button, by its number as shown, of the option that the stimulus notes as `fact`."""
    assert trial.stimulus is not None
    return int(trial.option_order.index(trial.stimulus.facts[fact]))


def right_button(trial: Trial) -> int:
    """The button of the right option, by its number as shown."""
    return button_of(trial, "right")


def only(answer: int, answers: Iterable[int]) -> dict[str, float]:
    """The key of a question of which one answer scores 1, and all others 0."""
    return {str(one): int(one == answer) for one in answers}


def right_button_keys(trial: Trial, block: BlockSection) -> Keys:
    """1 for the button of the right option, as shown, 0 for the others."""
    return {"value": only(right_button(trial), range(len(trial.option_order)))}
