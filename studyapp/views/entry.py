"""The first pages: what the site is, and the door of a study."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from studyapp.models import Participation, Status, Study, StudyKind, StudyState, TurnedAway
from studyapp.models.codes import MOST_TYPED, is_code, spoken_code
from studyapp.participations.doors import count_turned_away
from studyapp.participations.entering import enter, note_visit, readdress
from studyapp.participations.outcomes import way_back
from studyapp.participations.panels import (
    DAMAGED,
    DamagedLink,
    PreviewLink,
    UnfilledLink,
    Visit,
    panel_visit,
)
from studyapp.participations.recognition import is_theirs, known_person
from studyapp.participations.refusals import NotForThem, ParticipationError, StudyNotOpen
from studyapp.participations.sites import UnknownSite, named_site
from studyapp.shelf.addresses import url
from studyapp.shelf.languages import speaking
from studyapp.shelf.sealing import Unsealable, seal, unseal
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.definition.translated import study_in_language
from studyapp.studies.rights import Act, may

from .browsers import (
    SECONDS,
    awaited_site,
    keep_visit,
    kept_visit,
    known_codes,
    remember,
    with_cookie,
)
from .devices import device_class
from .languages import IN_LINK, choices, chosen_language
from .pages import SeeOther, message, page, participant_view
from .people import find_study

# They have nothing left to do, so another person may begin on the same device.
ENDED = (Status.FINISHED, Status.REFUSED, Status.SCREENED_OUT, Status.FULL, Status.WITHDRAWN)
# What a panel's address said, for as long as a browser is remembered
SEALED_FOR = "a panel's address"
NOBODY_IN = _(
    "This study is not taking any new participants at the moment. Please try this link again later."
)


@participant_view("GET", "HEAD")
def landing(request: HttpRequest) -> HttpResponse:
    """What this site is; studies are listed only if they say that they are demonstrations,
    in the order in which they were opened."""
    rows = Study.objects.filter(copy_of=None, state=StudyState.OPEN, definition__demo=True)
    studies = [(one, study_definition(one)) for one in rows.order_by("opened_at", "pk")]
    return page(request, "landing", {"studies": studies})


@participant_view("GET", "HEAD", "POST")
def entry(request: HttpRequest, slug: str, token: str = "") -> HttpResponse:
    """The door of a study. Only a POST makes a participant: mail filters and chats open links too.

    A panel's address is opened again at once as a `token`, sealed, so that its id leaves the
    address. A closed study is open only to its participants; to anybody else it is a page that
    does not exist.
    """
    study = find_study(slug)
    if _is_hidden(request, study):
        raise Http404
    try:
        return _door(request, study, token)
    except NotForThem as error:
        count_turned_away(study, error.why)
        return _turned_away(request, study, error)
    except ParticipationError as error:
        if study.state == StudyState.CLOSED:
            raise Http404 from error
        raise


def _door(request: HttpRequest, study: Study, token: str) -> HttpResponse:
    definition = study_definition(study)
    try:
        query = _unsealed(token) if token else request.GET
        visit = panel_visit(definition, query)
    except PreviewLink:
        return _first_page(request, study, is_preview=True)
    except ParticipationError as error:
        if study.state == StudyState.CLOSED:
            raise
        if isinstance(error, DamagedLink):
            is_unfilled = isinstance(error, UnfilledLink)
            count_turned_away(study, TurnedAway.UNFILLED if is_unfilled else TurnedAway.DAMAGED)
        return _shut(request, study, error, error.status_code)
    try:
        if visit is None:
            return _plain_door(request, study, definition)
        return _panel_door(request, study, definition, query, visit)
    except UnknownSite as error:
        if study.state == StudyState.CLOSED:
            raise
        count_turned_away(study, TurnedAway.SITE)
        return _shut(request, study, error, error.status_code)


def _unsealed(token: str) -> QueryDict:
    """What a panel's address said; DamagedLink for a token that this site did not make lately."""
    try:
        return QueryDict(unseal(token, SEALED_FOR, SECONDS))
    except Unsealable as error:
        raise DamagedLink(DAMAGED) from error


