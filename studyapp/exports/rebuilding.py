"""A study rebuilt from a bundle: design, people and judgments as they were, and closed."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from studyapp.analyses.tables.inputs import INPUTS
from studyapp.models import (
    Deviation,
    DoorCount,
    EarlierPart,
    Event,
    Evidence,
    Exclusion,
    Judgment,
    Participant,
    Participation,
    Slot,
    Status,
    Study,
    StudyKind,
    StudyState,
    StudyText,
    Trial,
)
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.forms import MEASURES
from studyapp.sections.base import TEXT_NAME
from studyapp.studies.definition.study import Definition, stored_definition
from studyapp.studies.design.keys import keys_digest

from .archives import ArchiveError, opened_bundle
from .cells import Row, only, table_rows
from .coding import rebuild_coding
from .materials import DEVIATION_FIELDS, STUDY_FIELDS, TEXT_FIELDS
from .pictures import Pictures, rebuild_pictures

BATCH = 5000
TRIAL_FIELDS = (
    "block", "paradigm", "stage", "step", "option_order", "expected", "may_repeat_image",
)  # fmt: skip
MOMENTS = ("entered_at", "consented_at", "started_at", "last_seen_at", "finished_at")
IMPORTED_CODE = "imported"
# What a bundle's wrong facts and tables may lead to, up to the database's refusal
UNUSABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError,
    StopIteration, RuntimeError, csv.Error, DatabaseError, ValidationError,
)  # fmt: skip


@dataclass(frozen=True)
class Design:
    """The rebuilt rows that others refer to, by the ids that the tables use."""

    study: Study
    pictures: Pictures
    slots: dict[str, Slot]
    trials: dict[str, int]


def import_bundle(path: Path) -> Study:
    """Rebuild the study of the private bundle at `path` (a folder or a zip), or nothing at all.

    Raises ArchiveError for a bundle that can't be trusted, is public, or whose study is here.
    """
    with opened_bundle(path) as (folder, manifest):
        if manifest.get("public"):
            raise ArchiveError(
                "a public bundle has no times and can't be imported; analyse its folder instead"
            )
        try:
            with transaction.atomic():
                return _rebuild(folder)
        except UNUSABLE as error:
            raise ArchiveError(f"the bundle can't be rebuilt: {error}") from error


def _rebuild(folder: Path) -> Study:
    facts: dict[str, Any] = json.loads(
        (folder / "materials" / "study.json").read_text(encoding="utf-8")
    )
    study = _make_study(facts)
    pictures = rebuild_pictures(study, folder, facts)
    slots, trials = _make_allocation(study, folder, pictures)
    _settle_keys(study)
    design = Design(study, pictures, slots, trials)
    people = _make_people(design, folder)
    _make_judgments(design, folder, people)
    _make_evidence(study, folder)
    rebuild_coding(study, folder, people, trials)
    for rows in _batches(table_rows(folder, "events")):
        Event.objects.bulk_create(
            Event(
                participation_id=people[row["participant_id"]], **only(("kind", "at", "data"), row)
            )
            for row in rows
        )
    _make_exclusions(folder, people)
    return study


def _make_study(facts: dict[str, Any]) -> Study:
    # Bundles from before there were answer keys have no digest of them, nor what is published
    row = only(STUDY_FIELDS, {"keys_digest": "", "publication": {}, **facts["study"]})
    if Study.objects.filter(slug=row["slug"]).exists():
        raise ArchiveError(f"a study “{row['slug']}” already exists; import into another database")
    for block in row["definition"]["blocks"]:
        if block["paradigm"] not in PARADIGMS:
            raise ArchiveError(
                f"the study asks {block['paradigm']}, a paradigm that is not installed here; add "
                "its folder to the setting PARADIGMS and import again"
            )
    row = {**row, "state": StudyState.CLOSED, "closed_at": row["closed_at"] or row["opened_at"]}
    if row["kind"] == StudyKind.SIMULATED:
        # The study it was drawn from: a closed row without people where it is not here
        kept = only(("title", "definition_toml", "definition", "seed"), row)
        row["copy_of"], _ = Study.objects.get_or_create(
            slug=facts["copy_of"], defaults={"state": StudyState.CLOSED, **kept}
        )
    study = Study.objects.create(**row)
    for text in facts["texts"]:
        # It becomes a file name in the next bundle.
        if not TEXT_NAME.fullmatch(str(text["name"])):
            raise ArchiveError(
                f"materials/study.json: {text['name']!r} is not a valid name for a text"
            )
        StudyText.objects.create(study=study, **only(TEXT_FIELDS, text))
    Deviation.objects.bulk_create(
        Deviation(study=study, **only(DEVIATION_FIELDS, one)) for one in facts["deviations"]
    )
    DoorCount.objects.bulk_create(
        DoorCount(study=study, why=why, times=times)
        for why, times in facts.get("turned_away", {}).items()
    )
    return Study.objects.get(pk=study.pk)


def _make_allocation(
    study: Study, folder: Path, pictures: Pictures
) -> tuple[dict[str, Slot], dict[str, int]]:
    definition = stored_definition(study.definition)
    arms = {arm.name: arm for arm in study.arms.all()}
    slots: dict[str, Slot] = {}
    trials: dict[str, int] = {}
    for rows in _batches(table_rows(folder, "trials")):
        new = {
            row["slot_id"]: Slot(
                study=study,
                position=row["slot_position"],
                addition=row["addition"],
                arm=arms[row["arm"]],
                # Bundles from before there were sites or strata have no such columns
                site=row.get("slot_site") or "",
                stratum=row.get("slot_stratum") or "",
                seed=row["slot_seed"],
                is_open=row["slot_is_open"],
            )
            for row in rows
            if row["slot_id"] not in slots
        }
        Slot.objects.bulk_create(new.values())
        slots |= new
        made = Trial.objects.bulk_create(_trial(row, slots, pictures, definition) for row in rows)
        trials |= {row["trial_id"]: one.pk for row, one in zip(rows, made, strict=True)}
    return slots, trials


def _settle_keys(study: Study) -> None:
    """Check the answer keys against their digest; an earlier bundle without one gets it now."""
    found = keys_digest(study)
    if study.keys_digest not in ("", found):
        raise ArchiveError(
            "the answer keys in the table of trials are not those that were drawn; export the "
            "bundle again from the original study"
        )
    study.keys_digest = found
    study.save(update_fields=["keys_digest"])


def _trial(row: Row, slots: dict[str, Slot], pictures: Pictures, definition: Definition) -> Trial:
    trial = Trial(
        slot=slots[row["slot_id"]],
        position=row["trial_position"],
        stimulus=pictures.stimuli.get(row["stimulus_id"]),
        image_id=pictures.images.get(row["image_id"]),
        condition=pictures.conditions.get(row["condition"]),
        stronger_side=row["stronger_side"] or "",
        **only(TRIAL_FIELDS, row),
    )
    # A bundle of a study that was not closed, or from before there were keys, does not have them
    told = row.get("keys")
    block = definition.block(trial.block)
    trial.keys = PARADIGMS[trial.paradigm].keys_of(trial, block) if told is None else told
    return trial


def _make_people(design: Design, folder: Path) -> dict[str, int]:
    """The participations' keys by pseudonym."""
    people: dict[str, int] = {}
    texts = {text.digest: text for text in design.study.texts.filter(name__startswith="consent")}
    for rows in _batches(table_rows(folder, "participations")):
        participants = Participant.objects.bulk_create(
            Participant(
                code=row["participant_id"], source=row["source"], created_at=row["entered_at"]
            )
            for row in rows
        )
        made = Participation.objects.bulk_create(
            _participation(row, participant, texts, design)
            for row, participant in zip(rows, participants, strict=True)
        )
        people |= {row["participant_id"]: one.pk for row, one in zip(rows, made, strict=True)}
        EarlierPart.objects.bulk_create(
            EarlierPart(
                participation=one,
                study_slug=row["earlier_study"],
                participant_code=row["earlier_participant_id"],
                arm=row["earlier_arm"] or "",
                finished_at=row["earlier_finished_at"],
            )
            for row, one in zip(rows, made, strict=True)
            # Bundles from before studies could ask for another have no such column
            if row.get("earlier_study")
        )
    return people


