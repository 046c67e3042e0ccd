"""CITATION.cff, from which GitHub, Zenodo and Zotero read how to cite (format version 1.2.0)."""

from typing import Any

import yaml

from studyapp.studies.references import Reference

from .dataset import DataSet, address_of

CITATION = "CITATION.cff"
MESSAGE = "If you use these data, please cite them as below."


def citation_file(data: DataSet) -> str:
    """The file's text; empty where there is nobody to be named, whom the format asks for."""
    given = data.given
    authors = [
        _given_only({
            "family-names": one.family_names,
            "given-names": one.given_names,
            "orcid": f"https://orcid.org/{one.orcid}" if one.orcid else None,
            "affiliation": one.affiliation,
        })
        for one in given.people
    ]  # fmt: skip
    if not authors:
        authors = [{"name": one} for one in data.controllers]
    if not authors:
        return ""
    facts = {
        "cff-version": "1.2.0",
        "message": MESSAGE,
        "type": "dataset",
        "title": data.title,
        "authors": authors,
        "abstract": data.description,
        "keywords": list(data.keywords),
        "version": given.version,
        "date-released": given.published_on,
        "doi": given.doi,
        "url": given.url,
        "license": given.licence,
        "identifiers": [
            {
                "type": "url",
                "value": address_of(one.identifier),
                "description": one.relation.replace("_", " "),
            }
            for one in given.related
        ],
        "references": [_work(one) for one in data.references],
    }
    return yaml.safe_dump(_given_only(facts), sort_keys=False, allow_unicode=True, width=100)


def _work(one: Reference) -> dict[str, Any]:
    authors = [
        dict(zip(("family-names", "given-names"), name.split(", ", 1), strict=False))
        for name in one.authors
    ]
    return _given_only({
        "type": "article",
        "title": one.title,
        "authors": authors,
        "year": one.year,
        "journal": one.journal,
        "doi": one.doi,
        "url": one.address,
    })  # fmt: skip


def _given_only(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if value}
