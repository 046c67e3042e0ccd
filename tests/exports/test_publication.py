"""What a bundle says of its authors, licence and sources, in every file that says it."""

import json
from pathlib import Path

import pytest

from sandbox.builders import ETHICS, SITES, open_small_study
from sandbox.people import send_people
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Study
from studyapp.studies.lifecycle import close_study
from studyapp.studies.publication import give_publication, publication_of

pytestmark = pytest.mark.django_db

GIVEN = """\
[publication]
licence = "CC-BY-4.0"
description = "An abstract."
keywords = ["saliency"]
version = "1.1"
published_on = 2030-06-01
doi = "10.5281/zenodo.1234567"

[publication.photos]
licence = "CC-BY-2.0"
credit = "the photographers"

[[publication.people]]
family_names = "Lovelace"
given_names = "Augusta Ada"
orcid = "0000-0002-1825-0097"
affiliation = "University of Examples"
roles = ["software"]

[[publication.people]]
family_names = "Suricata"

[[publication.funding]]
funder = "Fund for Examples"
award = "EX-1"

[[publication.related]]
identifier = "10.1000/example.paper"
relation = "supplement_to"
"""


@pytest.fixture
def study(db: None) -> Study:
    study = open_small_study(slug="small", ethics=ETHICS)
    send_people(study, 2)
    return close_study(study)


def described(folder: Path) -> dict:
    return json.loads((folder / "dataset_description.json").read_text("utf-8"))


def test_without_a_publication_section_nothing_is_invented(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out", analysis=False).path
    facts = described(folder)
    assert facts["author"] == [{"@type": "Organization", "name": "a university"}]
    assert facts["license"] == "see README.md"
    assert not {"funder", "datePublished", "version", "url", "subjectOf"} & facts.keys()
    readme = (folder / "README.md").read_text("utf-8")
    assert "comes without a licence: ask the data controller" in readme
    assert "Nobody is named as the author" in readme
    # Both methods, the question and the network were cited, and no other
    assert [one.split(" (")[1][:4] for one in facts["citation"]] == ["2020", "2015", "2012"]


def test_without_authors_the_controllers_of_all_sites_are_named(db: None, tmp_path: Path) -> None:
    leeds, graz = SITES
    sites = [{**leeds, "data_controller": "Leeds Ltd"}, graz]
    study = open_small_study(people=12, sites=sites, ethics=ETHICS)
    folder = write_bundle(study, tmp_path / "out", analysis=False).path
    names = ["Leeds Ltd", "a university"]
    assert [one["name"] for one in described(folder)["author"]] == names
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert [one["title"] for one in package["contributors"]] == names
    assert "name: Leeds Ltd" in (folder / "CITATION.cff").read_text("utf-8")


def test_what_was_given_is_said(study: Study, tmp_path: Path) -> None:
    give_publication(study, GIVEN, "")
    folder = write_bundle(study, tmp_path / "out", analysis=False, public=True).path
    facts = described(folder)
    assert facts["license"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert facts["author"][0]["@id"] == "https://orcid.org/0000-0002-1825-0097"
    assert facts["author"][1] == {"@type": "Person", "name": "Suricata", "familyName": "Suricata"}
    assert facts["url"] == "https://doi.org/10.5281/zenodo.1234567"
    assert facts["funder"] == [{"@type": "Organization", "name": "Fund for Examples"}]
    assert facts["subjectOf"][0]["url"] == "https://doi.org/10.1000/example.paper"
    assert (facts["datePublished"], facts["version"]) == ("2030-06-01", "1.1")
    readme = (folder / "README.md").read_text("utf-8")
    assert (
        "Lovelace, A. A., & Suricata (2030). A small study (Version 1.1) [Data set]. "
        "https://doi.org/10.5281/zenodo.1234567"
    ) in readme
    assert "are under [CC-BY-2.0](https://spdx.org/licenses/CC-BY-2.0)" in readme
    assert "0000-0002-1825-0097)), University of Examples: software" in readme


def test_an_imported_study_says_the_same(study: Study, tmp_path: Path) -> None:
    give_publication(study, GIVEN, "")
    given = publication_of(study)
    folder = write_bundle(study, tmp_path / "out", analysis=False).path
    Study.objects.filter(pk=study.pk).update(slug="other")
    assert publication_of(import_bundle(folder)) == given
