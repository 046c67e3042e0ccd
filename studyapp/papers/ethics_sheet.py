"""A data sheet for an ethics board: what is stored, in which table, how long, and who sees it."""

from collections.abc import Callable, Iterator, Mapping

from django.conf import settings
from django.db.models import Field, Model

from studyapp.models import (
    CodedAnswer,
    DoorCount,
    EarlierPart,
    Event,
    Evidence,
    Exclusion,
    Judgment,
    PanelEvent,
    PanelIdentity,
    PanelVisit,
    Participant,
    Participation,
    Role,
    Trace,
    Waiting,
)
from studyapp.sections.ethics import EthicsSection
from studyapp.studies.rights import ACTS, Act

from .document import Bullets, Code, Document, Gap, Grid, Heading, Runs, paragraph, prose
from .material import Material

WIDTHS = (0.25, 0.4, 0.35)
KEPT = "as long as the study’s data; a withdrawal empties it"
# What each table about people is for, and how long its rows stay
TABLES: Mapping[type[Model], tuple[str, str]] = {
    Participant: ("a person by a pseudonym, and how they came", KEPT),
    PanelIdentity: ("the panel’s id, apart from the answers", "until it is erased, see below"),
    Participation: ("how far a person got, and when", KEPT),
    PanelVisit: ("each arrival from a panel", "until a withdrawal"),
    Judgment: ("each answer, with times and the size of the window", "until a withdrawal"),
    Evidence: (
        "how an answer was given, of people who agreed to that apart",
        "until a withdrawal of either consent",
    ),
    Trace: (
        "what that follows from: places of the pointer and times between keys",
        "for the days that people were told, or until a withdrawal of either consent",
    ),
    EarlierPart: ("which part in another study came before this one", KEPT),
    Waiting: (
        "that a person waits for a place, and since when",
        "until they have a place or leave",
    ),
    CodedAnswer: ("open answers that coders read", "until a withdrawal"),
    Event: ("what happened, in order: entered, consented, finished, …", KEPT),
    Exclusion: ("who is left out of the analysis, and why", "as long as the study’s data"),
    DoorCount: ("how many were turned away, but not who", "as long as the study’s data"),
    PanelEvent: ("news from a panel; it names no person", "not erased"),
}
KEYS = frozenset({"id", "study", "participation", "participant", "trial", "slot", "arm"})
RIGHTS: Mapping[Act, str] = {
    Act.CODE: "open answers to be coded", Act.LOOK: "the study and its progress",
    Act.SEE_IDS: "panel ids", Act.EXPORT_PRIVATE: "private bundles (with every answer)",
    Act.EXPORT_PUBLIC: "public bundles", Act.REPORT: "reports", Act.ERASE_IDS: "erasing ids",
}  # fmt: skip


def ethics_sheet(material: Material) -> Document:
    return Document(
        "Data sheet for an ethics board",
        material.marks,
        (
            paragraph(prose("Study: {title} ({slug}).", title=material.record.facts["title"],
                            slug=Code(material.record.facts["slug"]))),
            Heading(1, "What was approved and promised"),
            Bullets(tuple(_promised(material))),
            Heading(1, "What is stored of people"),
            Grid(("table", "what it holds", "kept"), tuple(map(_row, TABLES)), WIDTHS),
            paragraph(("Neither network addresses nor fingerprints of browsers are stored; of the "
                       "browser, only whether it is a phone, a tablet or a desktop.",)),
            Heading(1, "How long it is kept"),
            Bullets(tuple(_retention(material))),
            Heading(1, "Who sees it"),
            Bullets(tuple(_roles())),
            paragraph(("Administrators of the site may do everything. A public bundle holds only "
                       "people who agreed to publishing, without free text, panel ids and times of "
                       "day.",)),
            Heading(1, "Third parties"),
            Bullets(tuple(_third_parties(material))),
        ),
    )  # fmt: skip


def _row(model: type[Model]) -> tuple[Runs, ...]:
    what, kept = TABLES[model]
    fields = [one for one in model._meta.get_fields() if isinstance(one, Field)]
    names = ", ".join(one.name for one in fields if one.name not in KEYS)
    return ((Code(model._meta.db_table),), (f"{what}: {names}",), (kept,))


def _promised(material: Material) -> Iterator[Runs]:
    definition = material.definition
    ethics = definition.ethics
    if ethics is None:
        yield (Gap("approval, contact, complaints, risks, data controller, legal basis, retention "
                   "and withdrawal: the study file has no section [ethics]"),)  # fmt: skip
        return
    promises: Mapping[str, Callable[[EthicsSection], str]] = {
        "approved by": lambda one: f"{one.approved_by}, protocol {one.protocol}",
        "contact": lambda one: one.contact, "complaints": lambda one: one.complaints,
        "risks": lambda one: one.risks, "data controller": lambda one: one.data_controller,
        "legal basis": lambda one: one.legal_basis,
        "minimum age": lambda one: f"{one.minimum_age} years",
        "withdrawal": lambda one: one.withdrawal_deadline,
        "deception": lambda one: "yes, corrected in the debriefing" if one.deceives else "none",
    }  # fmt: skip
    for name, tell in promises.items():
        for title, words in definition.told_by_site(tell):
            yield (f"{name} ({title}): {words}" if title else f"{name}: {words}",)


def _retention(material: Material) -> Iterator[Runs]:
    ethics, day = material.definition.ethics, material.definition.panel.erase_ids_on
    if ethics is not None:
        yield (f"answers: {ethics.retention}",)
    else:
        yield (Gap("how long answers are kept"),)
    when = f"on {day}" if day else f"{settings.PANEL_ID_DAYS} days after the study closed"
    yield (
        f"a panel’s ids: erased {when}, or earlier once people have been paid; in a study that is "
        "not closed a keyed digest stays, so that nobody takes part twice",
    )
    if (evidence := material.definition.evidence) is not None and evidence.traces:
        yield (
            "traces of how answers were given, of people who agreed to them apart: never "
            f"published; deleted {evidence.keep_days} days after the answer, by a withdrawal, or "
            "when the person takes that consent back; what follows from them is kept with the "
            "answers",
        )
    yield ("a withdrawal erases answers and id at once, and lists the bundles that hold the "
           "answers",)  # fmt: skip
    yield (Gap("how long back-ups of the server are kept"),)


def _roles() -> Iterator[Runs]:
    for role in Role:
        told = [words for act, words in RIGHTS.items() if act in ACTS[role]]
        yield (f"{role.label}: {', '.join(told)}",)


def _third_parties(material: Material) -> Iterator[Runs]:
    yield ("Pages load nothing from elsewhere, and the site sends answers to nobody.",)
    panel = material.definition.panel
    if panel.redirect:
        yield prose("At the end the browser goes to the panel at {address}, with a completion code "
                    "and nothing else.", address=Code(panel.redirect))  # fmt: skip
    yield (Gap("where the server stands, and who runs it"),)
