"""The tables, in the order of a trial's life: study, stimulus, design, participation."""

from .agents import SignedAgent
from .backup import Backup
from .codes import new_code, new_spoken_code
from .coding import (
    Adjudication,
    CodedAnswer,
    Coder,
    Coding,
    CodingRound,
    CodingScheme,
    Reading,
    SchemeCode,
)
from .design import Arm, Condition, Side, Slot, Stage, StimulusOverlay, Trial
from .entry import EarlierPart, Waiting
from .evidence import Evidence, Pointer, PointerPath, Trace
from .judgment import Exclusion, Judgment, erase_judgments
from .load import NetworkLoad
from .login import LoginTries
from .making import Making
from .member import Member, Role
from .panels import ActKind, ActState, PanelAccess, PanelAct
from .participation import (
    HOLDS_A_SLOT,
    LEFT,
    DoorCount,
    Event,
    PanelEvent,
    PanelIdentity,
    PanelVisit,
    Participant,
    Participation,
    Status,
    StatusSource,
    TurnedAway,
    VisitStatus,
    count_people,
)
from .report import (
    Download,
    Measurement,
    MetricValue,
    Rehearsal,
    RehearsalKind,
    Report,
    ReportForm,
)
from .stimulus import (
    IMPORTED,
    SHOWN_ROLES,
    Case,
    CasePhoto,
    Crop,
    Explanation,
    Image,
    Kind,
    Overlay,
    Picture,
    Prediction,
    Stimulus,
    StimulusRole,
    StudyImage,
    case_digest,
)
from .study import Deviation, Network, NetworkPair, Study, StudyKind, StudyState, StudyText
from .work import Heartbeat, Work, WorkQuerySet, WorkState

__all__ = [
    "HOLDS_A_SLOT", "IMPORTED", "LEFT", "SHOWN_ROLES", "ActKind", "ActState", "Adjudication", "Arm",
    "Backup", "Case", "CasePhoto", "CodedAnswer", "Coder", "Coding", "CodingRound", "CodingScheme",
    "Condition", "Crop", "Deviation", "DoorCount", "Download", "EarlierPart", "Event", "Evidence",
    "Exclusion", "Explanation", "Heartbeat", "Image", "Judgment", "Kind", "LoginTries", "Making",
    "Measurement", "Member", "MetricValue", "Network", "NetworkLoad", "NetworkPair", "Overlay",
    "PanelAccess", "PanelAct", "PanelEvent", "PanelIdentity", "PanelVisit", "Participant",
    "Participation", "Picture", "Pointer", "PointerPath", "Prediction", "Reading", "Rehearsal",
    "RehearsalKind", "Report", "ReportForm", "Role", "SchemeCode", "Side", "SignedAgent", "Slot",
    "Stage", "Status", "StatusSource", "Stimulus", "StimulusOverlay", "StimulusRole", "Study",
    "StudyImage", "StudyKind", "StudyState", "StudyText", "Trace", "Trial", "TurnedAway",
    "VisitStatus", "Waiting", "Work", "WorkQuerySet", "WorkState", "case_digest", "count_people",
    "erase_judgments", "new_code", "new_spoken_code",
]  # fmt: skip
