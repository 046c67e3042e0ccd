"""CHERRIES: the checklist for reporting results of internet e-surveys.

Source: Eysenbach, Journal of Medical Internet Research 6(3):e34 (2004), doi 10.2196/jmir.6.3.e34.
"""

from studyapp.papers.document import Gap, Runs, joined
from studyapp.papers.material import Material
from studyapp.papers.participants import PANELS, sites_listed
from studyapp.shelf.formatting import counted, percent

from . import items
from .items import Checklist, Item, gap, words


def _consent(material: Material) -> Runs:
    board = material.definition.ethics
    told = ("Participants read the information and ticked their consent before the first trial; "
            "the text that each read is stored.",)  # fmt: skip
    if board is None:
        return joined([told, (Gap("what they were told of duration, storage and purpose"),)])
    definition = material.definition
    controllers = sites_listed(definition.told_by_site(lambda one: one.data_controller))
    return joined([told, (f"They were told how long it would take ({board.minutes} minutes), who "
                          f"controls the data ({controllers}), and how long "
                          f"they are kept ({board.retention}).",)])  # fmt: skip


def _open_or_closed(material: Material) -> Runs:
    kind = material.definition.panel.kind
    if kind == "link":
        return ("Open: whoever had the link could take part.",)
    return (f"Closed: participants came {PANELS[kind]}.",)


def _contact(material: Material) -> Runs:
    kind = material.definition.panel.kind
    if kind in ("link", "personal"):
        return (Gap("how participants were contacted first"),)
    return (f"On the internet, {PANELS[kind]}.",)


def _adaptive(material: Material) -> Runs:
    asks = any(one.pass_at for one in material.definition.blocks)
    return ("Participants who made too many errors in practice did not continue.",) if asks else (
        "None: every place has its pages, drawn beforehand.",)  # fmt: skip


def _pages(material: Material) -> Runs:
    trials = sum(one.trials + one.checks + one.repeats for one in material.definition.blocks)
    return (
        f"{counted(trials, 'trial', 'trials')} for each participant, each on pages of its own.",
    )


def _complete(material: Material) -> Runs:
    declining = [one.name for one in material.definition.blocks if one.offers_declining]
    may = f" In {', '.join(declining)}, people could prefer not to say." if declining else ""
    return (f"A page is only sent with an answer.{may}",)


def _rate(above: str, below: str) -> items.Answer:
    """The share of those who reached a step among those who reached an earlier one."""

    def answer(material: Material) -> Runs:
        flow = material.flow
        if not flow or not flow[below]:
            return (Gap("how many took part"),)
        share = percent(flow[above] / flow[below])
        return (f"{flow[above]} of {flow[below]} ({share}).",)

    return answer


def _cookies(material: Material) -> Runs:
    limit = material.definition.panel.people_per_device
    if material.definition.panel.kind != "link":
        return ("The panel’s id, or the personal link, let each person take part once.",)
    return (f"A cookie of the site let {counted(limit, 'person', 'people')} take part per browser; "
            "other browsers of the same person are not recognised.",)  # fmt: skip


def _partial(material: Material) -> Runs:
    dropped = material.flow.get("by_status", {}).get("dropped", 0)
    return (f"Only people who finished are analysed; {dropped} left before the end.",)


def _timestamps(material: Material) -> Runs:
    rules = material.definition.exclusions
    told = [
        *([f"a median time below {rules.fastest_median_ms} ms"] if rules.fastest_median_ms else []),
        *([f"less than {rules.shortest_minutes:g} minutes"] if rules.shortest_minutes else []),
    ]
    return (f"Left out by declared rules: {' and '.join(told)}.",) if told else (
        "No rule about times was declared.",)  # fmt: skip


CHERRIES = Checklist(
    stem="cherries",
    name="CHERRIES",
    source="eysenbach2004",
    items=(
        Item("Design", "Target population and sample frame",
             gap("the target population, and whether the sample is one of convenience")),
        Item("Ethics", "Approval", items.ethics),
        Item("Ethics", "Informed consent", _consent),
        Item("Ethics", "Data protection",
             words("No network address and no fingerprint is stored; a panel’s id is kept in a "
                   "table of its own and erased. ethics-data-sheet has the whole.")),
        Item("Development", "Development and testing",
             gap("how the pages were tried: pilots, simulated people, colleagues")),
        Item("Recruitment", "Open or closed survey", _open_or_closed),
        Item("Recruitment", "Contact mode", _contact),
        Item("Recruitment", "Advertising", gap("how and where the study was advertised")),
        Item("Administration", "Web or e-mail", words("Web; the site stores each answer itself.")),
        Item("Administration", "Context", gap("on which site people found the study")),
        Item("Administration", "Mandatory or voluntary",
             words("Voluntary: people could leave at any page.")),
        Item("Administration", "Incentives", items.pay),
        Item("Administration", "Time and date", items.dates),
        Item("Administration", "Randomisation of items", items.allocation),
        Item("Administration", "Adaptive questioning", _adaptive),
        Item("Administration", "Number of items", _pages),
        Item("Administration", "Number of screens", _pages),
        Item("Administration", "Completeness check", _complete),
        Item("Administration", "Review step", words("An answer that was sent can’t be changed.")),
        Item("Rates", "Unique visitors: how determined",
             words("By participation: an address of one’s own; visitors of the first page who did "
                   "not enter are not counted.")),
        Item("Rates", "View rate", gap("visitors of the first page, which are not counted")),
        Item("Rates", "Participation rate (consented of entered)", _rate("consented", "entered")),
        Item("Rates", "Completion rate (finished of consented)", _rate("finished", "consented")),
        Item("Double entries", "Cookies", _cookies),
        Item("Double entries", "IP check", words("None: network addresses are not stored.")),
        Item("Double entries", "Log file analysis", words("None.")),
        Item("Double entries", "Registration", _cookies),
        Item("Analysis", "Incomplete questionnaires", _partial),
        Item("Analysis", "Atypical times", _timestamps),
        Item("Analysis", "Statistical correction",
             words("Answers are not weighted for an unrepresentative sample.")),
    ),
)  # fmt: skip
