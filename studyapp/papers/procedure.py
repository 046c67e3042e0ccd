"""The Methods' other parts: design, procedure, and the plan of the analysis as it was frozen."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from studyapp.analyses.preregistration import frozen_preregistration, plan_sections
from studyapp.models import Stage
from studyapp.paradigms import PARADIGMS
from studyapp.sections.blocks import BlockSection
from studyapp.shelf.formatting import counted
from studyapp.shelf.languages import page_languages, pages_of
from studyapp.studies.definition.presentations import presentation_words

from .document import Block, Bullets, Cite, Code, Gap, Heading, Run, Runs, listed, paragraph, prose
from .material import Material, software
from .sources import question_sources

SOFTWARE: Mapping[str, str] = {
    "numpy": "harris2020", "scipy": "virtanen2020", "pandas": "mckinney2010"
}  # fmt: skip
NAMES = {"numpy": "NumPy", "scipy": "SciPy", "pandas": "pandas"}


def design(material: Material) -> list[Block]:
    definition, certificate = material.definition, material.record.certificate
    blocks = tuple(_block(one) for one in definition.blocks)
    return [
        Heading(2, "Design"),
        paragraph(*_factors(material)),
        Bullets(blocks),
        paragraph(*balance(material), *drawn(certificate)),
    ]


def _factors(material: Material) -> Iterator[Runs]:
    definition = material.definition
    arms = definition.arm_conditions()
    names = [f"“{one.name}”" for one in definition.conditions]
    if len(arms) > 1:
        told = [f"“{arm}” ({listed([f'“{one}”' for one in shown])})" for arm, shown in arms.items()]
        yield (f"Each participant was assigned to one of the arms {listed(told)}.",)
    if len(names) > 1:
        yield (f"The conditions were {listed(names)}.",)
    within = any(len(shown) > 1 for shown in arms.values())
    if within:
        yield ("Within an arm, conditions varied within participants.",)
    yield (
        "The assignment of arms, photos and conditions, their order and their sides were drawn "
        "before anybody took part.",
    )


def _block(block: BlockSection) -> Runs:
    paradigm = PARADIGMS[block.paradigm]
    sources = question_sources(block)
    cited: tuple[Run, ...] = (" ", Cite(sources)) if sources else ()
    told = [counted(block.trials, "trial", "trials")]
    if block.checks:
        told.append(counted(block.checks, "attention check", "attention checks"))
    if block.repeats:
        told.append(f"{counted(block.repeats, 'trial', 'trials')} asked again at the end")
    if block.confidence:
        told.append("each with a rating of confidence from 1 to 5")
    if block.pass_at:
        told.append(f"of which {block.pass_at} had to be right to go on")
    stage = {Stage.PRACTICE: "practice", Stage.LEARNING: "learning"}.get(Stage(block.stage), "")
    kind = f" ({stage})" if stage else ""
    shown = f" {presentation_words(block.presentation)}." if block.presentation else ""
    own = " The question was in the study’s own words." if block.wording else ""
    return (f"Block “{block.name}”{kind}: “{paradigm.title}”", *cited,
            f", {', '.join(told)}.{own}{shown}")  # fmt: skip


def balance(material: Material) -> Iterator[Runs]:
    """What the certificate counted in the design as it was drawn."""
    for one in material.record.certificate.get("blocks", []):
        low, high = one["ratings_per_cell"]
        ratings = str(low) if low == high else f"{low} to {high}"
        arm = "" if one["arm"] == "everyone" else f", arm “{one['arm']}”"
        yield (
            f"In block “{one['block']}”{arm}, {counted(one['stimuli'], 'stimulus', 'stimuli')} × "
            f"{counted(one['conditions'], 'condition', 'conditions')} were planned to be judged "
            f"{ratings} times each; how often conditions occurred for one participant differed by "
            f"at most {one['conditions_by_person']}.",
        )
        paradigm = PARADIGMS[material.definition.block(one["block"]).paradigm]
        if paradigm.has_sides:
            yield (
                f"The two sides differed by at most {one['side_by_cell']} per stimulus and "
                f"condition, {one['side_by_person']} per participant, and {one['side_overall']} "
                "over all.",
            )


def drawn(certificate: Mapping[str, Any]) -> Iterator[Runs]:
    if not certificate:
        return
    repeated = certificate["images_repeated"]
    yield ("No participant saw a photo twice." if not repeated else
           f"In {counted(repeated, 'case', 'cases')} participants saw a photo twice.",)  # fmt: skip
    yield prose("The seed was {seed}, and the digest of the design begins with {digest}.",
                seed=str(certificate["seed"]), digest=Code(certificate["digest"][:12]))  # fmt: skip


def procedure(material: Material) -> list[Block]:
    definition = material.definition
    steps: list[Runs] = [("Participants opened the study in their own browser.",)]
    if definition.screening:
        questions = counted(len(definition.screening), "question", "questions")
        steps.append((f"Before consent, {questions} decided who could take part.",))
    steps.append(("They read the information, consented, and read the instructions.",))
    if definition.comprehension is not None:
        checks = definition.comprehension
        questions = counted(len(checks.questions), "question", "questions")
        attempts = counted(checks.attempts, "attempt", "attempts")
        steps.append((
            f"{questions} about the instructions had to be answered correctly within {attempts}.",
        ))  # fmt: skip
    order = listed([f"“{one.name}”" for one in definition.blocks])
    steps.append((f"Then came the trials ({order}).",))
    debrief = "debrief" in definition.texts
    steps.append(("They ended with a debriefing." if debrief else "There was no debriefing.",))
    if definition.ethics is not None:
        planned = counted(definition.ethics.minutes, "minute", "minutes")
        steps.append((f"Participants had been told that it takes {planned}.",))
    names = [_language(tag) for tag in definition.languages]
    several = "; each person read them in one language" if len(names) > 1 else ""
    steps.append((f"The pages were in {listed(names)}{several}.",))
    return [Heading(2, "Procedure"), paragraph(*steps)]


def _language(code: str) -> str:
    known = page_languages().get(pages_of(code))
    return known.name if known is not None else f"the language “{code}”"


def analysis_plan(material: Material) -> list[Block]:
    """The sentences of the plan as they were frozen, with the works that they rest on."""
    record = material.record
    sections = plan_sections(material.definition, record.certificate)
    plan = frozen_preregistration(record.facts, record.definition, record.certificate)
    lines = [
        line
        for title in ("Who is left out", "When it stops", "Analysis")
        for line in sections[title]
        if line.strip()
    ]
    return [
        Heading(2, "Analysis plan"),
        paragraph(prose(
            "The plan was frozen with the study before anybody took part; its SHA-256 is {digest}. "
            "It is registered at {gap}. It says:",
            digest=Code(plan.digest), gap=Gap("where the plan is registered, with its address"),
        )),
        Bullets(tuple(_plan_line(line) for line in lines)),
        paragraph(*_statistics(material)),
        paragraph(*_software(material)),
    ]  # fmt: skip


def _plan_line(line: str) -> Runs:
    """A line of Markdown without its mark of a list; what is in backquotes stands as it is."""
    text = re.sub(r"^\s*-\s+", "", line.strip())
    parts = re.split(r"`([^`]+)`", text)
    return tuple(Code(one) if place % 2 else one for place, one in enumerate(parts) if one)


def _statistics(material: Material) -> Iterator[Runs]:
    """The sources of what the results rest on."""
    founds = material.founds
    yield prose("Standard errors are clustered by participants and photos {source}, with degrees "
                "of freedom by effective clusters {clusters}; p values are adjusted by Holm’s "
                "procedure {holm}.", source=Cite(("cameron2011",)),
                clusters=Cite(("carter2017",)), holm=Cite(("holm1979",)))  # fmt: skip
    if any(one["beside"] for one in founds):
        yield prose("Mixed models with crossed effects of participants and photos stand beside "
                    "them {source}.", source=Cite(("baayen2008",)))  # fmt: skip
    if any(pair["equivalence"] for one in founds for pair in one["contrasts"]):
        yield prose("Equivalence was tested by two one-sided tests {source}.",
                    source=Cite(("schuirmann1987",)))  # fmt: skip
    if any(one["looks"] for one in founds):
        yield prose("Interim looks use asymptotic confidence sequences {source}.",
                    source=Cite(("waudbysmith2024",)))  # fmt: skip
    if any(one["alpha"] for one in founds):
        yield prose("Agreement among participants is Krippendorff’s α {source}.",
                    source=Cite(("hayes2007",)))  # fmt: skip


def _software(material: Material) -> Iterator[Runs]:
    yield prose("Pages, design and analyses were made by {name} {source}.",
                name=software(), source=Cite(("discern",)))  # fmt: skip
    versions = material.founds[0]["versions"]
    told: list[Run] = [f"The analyses used Python {versions['python']}"]
    for name, key in SOFTWARE.items():
        told += [f", {NAMES[name]} {versions[name]} ", Cite((key,))]
    yield (*told, ".")
    if any(not one.is_table for one in material.definition.networks.values()):
        yield prose("The networks ran in PyTorch {source}.", source=Cite(("paszke2019",)))
