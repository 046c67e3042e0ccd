"""Rows of what another tool made: answers that came in a table, and imported explanations."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from photos.tables import TableError
from studyapp import storage
from studyapp.models import (
    IMPORTED,
    Case,
    Explanation,
    Network,
    Prediction,
    Stimulus,
    Study,
    WorkState,
)
from studyapp.models.study import TABLE
from studyapp.paradigms import PARADIGMS
from studyapp.sections.design import ConditionSection
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.shelf.clock import database_now
from studyapp.studies.definition.study import Definition, digest_of, study_definition
from studyapp.studies.photos.answers import Answers, Asked, read_tables
from studyapp.studies.photos.eligibility import eligible_photos
from studyapp.studies.photos.manifests import Beside, Made, read_manifest
from studyapp.studies.photos.readers import OtherFileError, Photo, names_of_photos, read_photos
from studyapp.studies.photos.selection import paradigm_pairs
from studyapp.studies.photos.shortfalls import known_labels
from studyapp.studies.preparation.overlays import imported_for, not_imported
from studyapp.studies.preparation.verification import conditions_by_paradigm

Cases = Mapping[Asked, Case]


def network_values(section: NetworkSection) -> dict[str, Any]:
    """What the study file says of any network, by the row's columns."""
    values: dict[str, Any] = {
        "sha256": section.sha256 or "",
        "options": section.options,
        "layer": section.layer or "",
    }
    if section.grid is not None:  # left out otherwise, as before there was a choice
        values["grid"] = section.grid
    if section.probabilities is not None:
        values["probabilities"] = section.probabilities
    if section.target is not None:
        values["target"] = section.target
    return values


def network_of_table(section: NetworkSection, answers: Answers, cases: Cases) -> Network:
    """The row of a network whose answers are in a table, with its predictions, which are ready.

    What was said of which photos is part of what it is: another table, or the same one beside
    photos that have other names, is another network.
    """
    described: dict[str, Any] = {
        "name": "a table of predictions",
        "layer": "",
        "answers_digest": answers.digest_for(_digests(cases)),
    }
    if section.probabilities == "sigmoid":
        described["probabilities"] = "sigmoid"
    network, _ = Network.objects.get_or_create(
        digest=table_digest(section, answers, cases),
        defaults={**_values(section, answers), "described": described},
    )
    now = database_now()
    Prediction.objects.bulk_create(
        (
            Prediction(
                case=cases[asked], network=network, top=top, state=WorkState.READY, finished_at=now
            )
            for asked, top in answers.top.items()
        ),
        batch_size=5000,
        ignore_conflicts=True,
    )
    return network


def table_digest(section: NetworkSection, answers: Answers, cases: Cases) -> str:
    """The digest of the network that `network_of_table` gives."""
    return digest_of({**_values(section, answers), "answers": answers.digest_for(_digests(cases))})


def _values(section: NetworkSection, answers: Answers) -> dict[str, Any]:
    return {
        **network_values(section),
        "builder": TABLE,
        "weights": PurePosixPath(section.predictions or "").name,
        "sha256": answers.sha256,
        "labels_file": PurePosixPath(section.labels or "").name,
        "labels": list(answers.labels),
    }


def _digests(cases: Cases) -> dict[Asked, str]:
    return {asked: case.digest for asked, case in cases.items()}


def is_as_imported(study: Study, definition: Definition, base: Path) -> bool:
    """Whether what networks said and what another tool made, where it came in tables, is what
    `study` has of it."""
    photos = read_photos(definition.images, base, seed=definition.design.seed)
    rows = study.images.select_related("case")
    cases = {(row.name, row.case.context): row.case for row in rows}
    networks: dict[str, Network] = {}
    for pair in study.pairs.select_related("stronger", "weaker"):
        named = definition.pairs[pair.name]
        networks[named.stronger] = pair.stronger
        if named.weaker is not None and pair.weaker is not None:
            networks[named.weaker] = pair.weaker
    tables = read_tables(definition, photos, base)
    if any(
        table_digest(definition.networks[name], answers, cases) != networks[name].digest
        for name, answers in tables.items()
        if name in networks
    ):
        return False
    beside = beside_manifests(definition, photos, tables, base)
    stored = dict(study.conditions.values_list("name", "settings"))
    return all(
        imported_settings(one, beside, cases, networks) == stored[one.name]
        for one in definition.conditions
        if one.method == IMPORTED
    )


