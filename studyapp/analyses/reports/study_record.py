"""What a report knows of a study beside its results, from the database or from a bundle."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from studyapp import storage
from studyapp.analyses.frames import folder_frame, study_frame
from studyapp.analyses.tables import Table
from studyapp.analyses.tables.stimuli import EXPLANATIONS, STIMULI
from studyapp.analyses.tidy import TidyError
from studyapp.models import Overlay, Study, TurnedAway
from studyapp.studies.texts import digest_when_opened

FACTS = (
    "slug", "title", "kind", "definition_digest", "design_digest", "texts_digest", "seed",
    "opened_at", "closed_at",
)  # fmt: skip
COLUMNS: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "stimuli": (STIMULI, ("stimulus_id", "category", "image_name", "paradigm")),
    "explanations": (
        EXPLANATIONS,
        ("stimulus_id", "condition", "role", "overlay_sha256", "kind", "seconds"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class StudyRecord:
    """A study as a report sees it.

    facts: its own row, by the names of FACTS, moments as ISO 8601 text.
    deviations: (day, what, detail) in order. frames: tables by the names of COLUMNS.
    picture: the overlay file of a digest; None where it is not kept. turned_away: how often by
    which rule of who may come.
    """

    facts: Mapping[str, Any]
    definition: Mapping[str, Any]
    certificate: Mapping[str, Any]
    deviations: Sequence[tuple[str, str, str]]
    frames: Mapping[str, pd.DataFrame]
    picture: Callable[[str], bytes | None]
    turned_away: Mapping[str, int] = field(default_factory=dict)

    @property
    def methods(self) -> dict[str, str]:
        """The explanation method of every condition, by the condition's name."""
        return {one["name"]: one["method"] for one in self.definition["conditions"]}


def facts_of_study(study: Study) -> dict[str, Any]:
    """The row by the names of FACTS, with the texts' digest that the plan names."""
    texts = study.texts.values("name", "version", "digest", "created_at")
    return _as_opened({name: _plain(getattr(study, name)) for name in FACTS}, texts)


def _as_opened(facts: dict[str, Any], texts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A correction of a text after opening amends the plan, and makes no other."""
    if not facts["opened_at"]:
        return facts
    return facts | {"texts_digest": digest_when_opened(texts, facts["opened_at"])}


def turned_away(study: Study) -> dict[str, int]:
    """How often somebody was turned away by a rule of who may come, by reason."""
    rules = (
        TurnedAway.NOT_AFTER, TurnedAway.ONLY_AFTER, TurnedAway.TOO_EARLY, TurnedAway.TOO_LATE
    )  # fmt: skip
    return dict(study.door_counts.filter(why__in=rules).order_by("why").values_list("why", "times"))


def record_of_study(study: Study) -> StudyRecord:
    """What the database holds of `study`."""
    files = dict(
        Overlay.objects.filter(uses__stimulus__study=study)
        .exclude(file="")
        .values_list("digest", "file")
    )

    def picture(digest: str) -> bytes | None:
        file = files.get(digest, "")
        return storage.read(file, digest) if storage.is_there(file) else None

    return StudyRecord(
        facts={**facts_of_study(study), "publication": study.publication},
        definition=study.definition,
        certificate=study.certificate,
        deviations=[
            (f"{one.made_at:%Y-%m-%d}", one.what, one.detail)
            for one in study.deviations.order_by("made_at", "pk")
        ],
        frames={key: study_frame(table, study, names) for key, (table, names) in COLUMNS.items()},
        picture=picture,
        turned_away=turned_away(study),
    )


def record_of_bundle(folder: Path) -> StudyRecord:
    """What a bundle's folder holds; TidyError if it is no bundle."""
    try:
        kept: dict[str, Any] = json.loads(
            (folder / "materials" / "study.json").read_text(encoding="utf-8")
        )
        frames = {
            key: folder_frame(table, folder, names) for key, (table, names) in COLUMNS.items()
        }
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise TidyError(f"{folder} is not a bundle that can be read: {error}") from error

    def picture(digest: str) -> bytes | None:
        found = sorted((folder / "materials" / "overlays").glob(f"{digest}.*"))
        return found[0].read_bytes() if found else None

    return StudyRecord(
        facts={
            **_as_opened({name: kept["study"][name] for name in FACTS}, kept["texts"]),
            "publication": kept["study"].get("publication", {}),
        },
        definition=kept["study"]["definition"],
        certificate=kept["study"]["certificate"],
        deviations=[
            (one["made_at"][:10], one["what"], one["detail"]) for one in kept["deviations"]
        ],
        frames=frames,
        picture=picture,
        # Bundles from before there were such rules have no such key
        turned_away=kept.get("turned_away", {}),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
