"""CONSORT-SPI 2018: trials of social and psychological interventions.

Source: Montgomery et al., Trials 19:407 (2018), doi 10.1186/s13063-018-2733-1.
"""

from studyapp.papers.document import Gap, Runs, joined
from studyapp.papers.material import Material
from studyapp.studies.definition.strata import strata

from . import items
from .items import Checklist, Item, gap, words


def _trial_design(material: Material) -> Runs:
    arms = material.definition.arm_conditions()
    if len(arms) == 1:
        return ("Everybody saw all conditions, in an order that was drawn (within participants).",)
    placed = material.record.certificate.get("arms", {})
    told = ", ".join(f"“{arm}” {placed.get(arm, 0)}" for arm in arms)
    return (f"Parallel arms; places by arm: {told}.",)


def _eligibility(material: Material) -> Runs:
    definition = material.definition
    told: list[Runs] = []
    if definition.ethics is not None:
        told.append((f"At least {definition.ethics.minimum_age} years old.",))
    if definition.screening:
        told.append((f"{len(definition.screening)} screening questions before consent.",))
    if found := strata(definition):
        told.append((f"Strata by their answers: {'; '.join(map(_quoted, found))}.",))
    told.append((f"Devices: {', '.join(definition.panel.devices)}.",))
    return joined([*told, (Gap("other criteria, such as a panel’s filters"),)])


def _quoted(stratum: str) -> str:
    return f"“{stratum}”"


def _delivery(material: Material) -> Runs:
    finished = material.flow.get("finished")
    return (f"The site showed each trial as it was drawn; {finished} people answered all of "
            "theirs.",) if finished is not None else (Gap("how much was taken up"),)  # fmt: skip


def _missing(material: Material) -> Runs:
    rule: str | None = material.definition.analysis.missing_data
    usual = "Nothing is imputed; answers that were declined have no score."
    return joined([("Methods, Analysis plan.",), (usual,), (rule or "",)])


CONSORT_SPI = Checklist(
    stem="consort-spi",
    name="CONSORT-SPI 2018",
    source="montgomery2018",
    items=(
        Item("1a", "Randomised trial in the title", gap("whether the title says so")),
        Item("1b", "Structured summary", gap("the abstract")),
        Item("2a", "Background and rationale", gap("the introduction")),
        Item("2b", "Objectives or hypotheses, and how the intervention was to work",
             items.hypotheses),
        Item("3a", "Trial design and allocation ratio", _trial_design),
        Item("3b", "Important changes after the trial began", items.deviations),
        Item("4a", "Eligibility of participants", _eligibility),
        Item("4b", "Settings and places of data collection",
             words("Online, in each participant’s own browser.")),
        Item("5", "Interventions, so that they can be repeated", items.conditions),
        Item("5a", "Whether they were delivered and taken up as planned", _delivery),
        Item("5b", "Where further material is accessible",
             gap("the address of the public bundle, which holds texts, pictures and maps")),
        Item("5c", "How providers were assigned",
             words("There were no providers: the site presented every page.")),
        Item("6a", "Outcomes, and when they were assessed", items.outcomes),
        Item("6b", "Changes of outcomes after the trial began", items.deviations),
        Item("7a", "How the sample size was determined", items.sample),
        Item("7b", "Interim analyses and stopping", items.stopping),
        Item("8a", "How the random allocation was generated", items.allocation),
        Item("8b", "Type of randomisation, such as blocks",
             words("Drawn as a whole before anybody took part, balanced as the certificate says.")),
        Item("9", "Concealment of the allocation",
             words("Each place was drawn beforehand; each new participant took the next free one, "
                   "which nobody could see in advance.")),
        Item("10", "Who generated, enrolled and assigned",
             words("The site did all three automatically.")),
        Item("11a", "Who was aware of the assignment",
             gap("whether participants or researchers could know conditions")),
        Item("11b", "Similarity of the interventions",
             words("Pages of all conditions have the same layout and the same words, but for what "
                   "the study file changes.")),
        Item("12a", "Statistical methods, and missing data", _missing),
        Item("12b", "Additional analyses",
             words("Exploratory contrasts are marked; the report has mixed models beside them.")),
        Item("13a", "Numbers assigned, treated and analysed, by group", items.flow),
        Item("13b", "Losses and exclusions, with reasons", items.flow),
        Item("14a", "Dates of recruitment", items.dates),
        Item("14b", "Why the trial ended", items.stopping),
        Item("15", "Baseline data by group", items.people),
        Item("16", "Numbers analysed", items.flow),
        Item("17a", "Each outcome with estimate and precision", words("Results, with tables.")),
        Item("17b", "Binary outcomes: absolute and relative effects",
             words("Results give shares and their differences.")),
        Item("18", "Other analyses, pre-specified or exploratory",
             words("The Results distinguish planned from exploratory contrasts.")),
        Item("19", "Harms", gap("whether anybody reported a harm or complained")),
        Item("20", "Limitations", gap("the discussion")),
        Item("21", "Generalisability", gap("the discussion")),
        Item("22", "Interpretation", gap("the discussion")),
        Item("23", "Registration", items.plan),
        Item("24", "Protocol", items.ethics),
        Item("25", "Declarations of interests", gap("funding and other interests")),
        Item("26a", "Involvement of the intervention’s developer", gap("who made the methods")),
        Item("26b", "Other stakeholders", gap("who else was involved")),
        Item("26c", "Incentives", items.pay),
    ),
)  # fmt: skip