def beside_manifests(
    definition: Definition, photos: Sequence[Photo], tables: Mapping[str, Answers], base: Path
) -> Beside:
    """What manifests are read against, as the study file in the folder `base` has it."""
    is_asked = any(one.method == IMPORTED for one in definition.conditions)
    labels = {
        name: tables[name].labels if name in tables else known_labels(section, base)
        for name, section in definition.networks.items()
    }
    names = names_of_photos(definition.images, base) if is_asked else []
    return Beside(definition, photos, names, labels, base)


def import_explanations(
    beside: Beside, cases: Cases, networks: Mapping[str, Network]
) -> dict[str, dict[str, Any]]:
    """Ready rows for all that another tool made; the settings of each imported condition, by name.

    The settings name what was imported by the digest of all of it and of where it came from, so
    that another set of files, or the same one in another table, is another explanation: rows that
    studies share say the same of both. ReaderError tells what can't be used, by its row.
    """
    found = {}
    for condition in beside.definition.conditions:
        if condition.method != IMPORTED:
            continue
        made: list[tuple[Made, str]] = []
        try:
            for one in read_manifest(condition, beside):
                sha256 = one.sha256
                file = f"maps/{sha256[:2]}/{sha256}.{one.ending}"
                if not storage.is_there(file):
                    storage.keep(file, one.content)
                made.append((replace(one, content=b""), sha256))
        except TableError as error:
            raise OtherFileError(str(error)) from error
        found[condition.name] = settings = _settings(condition, made, cases, networks)
        _write(made, settings, cases, networks)
    return found


def imported_settings(
    condition: ConditionSection, beside: Beside, cases: Cases, networks: Mapping[str, Network]
) -> dict[str, Any]:
    """The settings that `import_explanations` would give the condition; nothing is stored."""
    try:
        made = [(replace(one, content=b""), one.sha256) for one in read_manifest(condition, beside)]
    except TableError as error:
        raise OtherFileError(str(error)) from error
    return _settings(condition, made, cases, networks)


def count_imported(beside: Beside) -> dict[str, int]:
    """How many explanations another tool made for each condition; ReaderError as
    `import_explanations`. Nothing is stored."""
    try:
        return {
            one.name: sum(1 for _ in read_manifest(one, beside))
            for one in beside.definition.conditions
            if one.method == IMPORTED
        }
    except TableError as error:
        raise OtherFileError(str(error)) from error


def _settings(
    condition: ConditionSection,
    made: Sequence[tuple[Made, str]],
    cases: Cases,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    all_of_it = sorted(
        [
            cases[one.asked].digest,
            networks[one.network].digest,
            str(one.answer),
            sha256,
            digest_of(one.told),
        ]
        for one, sha256 in made
    )
    kind = condition.shown_kind
    return {**condition.settings, "kind": kind, "imported": digest_of([kind, *all_of_it])}


def _write(
    made: Sequence[tuple[Made, str]],
    settings: dict[str, Any],
    cases: Cases,
    networks: Mapping[str, Network],
) -> None:
    now, digest = database_now(), digest_of(settings)
    Explanation.objects.bulk_create(
        (
            Explanation(
                case=cases[one.asked],
                network=networks[one.network],
                class_index=one.answer,
                method=IMPORTED,
                kind=settings["kind"],
                settings=settings,
                settings_digest=digest,
                state=WorkState.READY,
                finished_at=now,
                map_file=f"maps/{sha256[:2]}/{sha256}.{one.ending}",
                map_digest=sha256,
                provenance={"imported": one.told},
            )
            for one, sha256 in made
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


def missing_explanations(study: Study) -> str:
    """What its pages could ask about and another tool left out, in a sentence; empty where nothing
    is missing, or where only predictions still to be made tell what is asked."""
    definition = study_definition(study)
    photos = list(study.images.select_related("case__image"))
    missing: dict[str, None] = {}
    for paradigm, conditions in conditions_by_paradigm(study).items():
        there = {one: imported_for(one) for one in conditions}
        imported = [one for one in conditions if any(of.method == IMPORTED for of, _ in there[one])]
        pairs = paradigm_pairs(study, definition, paradigm)
        known = [n for pair in pairs for n in (pair.stronger, pair.weaker) if n is not None]
        if not imported or not all(network.is_table for network in known):
            continue
        found = eligible_photos(photos, pairs, PARADIGMS[paradigm]).candidates
        for photo, candidates in found.items():
            for candidate in candidates:
                stimulus = Stimulus(
                    study=study, photo=photo, paradigm=paradigm, category=candidate.category,
                    class_index=candidate.class_index, options=list(candidate.options),
                    facts=dict(candidate.facts),
                )  # fmt: skip
                for condition in imported:
                    missing |= dict.fromkeys(not_imported(stimulus, condition, there[condition]))
    if not missing:
        return ""
    names, most = list(missing), 3
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return f"{'; '.join(names[:most])}{more}"
