"""A study as a checked, typed object: what its file says, with every default written out."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from studyapp.models import Participation, Study, StudyText
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.sections import AnyBlock
from studyapp.sections.base import FileName, Line, Name, Section, Slug, TextName
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import (
    ArmSection,
    ConditionSection,
    DesignSection,
    DisplaySection,
    ExclusionsSection,
)
from studyapp.sections.ethics import EthicsSection, PaySection
from studyapp.sections.limits import column
from studyapp.sections.networks_and_images import ImagesSection, NetworkSection, PairSection
from studyapp.sections.people import ComprehensionSection, PanelSection, QuestionSection
from studyapp.sections.planning import AnalysisSection, StoppingSection

from .catalogue import catalogue
from .stored import as_read_today


class Definition(Section):
    """Everything that makes a study, with every default written out."""

    slug: Slug = Field(description="The study's name in addresses and commands.")
    title: Annotated[Line, column(Study, "title")] = Field(description="As people see it.")
    language: Annotated[Line, column(Participation, "language")] = Field(
        "en", description="Language of the pages; the consent is in your own words."
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
    screening: list[QuestionSection] = Field(
        default_factory=list, description="Asked before consent; answers are not stored."
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
    ethics: EthicsSection | None = Field(None, description="Required to open unless a pilot.")
    pay: PaySection | None = Field(None, description="What people are paid.")
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

    def digest(self) -> str:
        """SHA-256 of the checked definition, the same for every spelling of the same file."""
        return digest_of(self.model_dump(mode="json"))

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

    def conditions_of(self, paradigm: str) -> list[ConditionSection]:
        """The conditions under which any block asks `paradigm`, in the file's order."""
        asking = [
            block
            for block in self.blocks
            if block.paradigm == paradigm and PARADIGMS[paradigm].asks_about_photos(block)
        ]
        if any(block.conditions is None for block in asking):
            return list(self.conditions)
        names = {name for block in asking for name in block.conditions or []}
        return [condition for condition in self.conditions if condition.name in names]


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
