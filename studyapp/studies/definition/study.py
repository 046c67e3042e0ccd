"""A study as a checked, typed object: what its file says, with every default written out."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from studyapp.models import Kind, Participation, Study, StudyText
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.base import NO_EXPLANATION
from studyapp.paradigms.sections import AnyBlock
from studyapp.sections.base import FileName, Line, Name, Section, ShownLine, Slug, TextName
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import (
    ArmSection,
    ConditionSection,
    DesignSection,
    DisplaySection,
    ExclusionsSection,
)
from studyapp.sections.entry import EntrySection
from studyapp.sections.ethics import EthicsSection, PaySection
from studyapp.sections.evidence import EvidenceSection
from studyapp.sections.limits import Limit, column
from studyapp.sections.meetings import meeting, meetings, members
from studyapp.sections.networks_and_images import ImagesSection, NetworkSection, PairSection
from studyapp.sections.people import ComprehensionSection, PanelSection, ScreeningSection
from studyapp.sections.planning import AnalysisSection, StoppingSection
from studyapp.sections.publication import PublicationSection
from studyapp.sections.sites import SiteSection
from studyapp.sections.translations import Language, TranslationSection

from .catalogue import catalogue
from .stored import as_read_today


class Definition(Section):
    """Everything that makes a study, with every default written out."""

    slug: Slug = Field(description="The study's name in addresses and commands.")
    title: Annotated[ShownLine, column(Study, "title")] = Field(description="As people see it.")
    summary: Annotated[Line, Limit(200)] | None = Field(
        None, description="What it is about, in one line: for lists of studies."
    )
    language: Annotated[Line, column(Participation, "language")] = Field(
        "en", description="Language of the pages; the consent is in your own words."
    )
    translations: dict[Language, TranslationSection] = Field(
        default_factory=dict,
        description="Other languages in which people can read the study. The names of a "
        "language's texts end in its tag: consent-de.",
    )
    kind: Literal["real", "pilot"] = Field("real", description="A pilot needs no ethics section.")
    parent: Slug | None = Field(None, description="The study of which this is a new version.")
    demo: bool = Field(False, description="Its pages say that it is a demonstration.")
    texts: dict[Annotated[TextName, column(StudyText, "name")], FileName] = Field(
        description="Markdown files, relative to the study file."
    )
    networks: dict[Name, NetworkSection] = Field(
        default_factory=dict, description="Networks by name."
    )
    pairs: dict[Name, PairSection] = Field(
        default_factory=dict, description="Which network is the stronger one."
    )
    images: ImagesSection = Field(description="The photos.")
    conditions: list[ConditionSection] = Field(min_length=1, description="What people compare.")
    arms: list[ArmSection] = Field(default_factory=list, description="By default one arm for all.")
    screening: list[ScreeningSection] = Field(
        default_factory=list,
        description="Asked before consent; answers are not stored, except for the stratum where a "
        "question has strata.",
    )
    comprehension: ComprehensionSection | None = Field(
        None, description="Asked after the instructions."
    )
    blocks: list[AnyBlock] = Field(min_length=1, description="What is asked, in order.")
    design: DesignSection = Field(description="How it is drawn.")
    display: DisplaySection = Field(
        default_factory=lambda: DisplaySection.model_validate({}),
        description="How pictures look: the same for everybody.",
    )
    panel: PanelSection = Field(
        default_factory=lambda: PanelSection.model_validate({}),
        description="Where people come from.",
    )
    entry: EntrySection | None = Field(
        None, description="Who may come, depending on their part in other studies."
    )
    ethics: EthicsSection | None = Field(None, description="Required to open unless a pilot.")
    pay: PaySection | None = Field(None, description="What people are paid.")
    sites: list[SiteSection] = Field(
        default_factory=list, description="Of a study that several sites run together."
    )
    evidence: EvidenceSection | None = Field(
        None, description="What is collected as evidence of machines among the participants."
    )
    exclusions: ExclusionsSection = Field(
        default_factory=lambda: ExclusionsSection.model_validate({}),
        description="Rules blind to the outcome.",
    )
    stopping: StoppingSection = Field(
        default_factory=lambda: StoppingSection.model_validate({}),
        description="When no more people are asked.",
    )
    analysis: AnalysisSection = Field(
        default_factory=lambda: AnalysisSection.model_validate({}),
        description="The plan of the analysis.",
    )
    # Never stored with the others: who published the data decides nothing about the study
    publication: PublicationSection | None = Field(
        None,
        exclude=True,
        description="What the data say of themselves when published; may be given later.",
    )

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out absent sections that came later, so that digests of earlier studies stay."""
        found: dict[str, Any] = usual(self)
        for key in ("entry", "evidence", "translations"):
            if not found.get(key):
                found.pop(key, None)
        return found

    @property
    def languages(self) -> list[str]:
        """Those that people may choose from; the file's own first."""
        return [self.language, *self.translations]

    @property
    def is_translated(self) -> bool:
        """Whether this is the study as people of a further language read it."""
        return self.language in self.translations

    @property
    def names(self) -> dict[str, str]:
        """What people read instead of names of classes and contexts."""
        return self.translations[self.language].names if self.is_translated else {}

    def text_name(self, name: str) -> str:
        """The name of a text in the language that is read."""
        return f"{name}-{self.language}" if self.is_translated else name

    @property
    def who_may_come(self) -> EntrySection:
        """The rules of `entry`; where there are none, anybody may."""
        return self.entry or EntrySection.model_validate({})

    def digest(self) -> str:
        """SHA-256 of the checked definition, the same for every spelling of the same file."""
        return digest_of(self.model_dump(mode="json"))

    def ethics_at(self, site: str) -> EthicsSection | None:
        """What people of a site are told before consenting: its own words where it has some."""
        own = next((one.of_its_own for one in self.sites if one.name == site), {})
        return self.ethics if self.ethics is None else self.ethics.model_copy(update=own)

    def told_by_site(self, tell: Callable[[EthicsSection], str]) -> list[tuple[str, str]]:
        """(title of a site, what `tell` says of its ethics); once and without a title where there
        is nothing to tell apart. Empty for a pilot without an ethics section."""
        found = [(one.title, self.ethics_at(one.name)) for one in self.sites] or [("", self.ethics)]
        told = [(title, tell(ethics)) for title, ethics in found if ethics is not None]
        if len({words for _, words in told}) > 1:
            return told
        return [("", words) for _, words in told[:1]]

    def arm_conditions(self) -> dict[str, list[str]]:
        """Each arm's conditions by name; one arm "everyone" has them all where none is declared."""
        if not self.arms:
            return {"everyone": [condition.name for condition in self.conditions]}
        return {arm.name: list(arm.conditions) for arm in self.arms}

    def pair_of(self, condition: ConditionSection) -> str:
        """The pair's name that a condition is about; the only pair where it names none."""
        return condition.pair if condition.pair is not None else next(iter(self.pairs))

    def methods_of(self, network: str) -> list[tuple[str, dict[str, Any]]]:
        """The methods that explain the network, each with its settings."""
        roles = {role for name in self.photo_paradigms() for role in PARADIGMS[name].networks}
        found: list[tuple[str, dict[str, Any]]] = []
        for condition in self.conditions:
            pair = self.pairs[self.pair_of(condition)]
            if pair.stronger == network or (pair.weaker == network and "weaker" in roles):
                found.append((condition.method, condition.settings))
                found += [(condition.versus, {})] if condition.versus else []
        known = catalogue()["methods"]  # “none” and “no_advice” are no methods
        return [(method, settings) for method, settings in found if method in known]

    def paradigms(self) -> list[str]:
        """The paradigms of the blocks, each once, in order."""
        return list(dict.fromkeys(block.paradigm for block in self.blocks))

    def photo_paradigms(self) -> list[str]:
        """Those that ask about photos, each once, in order."""
        asking = [one for one in self.blocks if PARADIGMS[one.paradigm].asks_about_photos(one)]
        return list(dict.fromkeys(block.paradigm for block in asking))

    def block(self, name: str) -> BlockSection:
        """The block of that name; StopIteration if there is none."""
        return next(block for block in self.blocks if block.name == name)

    def shared_trials(self, paradigm: str, stage: str) -> int:
        """How many photos practice or learning of `paradigm` needs: the same for everybody."""
        asked = (paradigm, stage)
        return sum(one.trials for one in self.blocks if (one.paradigm, one.stage) == asked)

    def shown_under(self, block: BlockSection, arm_conditions: Iterable[str]) -> list[str]:
        """The names of the design's conditions in a block for the people of an arm: the file's, or
        what they meet in where several of them stand on one page."""
        shown, wanted = list(arm_conditions), block.conditions
        if wanted is None and block.compared:
            wanted = []
        names = [name for name in shown if wanted is None or name in wanted]
        meets = PARADIGMS[block.paradigm].meets
        if meets != "one":
            # In the file's order, so that arms in another order have the same meetings
            names = [one.name for one in self.conditions if one.name in names]
        compared = [meeting(two) for two in block.compared if {*two} <= {*shown}]
        return [*meetings(meets, names), *compared]

    def shows(self, block: BlockSection, condition: ConditionSection) -> bool:
        """Whether pages of a block show the condition to anybody, alone or beside others."""
        names = self.shown_under(block, [one.name for one in self.conditions])
        is_named = any(condition.name in members(name) for name in names)
        return is_named and PARADIGMS[block.paradigm].asks_about_photos(block)

    def meetings_of(self, paradigm: str) -> list[str]:
        """The names of the design's conditions under which any block asks `paradigm`."""
        arms = self.arm_conditions().values()
        found = [
            name
            for block in self._asking(paradigm)
            for arm in arms
            for name in self.shown_under(block, arm)
        ]
        if PARADIGMS[paradigm].meets == "one":
            alone = [one.name for one in self.conditions_alone_in(paradigm)]
            found = [*alone, *(name for name in found if len(members(name)) > 1)]
        return list(dict.fromkeys(found))

    def meetings(self) -> list[str]:
        """The names of the design's conditions in which several of the file's meet."""
        found = (
            name
            for paradigm in self.photo_paradigms()
            for name in self.meetings_of(paradigm)
            if len(members(name)) > 1
        )
        return list(dict.fromkeys(found))

    def networks_on_one_page(self) -> list[tuple[str, ...]]:
        """Those whose pictures stand side by side, each group of them once, by their names."""
        found = (
            self._networks_under(paradigm, name)
            for paradigm in self.photo_paradigms()
            for name in self.meetings_of(paradigm)
        )
        return [one for one in dict.fromkeys(found) if len(one) > 1]

    def _networks_under(self, paradigm: str, name: str) -> tuple[str, ...]:
        met = [self.condition(one) for one in members(name)]
        pairs = [self.pairs[self.pair_of(one)] for one in met]
        names = [pair.stronger for pair in pairs]
        is_of_two = len(met) == 1 and "weaker" in PARADIGMS[paradigm].networks
        if is_of_two and met[0].versus is None and pairs[0].weaker is not None:
            names.append(pairs[0].weaker)
        return tuple(dict.fromkeys(names))

    def settings_of_meeting(self, name: str) -> dict[str, str]:
        """What the row of conditions that meet says of them: whether any shows texts, which the
        words of a question depend on."""
        kinds = {self.condition(one).shown_kind for one in members(name)}
        return {"kind": Kind.TEXT} if Kind.TEXT in kinds else {}

    def condition(self, name: str) -> ConditionSection:
        """The file's condition of that name; StopIteration if there is none."""
        return next(one for one in self.conditions if one.name == name)

    def conditions_of(self, paradigm: str) -> list[ConditionSection]:
        """The conditions under which any block asks `paradigm`, alone or beside another, in the
        file's order."""
        names = {one.name for one in self.conditions_alone_in(paradigm)}
        names |= {
            name for block in self._asking(paradigm) for two in block.compared for name in two
        }
        return [condition for condition in self.conditions if condition.name in names]

    def conditions_alone_in(self, paradigm: str) -> list[ConditionSection]:
        """Those of them that a block doesn't only name as one of two sides."""
        asking = self._asking(paradigm)
        if any(block.conditions is None and not block.compared for block in asking):
            return list(self.conditions)
        names = {name for block in asking for name in block.conditions or []}
        return [condition for condition in self.conditions if condition.name in names]

    def block_alone_in(self, paradigm: str, condition: str) -> str:
        """The name of the first block that asks about one of those conditions by itself."""
        return next(
            block.name
            for block in self._asking(paradigm)
            if condition in (block.conditions or [])
            or (block.conditions is None and not block.compared)
        )

    def _asking(self, paradigm: str) -> list[BlockSection]:
        """The blocks that ask `paradigm` about photos."""
        return [
            block
            for block in self.blocks
            if block.paradigm == paradigm and PARADIGMS[paradigm].asks_about_photos(block)
        ]

    def baseline_of(self, paradigm: str) -> str:
        """The condition without explanation that the others are compared with; empty for none."""
        if not PARADIGMS[paradigm].has_baseline:
            return ""
        conditions = self.conditions_of(paradigm)
        return next((one.name for one in conditions if one.method == NO_EXPLANATION), "")


def study_definition(study: Study) -> Definition:
    """The checked definition that a study was loaded with."""
    if study.definition_digest:
        return _frozen_definition(study.pk, study.definition_digest)
    return stored_definition(study.definition)


@lru_cache(maxsize=200)
def _frozen_definition(study: int, digest: str) -> Definition:
    """Of a study that was opened: it never changes, and checking it takes a millisecond."""
    rows = Study.objects.filter(pk=study).values_list("definition", flat=True)
    return stored_definition(rows.get())


def stored_definition(stored: Mapping[str, Any]) -> Definition:
    """The checked definition of a row or a bundle, whichever version stored it."""
    return Definition.model_validate(as_read_today(stored))


def digest_of(stored: Any) -> str:
    """SHA-256 of JSON, such as a stored definition: anybody can compute it from a bundle again."""
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()
