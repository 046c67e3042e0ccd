"""The section about publishing the data: licences, people, funding, and how to cite.

It is no part of the definition: it decides nothing about what people see, and may be written or
corrected after a study was opened, without another digest.
"""

import re
from datetime import date
from typing import Annotated, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, Field

from .base import Line, Section, Text
from .limits import Limit

ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
DOI = re.compile(r"10\.\d{4,9}/\S+")
ADDRESS = re.compile(r"https://[^\s/]+\.\S+")
# The contributor roles of ANSI/NISO Z39.104-2022 (CRediT), as in their addresses
Role = Literal[
    "conceptualization", "data-curation", "formal-analysis", "funding-acquisition",
    "investigation", "methodology", "project-administration", "resources", "software",
    "supervision", "validation", "visualization", "writing-original-draft",
    "writing-review-editing",
]  # fmt: skip
Relation = Literal[
    "supplement_to", "documented_by", "derived_from", "part_of", "new_version_of", "cites"
]


def _licence(name: str) -> str:
    """`name` as SPDX spells it; ValueError if it is not one identifier of the list."""
    advice = "use one identifier of https://spdx.org/licenses, such as CC-BY-4.0 or CC0-1.0"
    try:
        found = canonicalize_license_expression(name)
    except InvalidLicenseExpression as error:
        raise ValueError(f"is not a licence in SPDX's list; {advice}") from error
    if " " in found or found.startswith("LicenseRef-"):
        raise ValueError(f"is not one licence of SPDX's list; {advice}")
    return str(found)


def _orcid(name: str) -> str:
    """`name`, whose last character is right by ISO 7064 MOD 11-2, as ORCID's own."""
    if ORCID.fullmatch(name) is None:
        raise ValueError("is not written as an ORCID iD; write it as 0000-0002-1825-0097")
    digits = name.replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    last = (12 - total % 11) % 11
    if digits[-1] != ("X" if last == 10 else str(last)):
        raise ValueError("is no ORCID iD, because its last character does not fit the others; "
                         "copy it from the person's page")  # fmt: skip
    return name


def _doi(name: str) -> str:
    if DOI.fullmatch(name) is None:
        raise ValueError("is not a DOI; write it as 10.5281/zenodo.1234567, without an address")
    return name


def _address(name: str) -> str:
    if ADDRESS.fullmatch(name) is None:
        raise ValueError("is not a complete address; write it with https://")
    return name


def _identifier(name: str) -> str:
    if DOI.fullmatch(name) is None and ADDRESS.fullmatch(name) is None:
        raise ValueError("is neither a DOI, such as 10.5281/zenodo.1234567, nor an address that "
                         "begins with https://; write one of them")  # fmt: skip
    return name


Short = Annotated[Line, Limit(300)]
Licence = Annotated[Line, AfterValidator(_licence), Limit(80)]
Orcid = Annotated[Line, AfterValidator(_orcid), Limit(19)]
Doi = Annotated[Line, AfterValidator(_doi), Limit(200)]
Address = Annotated[Line, AfterValidator(_address), Limit(500)]
Identifier = Annotated[Line, AfterValidator(_identifier), Limit(500)]


class PersonSection(Section):
    """Somebody who made the data set, in the order of citing."""

    family_names: Short = Field(description="Or the only name.")
    given_names: Short | None = Field(None, description="Before the family names in a citation.")
    orcid: Orcid | None = Field(None, description="The person's ORCID iD; its last character is "
                                "checked.")  # fmt: skip
    affiliation: Short | None = Field(None, description="Where the person works.")
    roles: list[Role] = Field(
        default_factory=list, description="What the person did, in CRediT's terms."
    )

    @property
    def name(self) -> str:
        """As it is spoken."""
        return " ".join(filter(None, (self.given_names, self.family_names)))


class FundingSection(Section):
    funder: Short = Field(description="The funder's name.")
    award: Short | None = Field(None, description="The number of the grant.")
    identifier: Address | None = Field(
        None, description="The funder's address in ROR or Crossref's registry."
    )


class RelatedSection(Section):
    """A work to which the data belong, such as the paper or the preregistration."""

    identifier: Identifier = Field(description="A DOI or an address.")
    relation: Relation = Field(description="What the data are to it.")


class PhotosSection(Section):
    """What holds for the photos, which other people may have the rights to."""

    licence: Licence | None = Field(None, description="SPDX's identifier, such as CC-BY-2.0.")
    credit: Text | None = Field(None, description="Whom a user of the photos must name.")
    source: Address | None = Field(None, description="Where the photos come from.")
    publish: bool = Field(
        True,
        description="If false, a public bundle holds no photo and no picture that shows one.",
    )


class PublicationSection(Section):
    """What a data set says of itself when it is published; what is not given is not invented."""

    licence: Licence | None = Field(
        None,
        description="Of the data and texts: SPDX's identifier, such as CC-BY-4.0 or CC0-1.0. "
        "If left out, readers are told to ask the data controller.",
    )
    code_licence: Licence = Field(
        "MIT", description="Of the scripts in the bundle; they are written under MIT."
    )
    photos: PhotosSection = Field(
        default_factory=lambda: PhotosSection.model_validate({}),
        description="What holds for the photos.",
    )
    people: list[PersonSection] = Field(
        default_factory=list, max_length=200, description="Who made the data set, in order."
    )
    description: Text | None = Field(None, description="An abstract.")
    keywords: list[Short] = Field(
        default_factory=list, max_length=50, description="In addition to the questions asked."
    )
    version: Annotated[Line, Limit(40)] | None = Field(None, description="Of the data set.")
    published_on: date | None = Field(
        None, strict=False, description="The day of publication; else that of writing the bundle."
    )
    doi: Doi | None = Field(None, description="Of the data set, once it has one.")
    url: Address | None = Field(None, description="The data set's page.")
    funding: list[FundingSection] = Field(
        default_factory=list, max_length=50, description="Who paid for the study."
    )
    related: list[RelatedSection] = Field(
        default_factory=list, max_length=100, description="The paper, the preregistration, …"
    )
    cite_as: Text | None = Field(
        None, description="How to cite the data; else it follows from people, title and DOI."
    )
