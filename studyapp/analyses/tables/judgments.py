"""The judgments, one row each: who judged what under which condition, and how it is scored."""

from collections.abc import Iterator, Mapping

from django.db.models import (
    Case,
    Exists,
    F,
    FloatField,
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
from studyapp.paradigms.wording import has_own_answers

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


class JsonNumber(Func):
    """An item of a JSON array or object as a number; missing where there is none."""

    template = "(%(expressions)s)::float8"
    arg_joiner = " ->> "
    output_field = FloatField()


CHOSEN = JsonInteger(F("trial__option_order"), F("value"))
# What the answer scores by the key that was drawn with its trial; missing where it scores nothing
SCORE = JsonNumber(KeyTransform("value", "trial__keys"), Cast(F("value"), TextField()))
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

    Paradigms whose values mean the same share an entry. Where blocks may have answers of their own,
    it is said that the words are the built-in ones; what counts buttons or steps holds of any.
    """

    def _levels(self) -> dict[str, str]:
        named: dict[tuple[str, str], list[str]] = {}
        for name, paradigm in PARADIGMS.items():
            for (further, values), meaning in paradigm.answer_levels.items():
                is_counted = "…" in values
                own = not is_counted and has_own_answers(paradigm.block)
                words = f"{meaning} (built-in words)" if own else meaning
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
    return Case(named, output_field=FloatField())


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
    Column("condition", "text", "Condition, by its name in the study file; where several are "
           "on one page, all their names, with “ · ” between them.", "trial__condition__name"),
    Column("method", "text", "Explanation method of the condition; empty where several conditions "
           "are on one page.", "trial__condition__method"),
    Column("stimulus_id", "text", "What the trial asked about.", stimulus_id("trial__stimulus__")),
    Column("image_id", "text", "Photo, from its SHA-256.",
           digest_id("i", "trial__stimulus__photo__case__image__sha256")),
    Column("image_group", "text", "Photos of one object share it; analyses cluster by it.",
           "trial__stimulus__photo__group"),
    Column("stronger_side", "text", "Side on which the stronger network's explanation was shown; "
           "of two conditions on one page, that of the first one's.",
           "trial__stronger_side",
           shown="Only the two neutral names; never which of them is the stronger network.",
           levels={"A": "first, left", "B": "second, right"}),
    Column("value", "integer", "The answer as given on the page, before scoring. Of a block with "
           "words or a scale of its own, only the rows “answers” of a bundle's codebook say what "
           "each number means. Missing where the person preferred not to say: further_answers "
           "then says so under value.",
           shown="The words of each answer are in the rows “answers” of a bundle's codebook.",
           levels=AnswerLevels()),
    Column("answer_name", "text", "Name on the chosen button, where answers are names.",
           JsonText(F("trial__stimulus__options"), CHOSEN)),
    Column("score", "number",
           "Score of the answer by the answer key drawn with its trial, where people compare two "
           "networks: plus favours the stronger one. In trust it is value × s, where s is +1 if "
           "the stronger network stood at B, else −1; of two conditions on one page plus favours "
           "the first one; own scales with other than five points score "
           "equal steps from −2 to +2. Missing for questions whose answers are "
           "right or wrong (see correct) and for those that have no score.", _outcome("score"),
           shown="Never shown.", unit="points, −2…+2",
           levels={"2": "the stronger network clearly", "-2": "the weaker network clearly"}),
    Column("correct", "integer",
           "Whether the answer is right by the answer key drawn with its trial. agreement: a right "
           "prediction was believed or a wrong one was not; discrimination: the depicted category "
           "was chosen; which_answer: the explained answer was chosen; distinction: the map of the "
           "network's answer was chosen; meta_prediction: the network's answer was predicted; "
           "reliance: the photo's class was chosen or, in one step, right advice was accepted or "
           "wrong advice rejected. Missing for questions with another score (see score) or none.",
           _outcome("correct"), shown="Never shown.",
           levels={"1": "right", "0": "wrong"}),
    Column("second_correct", "integer",
           "Whether the second question of distinction (which map is of the correct class) is "
           "answered right.", SECOND_SCORE, shown="Never shown.",
           levels={"1": "right", "0": "wrong"}),
    Column("further_answers", "json",
           "Answers to the page's other questions by their names, as JSON: items of a scale, "
           "confidence, the researcher's own fields, the point or the region as fractions of width "
           'and height. A text is replaced by its number of words: {"words": 12}. The codebook of '
           "a bundle lists each question.", WithoutWords(F("data"))),
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
    Column("presentation", "json",
           "How the page presented its pictures, as JSON, where the block has a presentation or "
           "the page had films. "
           "presented: how often this browser had shown the trial, this time included. "
           "interrupted: whether the page was hidden before the last picture's end. pictures: for "
           "each place its role, the time asked for (asked_ms), when it came (onset_ms, and "
           "painted_ms where the browser says when it painted) and went (offset_ms), in "
           "milliseconds from the page's first frame; how long it was seen (shown_ms, frames) and "
           "by how much that may be wrong (error_ms). frame_ms: the length of a frame. "
           "measured_by: “element” where every paint was told, “frame” where frames were counted, "
           "“none” without a picture; when a picture was gone, frames alone tell. mask: what took "
           "the pictures' place (“plain” for people who "
           "prefer less motion); seed: what the noise was drawn from. looks, zooms: each time that "
           "a picture was uncovered, or was enlarged so many times (level), with its start_ms and "
           "duration (ms), the first 400; more: for each picture how many looks came after those "
           "(count) and how long they were in all (ms), where there were any; places: what could "
           "be looked at. films: for each place its role, when its film first began and was first "
           "watched to its end (started_ms, ended_ms), how often it was played and paused and had "
           "to wait for the network (plays, pauses, stalls), how many frames were dropped, and why "
           "it could not be shown (failed). unreadable: why nothing is known.",
           unit="milliseconds", was_added=True),
    Column("data", "json", "Answers to the page's other questions, texts in full, as JSON.",
           public="left out"),
    Column("texts_digest", "text", "SHA-256 of the study texts in force at the time."),
)  # fmt: skip

JUDGMENTS = Table(
    "judgments", "One row per judgment: an answer to one trial.", _rows, COLUMNS,
    person="participation__",
)  # fmt: skip