def _participation(
    row: Row, participant: Participant, texts: dict[str, StudyText], design: Design
) -> Participation:
    slot = design.slots.get(row["slot_id"])
    return Participation(
        study=design.study,
        participant=participant,
        slot=slot,
        arm=slot.arm if slot is not None and row["arm"] is not None else None,
        site=row.get("site") or "",
        stratum=row.get("stratum") or "",
        language=row["language"] or "",
        device_class=row["device_class"] or "",
        consent_text=texts.get(row["consent_digest"]),
        # Bundles from before there was evidence, and public ones, have no such columns
        traces_agreed_at=row.get("traces_agreed_at"),
        web_bot_auth=row.get("web_bot_auth") or "",
        completion_code=IMPORTED_CODE if row["status"] == Status.FINISHED else "",
        **only(("status", "publication_consent", "profile", *MOMENTS), row),
    )


def _make_judgments(design: Design, folder: Path, people: dict[str, int]) -> None:
    for rows in _batches(table_rows(folder, "judgments")):
        Judgment.objects.bulk_create(
            Judgment(
                participation_id=people[row["participant_id"]],
                trial_id=design.trials[row["trial_id"]],
                texts_digest=row["texts_digest"] or "",
                # Bundles from before pictures were presented have no such column
                presentation=row.get("presentation"),
                **only(("value", "data", "answered_at", *MEASURES), row),
            )
            for row in rows
        )


def _make_evidence(study: Study, folder: Path) -> None:
    judgments: dict[str, int] = {}
    names = [one.name for one in INPUTS.columns if one.value == f"evidence__{one.name}"]
    for rows in _batches(table_rows(folder, INPUTS.name)):
        # A study without evidence asks for nothing more.
        judgments = judgments or _judgments_by_row(study)
        Evidence.objects.bulk_create(
            Evidence(
                judgment_id=judgments[row["row_id"]],
                web_bot_auth=row["web_bot_auth"] or "",
                **only((name for name in names if name != "web_bot_auth"), row),
            )
            for row in rows
        )


def _judgments_by_row(study: Study) -> dict[str, int]:
    """The judgments' keys by the identifiers of their rows."""
    identifier = next(one for one in INPUTS.columns if one.name == "row_id").expression
    return dict(Judgment.objects.of(study).values_list(identifier, "pk"))


def _make_exclusions(folder: Path, people: dict[str, int]) -> None:
    """One by one, since a row may take back an earlier one."""
    made: dict[tuple[str, object], Exclusion] = {}
    for row in table_rows(folder, "exclusions"):
        person, undone = row["participant_id"], row["undoes_made_at"]
        made[person, row["made_at"]] = Exclusion.objects.create(
            participation_id=people[person],
            note=row["note"] or "",
            **only(("rule", "made_at"), row),
            undoes=made[person, undone] if undone is not None else None,
        )


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
