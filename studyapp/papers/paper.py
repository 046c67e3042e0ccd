"""The paper's Methods and Results as one document, and what both still lack."""

from dataclasses import replace

from .document import Block, Bullets, Document, Heading, paragraph
from .findings import findings
from .material import Material
from .materials import materials
from .participants import participants
from .procedure import analysis_plan, design, procedure

MISSING = "What is still to be filled in"


def paper(material: Material) -> Document:
    blocks: list[Block] = [
        Heading(1, "Methods"),
        *participants(material),
        *materials(material),
        *design(material),
        *procedure(material),
        *analysis_plan(material),
        *findings(material),
    ]
    authors = tuple(one.name for one in material.publication.people)
    title = material.record.facts["title"]
    return with_gaps(Document(title, material.marks, tuple(blocks), authors))


def with_gaps(document: Document) -> Document:
    """With a last section that lists the gaps."""
    gaps = document.gaps()
    listed: Block = Bullets(tuple((gap,) for gap in gaps)) if gaps else paragraph(("Nothing.",))
    blocks = (*document.blocks, Heading(1, MISSING), listed)
    return replace(document, blocks=blocks)
