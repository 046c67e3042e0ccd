"""A study's public bundle as a draft at Zenodo, by its documented REST API (developers.zenodo.org).

The DOI is reserved before the bundle is written, so that the bundle names its own. The token goes
into one header of each request, and is neither stored nor told.
"""

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from studyapp.models import Study
from studyapp.sections.publication import PublicationSection
from studyapp.studies.publication import publication_of, stored_publication

from .bundle import write_bundle
from .dataset import data_set

SECONDS = 60
LOOPBACK = ("127.0.0.1", "::1", "localhost")
RELATIONS = {
    "supplement_to": "isSupplementTo",
    "documented_by": "isDocumentedBy",
    "derived_from": "isDerivedFrom",
    "part_of": "isPartOf",
    "new_version_of": "isNewVersionOf",
    "cites": "cites",
}


class DepositError(Exception):
    """A deposit that can't be made: one sentence with the fix."""


@dataclass(frozen=True)
class Deposit:
    """Where the draft is looked at and published, and the DOI that it will have."""

    page: str
    doi: str


@dataclass(frozen=True)
class Zenodo:
    """The archive at `url`, asked with a `token`, which no message repeats."""

    url: str
    token: str

    def __post_init__(self) -> None:
        if not self.token:
            raise DepositError(
                "no token is set; make one at Zenodo (deposit:write) and set ZENODO_TOKEN"
            )
        self._refuse_strange(self.url)

    def __repr__(self) -> str:
        return f"Zenodo({self.url!r})"

    def ask(self, method: str, address: str, expected: int, **sent: Any) -> Any:
        """The JSON that the archive answers with; {} where it answers with nothing."""
        self._refuse_strange(address)
        try:
            reply = requests.request(
                method, address, timeout=SECONDS, allow_redirects=False,
                headers={"Authorization": f"Bearer {self.token}"}, **sent,
            )  # fmt: skip
        except requests.RequestException as error:
            kind = type(error).__name__
            raise DepositError(f"{self.url} can't be reached ({kind}); try again later") from None
        if reply.status_code != expected:
            said = reply.text.replace(self.token, "…")[:300]
            raise DepositError(f"{self.url} refused with {reply.status_code}: {said}")
        return reply.json() if reply.content else {}

    def _refuse_strange(self, address: str) -> None:
        """The token is sent to the archive alone, and not readable by others on the way."""
        there, own = urlsplit(address), urlsplit(self.url)
        if there.scheme != "https" and there.hostname not in LOOPBACK:
            raise DepositError(f"{self.url} is not an https address; name one with --archive")
        if there.netloc != own.netloc:
            raise DepositError(f"{self.url} names an address at another host, {there.hostname}")


def deposit(study: Study, zenodo: Zenodo, folder: Path, *, photos: bool = False) -> Deposit:
    """Write the public bundle into `folder`, upload it as a draft, and keep its DOI with the study.

    A person publishes the draft at Zenodo. What fails leaves no draft and no DOI behind. Raises
    DepositError, or ExportError where there can be no public bundle.
    """
    given = _publishable(study)
    places = f"{zenodo.url.rstrip('/')}/api/deposit/depositions"
    draft = zenodo.ask("POST", places, 201, json={})
    own = f"{places}/{int(draft['id'])}"
    try:
        doi = str(draft["metadata"]["prereserve_doi"]["doi"])
        before = study.publication
        study.publication = stored_publication(given.model_copy(update={"doi": doi}))
        try:
            path = write_bundle(
                study, folder / f"{study.slug}.zip", public=True, photos=photos
            ).path
            with path.open("rb") as file:
                bucket = str(draft["links"]["bucket"])
                zenodo.ask("PUT", f"{bucket}/{quote(path.name)}", 201, data=file)
            zenodo.ask("PUT", own, 200, json={"metadata": metadata(study)})
        except BaseException:
            study.publication = before
            raise
    except BaseException:
        zenodo.ask("DELETE", own, 204)
        raise
    study.save(update_fields=["publication"])
    return Deposit(str(draft["links"]["html"]), doi)


def metadata(study: Study) -> dict[str, Any]:
    """What Zenodo asks of a data set."""
    data = data_set(study)
    given = data.given
    funding = [f"{one.funder}{f' ({one.award})' if one.award else ''}" for one in given.funding]
    creators = [
        {
            "name": ", ".join(filter(None, (one.family_names, one.given_names))),
            "affiliation": one.affiliation,
            "orcid": one.orcid,
        }
        for one in given.people
    ]
    found = {
        "upload_type": "dataset",
        "title": data.title,
        "description": html.escape(data.description),
        "creators": [{key: value for key, value in one.items() if value} for one in creators],
        "access_right": "open",
        "license": (given.licence or "").lower(),
        "keywords": list(data.keywords),
        "version": given.version,
        "publication_date": given.published_on.isoformat() if given.published_on else None,
        "notes": f"Funded by {'; '.join(funding)}." if funding else None,
        "references": [one.sentence for one in data.references],
        "related_identifiers": [
            {"identifier": one.identifier, "relation": RELATIONS[one.relation]}
            for one in given.related
        ],
    }
    return {key: value for key, value in found.items() if value}


def _publishable(study: Study) -> PublicationSection:
    """What was given of publishing, if it is enough; a DOI that is there already is another's."""
    given = publication_of(study)
    if given is None or not given.people or given.licence is None:
        raise DepositError(
            "an archive asks for authors and a licence; give both with "
            f"`manage.py study publication {study.slug} FILE`"
        )
    if given.doi:
        raise DepositError(
            f"{study.slug} has the DOI {given.doi} already; make a new version at the archive, or "
            "remove the DOI from its publication section"
        )
    return given
