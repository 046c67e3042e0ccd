"""SONA's server-side completion URL: it grants one person their credit, and can do nothing else.

<https://www.sona-systems.com/researcher/server-side-completion-url-responses/>. The token is that
URL, as SONA shows it for a study. It is loaded by GET and grants the credit, so it is never loaded
twice by itself. The person is known by their survey code, not by a session.
"""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from studyapp.models import ActKind

from .base import Bonus, Told
from .line import LONGEST_SENTENCE, Line, PanelError, Refused, Unanswered

SERVICE = "services/SonaAPI.svc/WebstudyCredit"
GRANTED = "G"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class Sona:
    """`PanelApi` of SONA."""

    at_once: Mapping[ActKind, int] = {ActKind.APPROVE: 1}
    # No other host is called, whatever a token says
    domains = ("sona-systems.com", "sonasystems.com")

    def __init__(self, token: str, pauses: tuple[float, ...] = (1, 2, 4)) -> None:
        parts, query = urlsplit(token), parse_qs(urlsplit(token).query)
        self.host = parts.hostname or ""
        is_known = any(f".{self.host}".endswith(f".{one}") for one in self.domains)
        if not is_known or "@" in parts.netloc or parts.path.strip("/") != SERVICE:
            raise Refused(
                "this is not SONA's server-side completion URL; copy the one with WebstudyCredit "
                "from the study's page at SONA"
            )
        try:
            [self.experiment], [self.secret] = query["experiment_id"], query["credit_token"]
        except (KeyError, ValueError) as error:
            raise Refused(
                "the address has no experiment_id or no credit_token; copy it whole"
            ) from error
        self.line = Line(f"{parts.scheme}://{parts.netloc}", "", pauses)

    def whose(self) -> str:
        """SONA offers no call that would tell without granting a credit."""
        return f"experiment {self.experiment} at {self.host}"

    def statuses(self, panel_study: str) -> Iterator[Told]:
        raise Refused("SONA does not tell what became of its people; look there")

    def approve(self, sessions: Sequence[str]) -> None:
        for survey_code in sessions:
            query = {
                "experiment_id": self.experiment,
                "credit_token": self.secret,
                "survey_code": survey_code,
            }
            try:
                _refuse_ungranted(self.line.order(SERVICE, query))
            except PanelError as error:
                # What is kept of an act must not repeat the token
                raise type(error)(str(error).replace(self.secret, "…")) from None

    def ask_return(self, sessions: Sequence[str], reason: str) -> None:
        raise Refused("SONA can't ask people to return")

    def pay(self, panel_study: str, bonuses: Sequence[Bonus]) -> str:
        raise Refused("SONA pays no bonuses")


def _refuse_ungranted(text: str) -> None:
    """Raises Refused if SONA says why not, Unanswered if its answer tells neither."""
    if "<!DOCTYPE" in text:
        raise Unanswered("SONA's answer is a page; check there whether the credit was granted")
    try:
        answer = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise Unanswered(
            "SONA's answer can't be read; check there whether the credit was granted"
        ) from error
    parts = {etree.QName(one).localname: one for one in answer.iter(etree.Element)}
    status = parts.get("credit_status")
    if status is not None and (status.text or "").strip() == GRANTED:
        return
    errors = parts.get("Errors")
    if errors is not None and errors.get(NIL) != "true":
        words = " ".join(" ".join(map(str, errors.itertext())).split())[:LONGEST_SENTENCE]
        raise Refused(f"SONA refused: {words or 'it gave no reason'}")
    raise Unanswered("SONA did not say that the credit was granted; check there")