def _panel_door(
    request: HttpRequest, study: Study, definition: Definition, query: QueryDict, visit: Visit
) -> HttpResponse:
    """A panel's link: the person it names continues, or enters."""
    known = known_person(study, visit.source, visit.external_id)
    language = chosen_language(request, definition)
    if known is None or not is_theirs(known, visit, known_codes(request)):
        if known is None and study.state != StudyState.OPEN:
            raise StudyNotOpen(NOBODY_IN)
        site = named_site(definition, query) if known is None else known.site
        if known is not None and known.status != Status.ENTERED:
            return _ask_for_code(study, known, visit)
        if request.method != "POST":
            return _offer(request, study, query, site)
        # Another one may begin in the place of somebody who has not consented. The row is locked:
        # the known person may be consenting right now.
        if known is not None and not readdress(known, query, language):
            return _ask_for_code(study, known, visit)
    person = enter(
        study,
        source=visit.source,
        external_id=visit.external_id,
        details=visit.details,
        language=language,
        site=known.site if known else site,
        device_class=device_class(request),
        is_new=known is None,
    )
    reply = SeeOther(url("participation", person.code))
    return remember(request, reply, person)


def _offer(request: HttpRequest, study: Study, query: QueryDict, site: str) -> HttpResponse:
    """The first page, whose button enters; its address does not tell who came."""
    if request.path != url("entry", study.slug):
        return _first_page(request, study, site)
    # Not by `url`, which remembers addresses: nobody comes by this one a second time
    address = reverse("come", args=(study.slug, seal(query.urlencode(), SEALED_FOR)))
    language = f"?{urlencode({IN_LINK: query[IN_LINK]})}" if IN_LINK in query else ""
    return SeeOther(f"{address}{language}")


def _ask_for_code(study: Study, known: Participation, visit: Visit) -> HttpResponse:
    """To the page that asks for a personal code, without the panel's id in its address."""
    if study.state == StudyState.CLOSED:
        raise StudyNotOpen(NOBODY_IN)
    count_turned_away(study, TurnedAway.UNPROVEN)
    return keep_visit(SeeOther(url("again", study.slug)), known, visit.details)


def _is_hidden(request: HttpRequest, study: Study) -> bool:
    """A pilot copy shows a study's photos before it opens, so only to users who may preview it."""
    is_preview = study.kind == StudyKind.PILOT and study.copy_of_id is not None
    return is_preview and not may(request.user, Act.PREVIEW, study)


@participant_view("GET", "HEAD", "POST")
def again(request: HttpRequest, slug: str) -> HttpResponse:
    """Continuing in another browser, by the personal code that the first one showed."""
    study = find_study(slug)
    if study.state == StudyState.CLOSED or _is_hidden(request, study):
        raise Http404
    typed = request.POST.get("personal_code", "")
    code = spoken_code(typed)
    if request.method == "POST" and code:
        person = Participation.objects.filter(study=study, personal_code=code).first()
        if person is not None:
            # They came in the session whose link led to this page, and are paid for that one.
            if visit := kept_visit(request, person):
                note_visit(person, person.participant.source, visit)
            reply = SeeOther(url("participation", person.code))
            return remember(request, reply, person)
    definition = study_definition(study)
    site = awaited_site(request, study) if definition.sites else ""
    context = {"typed": typed[:MOST_TYPED], "is_wrong": request.method == "POST", "site": site}
    context["contact"] = _contact(definition, site)
    # By the link of the study's first page, where no id said that a person had begun.
    context["is_asked_for"] = "own" in request.GET
    context["language"] = chosen_language(request, definition)
    return page(request, "again", context, study=study, status=400 if context["is_wrong"] else 200)


