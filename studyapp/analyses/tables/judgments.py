"""The judgments, one row each: who judged what under which condition, and how it is scored."""

from collections.abc import Iterator, Mapping

from django.db.models import (
    Case,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from studyapp.models import Exclusion, Judgment, Stage, Study
from studyapp.paradigms import PARADIGMS

from .columns import Column, Labelled, Table, digest_id, participant_id
from .design import SLOT_ID, STAGES, TRIAL_ID, stimulus_id


class JsonText(Func):
    """An item of a JSON array or object as text; missing where there is none."""

    template = "(%(expressions)s)"
    arg_joiner = " ->> "
    output_field = TextField()


class JsonInteger(Func):
    """An item of a JSON array or object as a whole number; missing where there is none."""

    template = "(%(expressions)s)::int"
    arg_joiner = " ->> "
    output_field = IntegerField()


CHOSEN = JsonInteger(F("trial__option_order"), F("value"))
# What the answer scores by the key that was drawn with its trial; missing where it scores nothing
SCORE = JsonInteger(KeyTransform("value", "trial__keys"), Cast(F("value"), TextField()))
SECOND_SCORE = JsonInteger(
    KeyTransform("correct", "trial__keys"), JsonText(F("data"), Value("correct"))
)


class WithoutWords(Func):
    """An object of answers as strangers may have it: of each text only the number of its words.

    It goes by what an answer is and not by who asked for it, so that no paradigm can be forgotten.
    """

    template = (
        "(SELECT jsonb_object_agg(answers.key, CASE WHEN jsonb_typeof(answers.value) = 'string' "
        "THEN jsonb_build_object('words', (SELECT count(*) FROM "
        "regexp_matches(answers.value #>> '{}', '\\S+', 'g'))) ELSE answers.value END) "
        "FROM jsonb_each(CASE WHEN jsonb_typeof(%(expressions)s) = 'object' "
        "THEN %(expressions)s ELSE '{}'::jsonb END) AS answers)"
    )
    output_field = TextField()


class AnswerLevels(Mapping[str, str]):
    """What each stored `value` means, as the paradigms that are registered by then say it.

    Paradigms whose values mean the same share an entry.
    """

    def _levels(self) -> dict[str, str]:
        named: dict[tuple[str, str], list[str]] = {}
        for name, paradigm in PARADIGMS.items():
            for (further, values), words in paradigm.answer_levels.items():
                named.setdefault((values, words), []).append(f"{name}{further}")
        return {f"{', '.join(names)} {values}": words for (values, words), names in named.items()}

    def __getitem__(self, values: str) -> str:
        return self._levels()[values]

    def __iter__(self) -> Iterator[str]:
        return iter(self._levels())

    def __len__(self) -> int:
        return len(self._levels())


class _WithOutcome:
    """The names of the paradigms with an outcome, as they are registered when rows are read."""

    def __init__(self, outcome: str) -> None:
        self.outcome = outcome

    def __iter__(self) -> Iterator[str]:
        return (name for name, one in PARADIGMS.items() if one.outcome == self.outcome)


def _outcome(outcome: str) -> Combinable:
    """The score of answers of paradigms with that outcome; missing for others."""
    named = When(trial__paradigm__in=_WithOutcome(outcome), then=SCORE)
    return Case(named, output_field=IntegerField())


def _rows(study: Study) -> QuerySet[Judgment]:
    return Judgment.objects.of(study).order_by("participation_id", "trial__position")


PERSON = participant_id("participation__")
COLUMNS = (
    Column("row_id", "text", "Identifier of the row.",
           Labelled(Value("j_"), PERSON, Value("_"), TRIAL_ID)),
    Column("participant_id", "text", "Pseudonym of the person, valid in this study only.", PERSON),
    Column("status", "text", "How far the participation has got.", "participation__status"),
    Column("excluded", "boolean",
           "Whether the participation is excluded from the analysis (see the exclusions table).",
           Exists(Exclusion.objects.standing().filter(participation=OuterRef("participation")))),
    Column("slot_id", "text", "Place in the allocation sequence.", SLOT_ID),
    Column("trial_id", "text", "Trial that was answered.", TRIAL_ID),
    Column("trial_position", "integer", "Place of the trial in its slot, from 0.",
           "trial__position"),
    Column("block", "text", "Block of the trial.", "trial__block"),
    Column("stage", "text", "What the trial was for.", "trial__stage", levels=STAGES),
    Column("paradigm", "text", "Kind of question.", "trial__paradigm"),
    Column("arm", "text", "Arm of the slot.", "trial__slot__arm__name"),
    Column("condition", "text", "Condition, by its name in the study file.",
           "trial__condition__name"),
    Column("method", "text", "Explanation method of the condition.", "trial__condition__method"),
    Column("stimulus_id", "text", "What the trial asked about.", stimulus_id("trial__stimulus__")),
    Column("image_id", "text", "Photo, from its SHA-256.",
           digest_id("i", "trial__stimulus__photo__case__image__sha256")),
    Column("image_group", "text", "Photos of one object share it; analyses cluster by it.",
           "trial__stimulus__photo__group"),
    Column("stronger_side", "text", "Side on which the stronger network's explanation was shown.",
           "trial__stronger_side",
           shown="Only the two neutral names; never which of them is the stronger network.",
           levels={"A": "first, left", "B": "second, right"}),
    Column("value", "integer", "The answer as given on the page, before scoring.",
           shown="The words of each answer are in the rows “answers” of a bundle's codebook.",
           levels=AnswerLevels()),
    Column("answer_name", "text", "Name on the chosen button, where answers are names.",
           JsonText(F("trial__stimulus__options"), CHOSEN)),
    Column("score", "integer",
           "Score of the answer by the answer key drawn with its trial, where people compare two "
           "networks: plus favours the stronger one. In trust it is value × s, where s is +1 if "
           "the stronger network stood at B, else −1. Missing for questions whose answers are "
           "right or wrong (see correct) and for those that have no score.", _outcome("score"),
           shown="Never shown.", unit="points, −2…+2",
           levels={"2": "the stronger network clearly", "-2": "the weaker network clearly"}),
    Column("correct", "integer",
           "Whether the answer is right by the answer key drawn with its trial. agreement: a right "
           "prediction was believed or a wrong one was not; discrimination: the depicted category "
           "was chosen; distinction: the map of the network's answer was chosen; meta_prediction: "
           "the network's answer was predicted; reliance: the photo's class was chosen or, in one "
           "step, right advice was accepted or wrong advice rejected. Missing for questions with "
           "another score (see score) or none.", _outcome("correct"), shown="Never shown.",
           levels={"1": "right", "0": "wrong"}),
    Column("second_correct", "integer",
           "Whether the second question of distinction (which map is of the correct class) is "
           "answered right.", SECOND_SCORE, shown="Never shown.",
           levels={"1": "right", "0": "wrong"}),
    Column("further_answers", "json",
           "Answers to the page's other questions by their names, as JSON: items of a scale, "
           "confidence, the researcher's own fields, the point as fractions of width and height. A "
           'text is replaced by its number of words: {"words": 12}. The codebook of a bundle lists '
           "each question.", WithoutWords(F("data"))),
    Column("expected", "integer", "Answer that an attention check asks for.", "trial__expected"),
    Column("check_passed", "boolean",
           "Whether the attention check was answered as instructed; missing for other trials.",
           Case(When(trial__stage=Stage.CHECK, value=F("trial__expected"), then=Value(True)),
                When(trial__stage=Stage.CHECK, then=Value(False)))),
    Column("answered_at", "datetime", "When the server stored the answer.", unit="UTC"),
    Column("rt_ms", "integer",
           "Time from stimulus onset (the frame after all pictures were decoded) to the first "
           "choice.", unit="milliseconds"),
    Column("confirm_ms", "integer", "Time from stimulus onset to the confirmation.",
           unit="milliseconds"),
    Column("choice_changes", "integer", "How often the choice was changed."),
    Column("hidden_ms", "integer", "How long the page was hidden.", unit="milliseconds"),
    Column("focus_losses", "integer", "How often the window lost focus."),
    Column("window_width", "integer", "Inner width of the window.", unit="CSS pixels",
           public="hundreds"),
    Column("window_height", "integer", "Inner height of the window.", unit="CSS pixels",
           public="hundreds"),
    Column("pixel_ratio", "number", "Device pixels per CSS pixel."),
    Column("picture_failed", "boolean", "Whether a picture did not load."),
    Column("data", "json", "Answers to the page's other questions, texts in full, as JSON.",
           public="left out"),
    Column("texts_digest", "text", "SHA-256 of the study texts in force at the time."),
)  # fmt: skip

JUDGMENTS = Table(
    "judgments", "One row per judgment: an answer to one trial.", _rows, COLUMNS,
    person="participation__",
)  # fmt: skip
