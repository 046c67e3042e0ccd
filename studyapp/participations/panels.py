"""What a panel's address says of a person. A further panel is one line in PANELS."""

from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_ID = 200


@dataclass(frozen=True)
class Visit:
    """Somebody sent by a panel: who, and in which of the panel's sessions."""

    source: str
    external_id: str
    details: dict[str, str]


# source → (parameter of the person's id, further parameters that join with the panel's own data)
PANELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "prolific": ("PROLIFIC_PID", ("STUDY_ID", "SESSION_ID")),
    "mturk": ("workerId", ("hitId", "assignmentId")),
    "personal": ("participant", ()),
}


def panel_visit(query: Mapping[str, str]) -> Visit | None:
    """The visit that an address' parameters tell of; None for the plain link."""
    for source, (name, others) in PANELS.items():
        if person := query.get(name, "").strip():
            details = {key: query[key][:LONGEST_ID] for key in others if query.get(key)}
            return Visit(source, person[:LONGEST_ID], details)
    return None
