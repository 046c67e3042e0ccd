"""How answers were given, of people who agreed that their pages record it. Never public."""

from django.db.models import F, QuerySet, Value
from django.db.models.fields.json import KeyTransform

from studyapp.models import Judgment, Pointer, PointerPath, SignedAgent, Study

from .columns import Column, Labelled, Table, participant_id
from .design import TRIAL_ID

PERSON = participant_id("participation__")
KEYS = (
    Column("row_id", "text", "Identifier of the answer's row in judgments.",
           Labelled(Value("j_"), PERSON, Value("_"), TRIAL_ID)),
    Column("participant_id", "text", "Pseudonym of the person, valid in this study only.", PERSON),
    Column("trial_id", "text", "Trial that was answered.", TRIAL_ID),
)  # fmt: skip


def _observed(study: Study) -> QuerySet[Judgment]:
    found = Judgment.objects.of(study).filter(evidence__isnull=False)
    return found.order_by("participation_id", "trial__position")


def _traced(study: Study) -> QuerySet[Judgment]:
    found = Judgment.objects.of(study).filter(trace__isnull=False)
    return found.order_by("participation_id", "trial__position")


INPUTS = Table(
    "inputs",
    "How each answer was given, as far as its page could tell, one row per answer of people who "
    "agreed to that; never public. An empty cell means that it could not be observed, as in pages "
    "without scripts. No column tells a program from a person by itself: keyboards, switches and "
    "voice leave no path of a pointer or a straight one, and a program can imitate every one of "
    "them.",
    _observed,
    (
        *KEYS,
        Column("untrusted_events", "integer",
               "Clicks, keys and changes in the form that a script made and no device; not those "
               "that the page itself makes. Extensions and some aids to access make them too.",
               "evidence__untrusted_events"),
        Column("webdriver", "boolean",
               "Whether the browser said that a program controls it (navigator.webdriver).",
               "evidence__webdriver"),
        Column("pointer", "text", "What was pressed last to point.", "evidence__pointer",
               levels={str(one.value): str(one.label) for one in Pointer}),
        Column("path", "text",
               "Shape of the ways of the pointer to where it was pressed. Neither none nor "
               "straight says anything of who answered.", "evidence__path",
               levels={str(one.value): str(one.label) for one in PointerPath}),
        Column("pointer_events", "integer", "How often a pointer moved, was pressed or released.",
               "evidence__pointer_events"),
        Column("key_events", "integer", "How many keys were pressed, whichever they were.",
               "evidence__key_events"),
        Column("key_interval_sd_ms", "number",
               "Standard deviation of the times between keys, which are rounded to 10 ms; "
               "missing with fewer than three keys.", "evidence__key_interval_sd_ms",
               unit="milliseconds"),
        Column("pastes", "integer",
               "How often something was pasted or dropped into a written answer; missing where "
               "none was asked for.", "evidence__pastes"),
        Column("tab_switches", "integer",
               "How often the page was hidden while a written answer was asked for; missing "
               "where none was.", "evidence__tab_switches"),
        Column("web_bot_auth", "text",
               "What the request said of itself by Web Bot Auth; empty where it was not signed.",
               "evidence__web_bot_auth",
               levels={str(one.value): str(one.label) for one in SignedAgent}),
        Column("unreadable", "boolean",
               "Whether the page sent something that is no trace; then nothing else is known.",
               "evidence__unreadable"),
    ),
    person="participation__",
    is_private=True,
    was_added=True,
)  # fmt: skip


def _recorded(name: str) -> KeyTransform:
    return KeyTransform(name, F("trace__recorded"))


TRACES = Table(
    "traces",
    "What pages recorded of answers and was not yet deleted; never public. Whoever holds this "
    "table must delete it when the study says so.",
    _traced,
    (
        *KEYS,
        Column("recorded_at", "datetime", "When it was recorded.", "trace__recorded_at",
               unit="UTC"),
        Column("places", "json",
               "Places of the pointer, the last 150, one every 50 ms: milliseconds since the "
               "place before, x and y, and 1 where it was pressed.", _recorded("places"),
               unit="milliseconds; thousandths of the window's width"),
        Column("intervals", "json", "Times between keys, the last 300.", _recorded("intervals"),
               unit="milliseconds"),
    ),
    person="participation__",
    is_private=True,
    was_added=True,
)  # fmt: skip
