"""The Methods' first part: who took part, who is left out, what they were paid, who approved it."""

from collections.abc import Iterable, Iterator, Mapping

from studyapp.analyses.preregistration import RULES
from studyapp.shelf.formatting import counted, short
from studyapp.studies.definition.strata import stratum_shares

from .document import Block, Gap, Heading, Run, Runs, listed, paragraph, prose
from .material import Material

PANELS: Mapping[str, str] = {
    "link": "through an open link", "personal": "through personal links",
    "prolific": "through Prolific", "mturk": "through Amazon Mechanical Turk",
    "connect": "through CloudResearch Connect", "sona": "through SONA",
}  # fmt: skip
LOST: Mapping[str, str] = {
    "refused": "did not consent", "screened_out": "were screened out",
    "full": "came when all places were taken", "entered": "did not continue",
    "dropped": "left before the end", "active": "had not ended when the data were analysed",
    "withdrawn": "withdrew their data",
}  # fmt: skip
ABOUT_PEOPLE = "age, gender and other characteristics of the participants, and how they were asked"
FURTHER_ABOUT_PEOPLE = "other characteristics of the participants that matter here"


def participants(material: Material) -> list[Block]:
    return [
        Heading(2, "Participants"),
        paragraph(
            *recruited(material), *left_out(material), *_by_arm(material), *_by_stratum(material)
        ),
        paragraph(*described(material), *sample_size(material)),
        paragraph(*paid(material), *approved(material)),
    ]


def recruited(material: Material) -> Iterator[Runs]:
    flow, panel = material.flow, material.definition.panel
    if not flow:
        yield (Gap("how many people took part; the results tell of none"),)
        return
    yield prose(
        "Participants came {panel}; {entered} opened the study, {consented} consented, and "
        "{finished} finished.",
        panel=PANELS[panel.kind], entered=counted(flow["entered"], "person", "people"),
        consented=str(flow["consented"]), finished=str(flow["finished"]),
    )  # fmt: skip
    lost = [f"{flow['by_status'][name]} {words}" for name, words in LOST.items()
            if flow["by_status"].get(name)]  # fmt: skip
    if lost:
        yield (f"Of those who did not finish, {listed(lost)}.",)
    yield _when(material)


def _when(material: Material) -> Runs:
    opened, closed = (material.record.facts[name] for name in ("opened_at", "closed_at"))
    if closed:
        return (f"The study was open from {opened[:10]} to {closed[:10]}.",)
    return prose("The study opened on {opened} and {gap}.", opened=opened[:10],
                 gap=Gap("when it closed; it is not closed yet"))  # fmt: skip


def left_out(material: Material) -> Iterator[Runs]:
    """By the rules that were declared beforehand, and by a researcher's decision."""
    excluded: Mapping[str, int] = next(
        (one["excluded"] for one in material.founds if one["excluded"]), {}
    )
    limits = material.definition.exclusions.model_dump()
    declared = {rule: count for rule, count in excluded.items() if rule in limits}
    others = {rule: count for rule, count in excluded.items() if rule not in limits}
    if declared:
        told = [f"{count} for {RULES[rule].format(limits[rule])}" if limits[rule] is not None
                else f"{count} for {rule}" for rule, count in declared.items()]  # fmt: skip
        yield (
            f"By rules that were declared before the study opened and that look at no outcome, "
            f"people were left out of the analysis: {listed(told)}; one person may break several.",
        )
    elif any(limit is not None for limit in limits.values()):
        yield ("Nobody was left out by the declared rules.",)
    else:
        yield ("No rule for leaving people out was declared.",)
    if others:
        told = [f"{count} for “{rule}”" for rule, count in others.items()]
        yield (f"A researcher left out {listed(told)}.",)
    if material.flow:
        yield (f"The analysis is of {counted(material.flow['analysed'], 'person', 'people')}.",)


def _by_arm(material: Material) -> Iterator[Runs]:
    arms = (material.flow or {}).get("by_arm", {})
    if len(arms) > 1:
        told = [
            f"{one['placed']} in “{arm}” ({one['finished']} finished, {one['analysed']} analysed)"
            for arm, one in arms.items()
        ]
        yield (f"Each was assigned to one arm: {listed(told)}.",)