def _contact(definition: Definition, site: str) -> str:
    """Whom people of a site can ask; where the site is not known, those of all sites."""
    ethics = definition.ethics_at(site)
    if site and ethics is not None:
        return ethics.contact
    told = definition.told_by_site(lambda one: one.contact)
    return ", ".join(f"{words} ({title})" if title else words for title, words in told)


def _plain_door(request: HttpRequest, study: Study, definition: Definition) -> HttpResponse:
    """The link that is open to all: people continue where they were in this browser."""
    known, count = _known(request, study)
    may_begin = count < definition.panel.people_per_device
    if known is not None and not (may_begin and known.status in ENDED):
        return SeeOther(url("participation", known.code))
    if study.state == StudyState.CLOSED:
        raise StudyNotOpen(NOBODY_IN)
    if study.state != StudyState.OPEN:
        return _shut(request, study, NOBODY_IN, 200)
    site = named_site(definition, request.GET)
    if request.method != "POST":
        return _first_page(request, study, site)
    device = device_class(request)
    language = chosen_language(request, definition)
    person = enter(study, source="link", language=language, site=site, device_class=device)
    reply = SeeOther(url("participation", person.code))
    return with_cookie(reply, study, f"discern-{study.slug}", f"{person.code}.{count + 1}")


def _first_page(
    request: HttpRequest, study: Study, site: str = "", *, is_preview: bool = False
) -> HttpResponse:
    """In the language that the link or the browser says, with those that people can choose."""
    definition = study_definition(study)
    language = chosen_language(request, definition)
    context = {
        "site": site,
        "is_preview": is_preview,
        "language": language,
        "languages": choices(definition, language, request.GET),
    }
    return page(request, "entry", context, study=study)


def _shut(request: HttpRequest, study: Study, sentence: object, status: int) -> HttpResponse:
    language = chosen_language(request, study_definition(study))
    with speaking(language):
        title = study_in_language(study, language).title
        context = {"title": title, "sentence": str(sentence), "language": language}
    return message(request, context, study=study, status=status)


def _turned_away(request: HttpRequest, study: Study, error: NotForThem) -> HttpResponse:
    """For whom the study is, or when, with what the panel is told of those who can't take part."""
    definition = study_definition(study)
    codes, language = definition.panel.codes, chosen_language(request, definition)
    code = "" if error.opens_at else codes.screened_out or codes.full or ""
    with speaking(language):
        title, sentence = str(_("Thank you for your interest")), str(error)
        if error.opens_at is not None:
            title, sentence = sentence, _told_when(error.opens_at)
    context = {
        "title": title,
        "sentence": sentence,
        "language": language,
        "panel_code": code,
        "redirect": way_back(definition, code),
    }
    return message(request, context, study=study, status=error.status_code)


def _told_when(moment: datetime) -> str:
    """From when on the same link lets somebody in; to the full hour, which tells less of when they
    took part before."""
    hour = (moment + timedelta(hours=1, microseconds=-1)).replace(minute=0, second=0, microsecond=0)
    local = timezone.localtime(hour)
    told = f"{date_format(local, 'DATE_FORMAT')} {local:%H:%M} ({local:%Z})"
    return _(
        "You can take part from %(moment)s on. Please open the same link again then. Nothing is "
        "lost, and you do not need to do anything until then."
    ) % {"moment": told}


def _known(request: HttpRequest, study: Study) -> tuple[Participation | None, int]:
    """The person taking part in this browser, else the latest one, and how many there were.

    By the plain link, or by a link or a code of their own.
    """
    plain, _dot, count = request.COOKIES.get(f"discern-{study.slug}", "").partition(".")
    codes = [*known_codes(request), *filter(is_code, [plain])]
    known = Participation.objects.filter(study=study).in_bulk(codes, field_name="code")
    people = [known[code] for code in codes if code in known]
    if not people:
        return None, 0
    on_their_way = [person for person in people if person.status not in ENDED]
    came = int(count[:4]) if count.isascii() and count[:4].isdecimal() else 1
    return [*people, *on_their_way][-1], max(came, len(known))
