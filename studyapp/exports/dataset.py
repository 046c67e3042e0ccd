"""What a bundle says of itself as a data set, the same in each of its metadata files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from studyapp.models import Study
from studyapp.sections.publication import DOI, PublicationSection
from studyapp.studies.definition.study import study_definition
from studyapp.studies.publication import publication_of
from studyapp.studies.references import Reference, study_references

NOTHING = PublicationSection.model_validate({})
# schema.org's properties for what a related work is to the data
RELATIONS: Mapping[str, str] = {
    "supplement_to": "subjectOf",
    "documented_by": "subjectOf",
    "derived_from": "isBasedOn",
    "new_version_of": "isBasedOn",
    "part_of": "isPartOf",
    "cites": "citation",
}


@dataclass(frozen=True)
class DataSet:
    """A study's data as they are published. controllers: who is responsible for them, of all
    sites; nobody of a pilot without an ethics section. references: what was asked, showed and
    explained comes from. given: what the researchers said of publishing."""

    slug: str
    title: str
    digest: str
    controllers: tuple[str, ...]
    keywords: tuple[str, ...]
    references: tuple[Reference, ...]
    given: PublicationSection

    @property
    def description(self) -> str:
        says = f"Judgments of visual explanations in the study “{self.title}”."
        return f"{says} {self.given.description}" if self.given.description else says

    @property
    def licence_address(self) -> str:
        """Empty where no licence was given."""
        return licence_address(self.given.licence) if self.given.licence else ""

    @property
    def address(self) -> str:
        """The DOI's, or that of the data set's page; empty where there is neither."""
        return doi_address(self.given.doi) if self.given.doi else self.given.url or ""

    @property
    def citation(self) -> str:
        """How to cite the data; empty where nobody is named as their author."""
        if self.given.cite_as is not None:
            return self.given.cite_as
        if not self.given.people:
            return ""
        names = [citing_name(one.family_names, one.given_names) for one in self.given.people]
        authors = f"{', '.join(names[:-1])}, & {names[-1]}" if names[1:] else names[0]
        year = self.given.published_on.year if self.given.published_on else "n.d."
        version = f" (Version {self.given.version})" if self.given.version else ""
        return f"{authors} ({year}). {self.title}{version} [Data set]. {self.address}".rstrip()


def data_set(study: Study) -> DataSet:
    definition = study_definition(study)
    given = publication_of(study) or NOTHING
    keywords = ["explainable AI", "human study", *definition.paradigms(), *given.keywords]
    controllers = definition.told_by_site(lambda one: one.data_controller)
    return DataSet(
        slug=study.slug,
        title=study.title,
        digest=study.definition_digest,
        controllers=tuple(dict.fromkeys(words for _, words in controllers)),
        keywords=tuple(dict.fromkeys(keywords)),
        references=tuple(study_references(definition)),
        given=given,
    )


def citing_name(family: str, given: str | None) -> str:
    """“Lovelace, A. A.”."""
    initials = " ".join(f"{one[0]}." for one in (given or "").split())
    return f"{family}, {initials}" if initials else family


def licence_address(name: str) -> str:
    return f"https://spdx.org/licenses/{name}"


def doi_address(name: str) -> str:
    return f"https://doi.org/{name}"


def address_of(identifier: str) -> str:
    """Of a DOI or an address."""
    return doi_address(identifier) if DOI.fullmatch(identifier) else identifier


def schema_org(data: DataSet, *, written_on: date | None = None) -> dict[str, Any]:
    """schema.org's properties of the data set that were given, without its files and variables.

    written_on: counts as the day of publication where none was given.
    """
    given = data.given
    published = given.published_on or written_on
    found: dict[str, Any] = {
        "name": data.title,
        "description": data.description,
        "keywords": list(data.keywords),
        "license": data.licence_address,
        "url": data.address,
        "version": given.version,
        "datePublished": published.isoformat() if published else None,
        "funder": [_funder(one) for one in given.funding],
        "citation": [one.sentence for one in data.references],
    }
    for one in given.related:
        address = address_of(one.identifier)
        work = address if one.relation == "cites" else {"@type": "CreativeWork", "url": address}
        found.setdefault(RELATIONS[one.relation], []).append(work)
    return {key: value for key, value in found.items() if value}


def people(data: DataSet) -> list[dict[str, Any]]:
    """schema.org's Persons, or the data controllers as Organizations where nobody is named."""
    if not data.given.people:
        return [{"@type": "Organization", "name": one} for one in data.controllers]
    found = []
    for one in data.given.people:
        person = {
            "@type": "Person",
            "@id": f"https://orcid.org/{one.orcid}" if one.orcid else None,
            "name": one.name,
            "givenName": one.given_names,
            "familyName": one.family_names,
            "affiliation": one.affiliation and {"@type": "Organization", "name": one.affiliation},
        }
        found.append({key: value for key, value in person.items() if value})
    return found


def _funder(one: Any) -> dict[str, Any]:
    funder = {"@type": "Organization", "name": one.funder, "url": one.identifier}
    return {key: value for key, value in funder.items() if value}
