"""The part of a bundle's README about who made the data, what may be done with them, and citing."""

from collections.abc import Iterator

from .dataset import DataSet, address_of, licence_address

ASK = "ask the data controller named in `materials/definition.json`"


def publication_markdown(data: DataSet) -> str:
    """Sections on licence, people, funding, citing and references; only what was given."""
    return "\n".join(
        [
            "## Licence\n",
            *licence_lines(data),
            *_people(data),
            *_related(data),
            "\n## How to cite\n",
            data.citation
            or "Nobody is named as the author of these data, so cite the study by "
            f"its name `{data.slug}` and its definition's digest `{data.digest[:12]}`.",
            *_references(data),
            "",
        ]
    )


def licence_lines(data: DataSet) -> Iterator[str]:
    given, photos = data.given, data.given.photos
    if given.licence:
        yield (
            f"The data, texts and explanations are under [{given.licence}]({data.licence_address})."
        )
    else:
        yield f"The bundle comes without a licence: {ASK}."
    yield (
        f"The scripts in `analysis/` and the files `load.*` are under "
        f"[{given.code_licence}]({licence_address(given.code_licence)})."
    )
    if not photos.publish:
        yield "The photos may not be published: a public bundle holds none, and no picture of one."
    elif photos.licence:
        yield (
            f"Photos, and pictures that show them, are under "
            f"[{photos.licence}]({licence_address(photos.licence)}), whatever the data are under."
        )
    else:
        yield (
            "Photos, and pictures that show them (`materials/overlays`, `photos`, `crops`), belong "
            "to whoever made them; what may be done with them is not said here."
        )
    if photos.credit:
        yield f"Name as their source: {photos.credit.rstrip('.')}."
    if photos.source:
        yield f"They come from <{photos.source}>."


def _people(data: DataSet) -> Iterator[str]:
    if data.given.people:
        yield "\n## People\n"
    for one in data.given.people:
        orcid = f" ([ORCID {one.orcid}](https://orcid.org/{one.orcid}))" if one.orcid else ""
        affiliation = f", {one.affiliation}" if one.affiliation else ""
        roles = f": {', '.join(one.roles)}" if one.roles else ""
        yield f"- {one.name}{orcid}{affiliation}{roles}"
    if data.given.funding:
        yield "\n## Funding\n"
    for fund in data.given.funding:
        award = f", grant {fund.award}" if fund.award else ""
        yield f"- {fund.funder}{award}"


def _related(data: DataSet) -> Iterator[str]:
    if data.given.related:
        yield "\n## Related works\n"
    for one in data.given.related:
        yield f"- {one.relation.replace('_', ' ')}: <{address_of(one.identifier)}>"


def _references(data: DataSet) -> Iterator[str]:
    if data.references:
        yield "\nWhat was asked, shown and explained comes from these works:\n"
        yield from (f"- {one.sentence}" for one in data.references)
