"""What a checklist is made of, and answers that several of them ask for."""

from collections.abc import Callable
from dataclasses import dataclass

from studyapp.papers.document import Code, Gap, Runs, joined, prose
from studyapp.papers.material import Material
from studyapp.papers.participants import (
    approved,
    described,
    left_out,
    paid,
    recruited,
    sample_size,
)
from studyapp.papers.procedure import balance, drawn
from studyapp.shelf.formatting import counted

Answer = Callable[[Material], Runs]


@dataclass(frozen=True)
class Item:
    """number: as the checklist counts. asks: in short. answer: what the study says, or a gap."""

    number: str
    asks: str
    answer: Answer


@dataclass(frozen=True)
class Checklist:
    """stem: of its files. source: the key of the work that introduced it, if it is one."""

    stem: str
    name: str
    source: str
    items: tuple[Item, ...]


def gap(what: str) -> Answer:
    """An answer that only the authors have."""
    return lambda material: (Gap(what),)


def words(text: str) -> Answer:
    """An answer that is the same for every study."""
    return lambda material: (text,)


def ethics(material: Material) -> Runs:
    return joined(list(approved(material)))


def pay(material: Material) -> Runs:
    return joined(list(paid(material)))


def recruitment(material: Material) -> Runs:
    return joined(list(recruited(material)))


def flow(material: Material) -> Runs:
    return joined([*recruited(material), *left_out(material)])


def people(material: Material) -> Runs:
    return joined(list(described(material)))


def sample(material: Material) -> Runs:
    return joined(list(sample_size(material)))


def allocation(material: Material) -> Runs:
    return joined([*balance(material), *drawn(material.record.certificate)])


def dates(material: Material) -> Runs:
    opened, closed = (material.record.facts[name] for name in ("opened_at", "closed_at"))
    return prose("From {opened} to {closed}.", opened=opened[:10],
                 closed=closed[:10] if closed else Gap("when the study closed"))  # fmt: skip


def hypotheses(material: Material) -> Runs:
    count = len(material.definition.analysis.hypotheses)
    if not count:
        return ("No hypothesis was stated beforehand.",)
    stated = counted(count, "hypothesis was", "hypotheses were")
    return (f"{stated} stated before the study opened; Results, Hypotheses.",)


def plan(material: Material) -> Runs:
    return prose(
        "The plan was frozen when the study opened (definition {digest}); registered at {gap}.",
        digest=Code(material.record.facts["definition_digest"][:12]),
        gap=Gap("where the plan is registered, with its address"),
    )


def deviations(material: Material) -> Runs:
    found = material.record.deviations
    if not found:
        return ("No deviation was recorded.",)
    told = "; ".join(f"{day}: {what}" for day, what, _ in found)
    return (f"{counted(len(found), 'deviation was', 'deviations were')} recorded: {told}.",)


def conditions(material: Material) -> Runs:
    names = ", ".join(f"“{one.name}”" for one in material.definition.conditions)
    return (f"Conditions: {names}; Methods, Materials, has their methods and settings.",)


def outcomes(material: Material) -> Runs:
    names = ", ".join(f"“{one['paradigm']}”" for one in material.founds)
    return (f"Outcomes of {names}, as the analysis plan defines them; each after every trial.",)


def stopping(material: Material) -> Runs:
    rule = material.definition.stopping
    looks = " Interim looks were allowed." if material.definition.analysis.looks else (
        " Nobody was to look at outcomes before the end.")  # fmt: skip
    detail = f" ({rule.detail})" if rule.detail else ""
    return (f"Stopping rule: {rule.rule.replace('_', ' ')}{detail}.{looks}",)
