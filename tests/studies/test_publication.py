"""Who made the data and under which licence: checked, changed at any time, no design."""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError

from sandbox.builders import make_definition, open_small_study
from studyapp.models import Study, StudyKind
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.file import DefinitionError, parse_definition, parse_publication
from studyapp.studies.definition.study import Definition
from studyapp.studies.publication import give_publication, publication_of, publication_toml
from tests.running import output_of
from tests.test_architecture import ROOT

GIVEN = """\
[publication]
licence = "cc-by-4.0"
published_on = 2030-06-01
[[publication.people]]
family_names = "Lovelace"
given_names = "Ada"
orcid = "0000-0002-1825-0097"
roles = ["software"]
"""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('licence = "CC BY"', "`publication.licence`: is not a licence in SPDX's list"),
        ('licence = "MIT OR CC0-1.0"', "`publication.licence`: is not one licence"),
        ('licence = "LicenseRef-mine"', "`publication.licence`: is not one licence"),
        ('doi = "https://doi.org/10.1/a"', "`publication.doi`: is not a DOI; write it as"),
        ('url = "example.org"', "`publication.url`: is not a complete address"),
        ('published_on = "soon"', "`publication.published_on`: write a date as 2027-03-31"),
        ('author = "me"', "`publication.author`: unknown key"),
        ('[[publication.people]]\ngiven_names = "Ada"', "people.0.family_names`: is missing"),
        (
            '[[publication.people]]\nfamily_names = "L"\norcid = "0000-0002-1825-0098"',
            "orcid`: is no ORCID iD, because its last character does not fit",
        ),
        (
            '[[publication.people]]\nfamily_names = "L"\norcid = "orcid.org/1"',
            "orcid`: is not written as an ORCID iD",
        ),
        (
            '[[publication.people]]\nfamily_names = "L"\nroles = ["author"]',
            "is unknown; ",
        ),
        (
            '[[publication.related]]\nidentifier = "my paper"\nrelation = "cites"',
            "identifier`: is neither a DOI",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_fix(given: str, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_publication(f"[publication]\n{given}\n", "data.toml")
    assert told in str(caught.value)
    assert "data.toml, line " in str(caught.value)


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0097", "0000-0001-5109-3700",
                                   "0000-0002-1694-233X"])  # fmt: skip
def test_known_orcids_are_taken(orcid: str) -> None:
    text = f'[publication]\n[[publication.people]]\nfamily_names = "L"\norcid = "{orcid}"\n'
    assert parse_publication(text, "").people[0].orcid == orcid


def test_it_is_no_part_of_the_definition() -> None:
    text = (ROOT / "fixtures" / "studies" / "every-option.toml").read_text("utf-8")
    without = text[: text.index("# Says who made the data")]
    said, unsaid = parse_definition(text, ""), parse_definition(without, "")
    assert said.publication is not None
    assert said.publication.people[0].name == "Ada Example"
    assert unsaid.publication is None
    assert said.digest() == unsaid.digest()
    assert "publication" not in said.model_dump()
    stored = Definition.model_validate(said.model_dump(mode="json"))
    assert stored.digest() == said.digest()
    assert "publication" not in make_definition().model_dump()


@pytest.mark.django_db
def test_it_is_given_after_opening_and_changes_no_digest() -> None:
    study = open_small_study()
    before = Study.objects.filter(pk=study.pk).values(
        "definition", "definition_digest", "design_digest", "definition_toml"
    )[0]
    assert publication_of(study) is None
    give_publication(study, GIVEN, "")
    after = Study.objects.filter(pk=study.pk).values(*before)[0]
    assert after == before
    section = publication_of(Study.objects.get(pk=study.pk))
    assert section is not None
    assert (section.licence, section.published_on) == ("CC-BY-4.0", date(2030, 6, 1))
    assert parse_publication(publication_toml(section), "") == section
    # A simulated copy says what its original says by now
    copy = marked_copy(study, StudyKind.SIMULATED, seed=1)
    give_publication(study, GIVEN.replace("Ada", "Augusta"), "")
    copied = publication_of(Study.objects.get(pk=copy.pk))
    assert copied is not None
    assert copied.people[0].name == "Augusta Lovelace"


@pytest.mark.django_db
def test_the_command_prints_stores_and_refuses_it(tmp_path: Path) -> None:
    study = open_small_study()
    assert "has no publication section yet" in output_of("study", "publication", study.slug)
    file = tmp_path / "data.toml"
    file.write_text(GIVEN, encoding="utf-8")
    output_of("study", "publication", study.slug, str(file))
    assert 'licence = "CC-BY-4.0"' in output_of("study", "publication", study.slug)
    file.write_text('slug = "small"\n', encoding="utf-8")
    with pytest.raises(CommandError, match=r"no section \[publication\]; add it"):
        output_of("study", "publication", study.slug, str(file))
    with pytest.raises(CommandError, match="there is no such file"):
        output_of("study", "publication", study.slug, str(tmp_path / "none.toml"))