def _by_stratum(material: Material) -> Iterator[Runs]:
    strata = (material.flow or {}).get("by_stratum", {})
    if not strata:
        return
    shares = stratum_shares(material.definition)
    how = (
        "Places were reserved for strata by answers to screening questions"
        if shares
        else "Arms were balanced within strata by answers to screening questions"
    )
    told = []
    for stratum, one in strata.items():
        counts = [sum(arm[key] for arm in one["by_arm"].values()) for key in ("placed", "analysed")]
        full = f", and {one['full']} came when it was full" if one["full"] else ""
        told.append(f"{counts[0]} in {stratum} ({counts[1]} analysed{full})")
    yield (f"{how}: {listed(told)}.",)


def described(material: Material) -> Iterator[Runs]:
    definition = material.definition
    if definition.ethics is not None:
        yield (f"They had to be at least {definition.ethics.minimum_age} years old.",)
    devices = material.shares("device_class")
    if devices:
        told = [f"{count} used a {name}" for name, count in devices.items()]
        yield (f"Of those who finished, {listed(told)}.",)
    minutes = material.minutes()
    if minutes is not None:
        yield (f"The median time from the first trial to the last was {minutes:.1f} minutes.",)
    yield from _facts(material)


def _facts(material: Material) -> Iterator[Runs]:
    """What the people who are analysed said of themselves in answer to ready questions."""
    asked = {(one.name, name) for one in material.definition.blocks for name in one.describing}
    told = [
        answered
        for found in material.founds
        for answered in found.get("answers", [])
        if (answered["block"], answered["question"]) in asked
    ]
    for one in told:
        for answers in one["methods"].values():
            counts = [f"{one['levels'][level]}: {n}" for level, n in answers["counts"].items() if n]
            if answers["declined"]:
                counts.append(f"{one['decline']}: {answers['declined']}")
            yield (f"“{one['words']}” was answered by {answers['n']}: {'; '.join(counts)}.",)
    yield (Gap(FURTHER_ABOUT_PEOPLE if told else ABOUT_PEOPLE),)


def sample_size(material: Material) -> Iterator[Runs]:
    certificate, plan = material.record.certificate, material.definition.analysis
    if certificate:
        yield (f"The design has {counted(certificate['slots'], 'place', 'places')}.",)
    why: Run = plan.sample_size_reason or Gap(
        "how the numbers of people and photos were decided on"
    )
    yield prose("Sample size: {why}", why=why)


def paid(material: Material) -> Iterator[Runs]:
    pay = material.definition.pay
    if pay is None:
        yield prose("{gap}.", gap=Gap("what participants were paid"))
        return
    yield (f"Participants were paid {short(pay.amount)} {pay.currency} for the whole study.",)
    minutes = material.minutes()
    # Simulated people take seconds
    if minutes is not None and minutes >= 1:
        hourly = pay.amount * 60 / minutes
        yield (f"At the median time, this is {hourly:.2f} {pay.currency} an hour.",)
    if pay.partial:
        yield (f"Those who were screened out or stopped by a fault got {short(pay.partial)} "
               f"{pay.currency}.",)  # fmt: skip


def approved(material: Material) -> Iterator[Runs]:
    definition = material.definition
    ethics = definition.ethics
    if ethics is None:
        yield prose("{gap}.", gap=Gap("which ethics board approved the study, and its protocol"))
    else:
        boards = sites_listed(
            definition.told_by_site(lambda one: f"{one.approved_by} (protocol {one.protocol})")
        )
        yield (f"The study was approved by {boards}.",)
        if ethics.deceives:
            yield ("The debriefing corrected what participants had been told before.",)
    yield ("Nobody took part without having consented.",)


def sites_listed(told: Iterable[tuple[str, str]]) -> str:
    """What several sites say, by title, as part of a sentence."""
    return listed([f"{words} for {title}" if title else words for title, words in told])
