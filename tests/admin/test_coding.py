"""Coding at the desk: schemes, rounds, blind pages, adjudication, and what each leaves behind."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from studyapp.models import Adjudication, Coding, CodingRound, CodingScheme, Reading, Role, Study
from studyapp.studies.coding.rounds import end_round
from studyapp.studies.coding.schemes import codes_of
from tests.admin.desk import make_user, page_of, signed_in
from tests.coded import CODES, QUESTION, answered_study, begun, code_all, made_scheme, make_coders

pytestmark = pytest.mark.django_db


def address(scheme: CodingScheme, name: str = "coding_scheme") -> str:
    return reverse(f"admin:{name}", args=[scheme.pk])


def researcher(study: Study) -> Client:
    return signed_in(make_user("anna", study, Role.RESEARCHER))


def form_of(*codes: dict[str, str], **more: str) -> dict[str, Any]:
    """What the page of a new scheme sends."""
    sent = {"do": "save", "is_exclusive": "yes", "form-INITIAL_FORMS": "0"}
    sent["form-TOTAL_FORMS"] = str(len(codes))
    for place, code in enumerate(codes):
        sent |= {f"form-{place}-{key}": words for key, words in code.items()}
    return {**sent, **more}


def choose(client: Client, round_: CodingRound, *codes: str, **more: str) -> Any:
    """Code the answer that the page shows."""
    page = client.get(address(round_.scheme, "coding_page"))
    sent = {"place": page.context["place"], "seen": page.context["seen"], "code": list(codes)}
    return client.post(address(round_.scheme, "coding_page"), {**sent, **more})


def test_a_scheme_is_made_filled_and_followed_by_a_round_and_each_is_logged() -> None:
    study = answered_study(people=2, trials=2)
    client, (one, other) = researcher(study), make_coders(study)
    made = client.post(page_of(study, "study_coding"), {"question": "main/text"})
    scheme = CodingScheme.objects.get()
    assert made["Location"] == address(scheme)
    first, second = ({"name": name, "definition": f"It is {name}."} for name in ("a", "b"))
    client.post(
        address(scheme),
        form_of({**first, "ORDER": "2"}, {**second, "ORDER": "1"}, {"name": ""}),
    )
    assert [code.name for code in codes_of(scheme)] == ["b", "a"]
    begin = {"overlap": "50", "coders": [one.pk, other.pk]}
    client.post(address(scheme, "coding_round_begun"), begin)
    assert Reading.objects.count() == 6
    client.post(address(scheme), {"do": "public", "is_public": "on"})
    scheme.refresh_from_db()
    assert scheme.is_public
    page = client.get(address(scheme)).content.decode()
    assert "the codes of this version stay as they are" in page
    assert "coder1 (coder 1): 0 of 3 coded" in page
    log = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(log) == [
        "coding scheme main/text, version 1 was made",
        "coding scheme main/text, version 1: 2 codes saved",
        "coding scheme main/text, version 1: round 1 began: 4 answers, 50 % by all of coder1, "
        "coder2",
        "coding scheme main/text, version 1: its codes were not published → are published",
    ]


def test_mistakes_of_a_scheme_are_told_and_lose_nothing() -> None:
    study = answered_study(people=1, trials=1)
    client = researcher(study)
    scheme = made_scheme(study)
    twice = {"name": "hue", "definition": "Kept words."}
    page = client.post(address(scheme), form_of(twice, {**twice, "name": "Hue"}))
    words = unescape(page.content.decode())
    assert "two codes are called “Hue”" in words
    assert words.count("Kept words.") == 2
    bad = SimpleUploadedFile("codes.csv", b"a,b\n1,2\n")
    page = client.post(address(scheme), {"do": "import", "file": bad})
    assert "needs the columns name and definition" in page.content.decode()
    page = client.post(address(scheme, "coding_round_begun"), {"overlap": "0"})
    assert "This field is required" in page.content.decode()
    assert codes_of(scheme) == list(CODES)
    made = client.post(page_of(study, "study_coding"), {"question": "main/why"}, follow=True)
    assert "asks no open question main/why" in made.content.decode()


def test_codes_leave_as_csv_and_come_back() -> None:
    study = answered_study(people=1, trials=1)
    client, scheme = researcher(study), made_scheme(study)
    file = client.get(address(scheme, "coding_scheme_file"))
    assert file["Content-Disposition"].startswith("attachment")
    changed = file.content.replace(b"shape", b"form")
    sent = {"do": "import", "file": SimpleUploadedFile("codes.csv", changed)}
    client.post(address(scheme), sent)
    assert [code.name for code in codes_of(scheme)] == ["colour", "form", "other"]


def test_a_coder_codes_answer_by_answer_and_corrects_the_one_before() -> None:
    round_ = begun(answered_study(people=2, trials=1))
    first = round_.scheme.coders.get(number=1)
    client = signed_in(first.user)
    home = client.get("/admin/").content.decode()
    assert "Answers for you to code" in home
    assert "2 left" in home
    nothing = choose(client, round_)
    assert nothing.status_code == 400
    assert "Choose one code." in nothing.content.decode()
    choose(client, round_, "shape")
    choose(client, round_, "other")
    page = client.get(address(round_.scheme, "coding_page"), follow=True).content.decode()
    assert "nothing left for you to code" in page
    again = client.get(address(round_.scheme, "coding_page"), {"place": "1"})
    assert again.context["seen"] == 1
    sent = {"place": "1", "seen": "1", "code": "colour"}
    client.post(address(round_.scheme, "coding_page"), sent)
    old = client.post(address(round_.scheme, "coding_page"), {**sent, "seen": "1", "code": "other"})
    assert "Another window has stored other codes" in old.content.decode()
    kept = Coding.objects.filter(reading__coder=first).order_by("reading__place", "revision")
    assert list(kept.values_list("codes", flat=True)) == [["shape"], ["colour"], ["other"]]
    end_round(round_)
    late = client.post(address(round_.scheme, "coding_page"), {**sent, "seen": "2"}, follow=True)
    assert "This round has ended" in late.content.decode()
    assert Coding.objects.count() == 3


def test_the_page_of_a_coder_holds_nothing_that_unblinds() -> None:
    study = answered_study(people=3, trials=3, slug="hues-under-cam")
    round_ = begun(study)
    code_all(round_)
    first, second = round_.scheme.coders.order_by("number")
    client = signed_in(second.user)
    for place in range(1, 10):
        page = client.get(address(round_.scheme, "coding_page"), {"place": str(place)})
        text = page.context["text"]
        answer = Reading.objects.get(coder=second, place=place).answer.judgment
        html = page.content.decode()
        assert QUESTION in html
        assert text in html
        hidden = html.replace(text, "")
        trial, person = answer.trial, answer.participation
        for secret in (
            trial.condition.name, trial.condition.method, trial.code, person.code,
            person.participant.code, trial.stimulus.photo.name, trial.stimulus.category,
            trial.slot.arm.name, study.title, study.slug, first.user.username,
            f"{answer.answered_at:%H:%M}", "alexnet", "stronger",
        ):  # fmt: skip
            assert not re.search(rf"\b{re.escape(secret)}\b", hidden), secret
        # Of numbers there are the scheme's key, this place and the one before, and the progress
        numbers = set(re.findall(r'(?:value="|place=|scheme/)(\d+)["/]', hidden))
        assert numbers <= {str(round_.scheme.pk), str(place), str(place - 1), "1", "9"}


def test_coders_read_in_other_orders_than_people_wrote_and_than_each_other() -> None:
    round_ = begun(answered_study(people=6, trials=3))
    orders = [
        list(coder.readings.order_by("place").values_list("answer__judgment", flat=True))
        for coder in round_.scheme.coders.all()
    ]
    assert len({tuple(one) for one in [*orders, sorted(orders[0])]}) == 3
    by_key = list(round_.answers.order_by("pk").values_list("judgment", flat=True))
    assert by_key != sorted(by_key)


def test_agreement_is_shown_after_the_rounds_end_and_disagreements_adjudicated_blindly() -> None:
    study = answered_study(people=3, trials=2)
    round_ = begun(study)
    code_all(round_, wrong=3)
    client = researcher(study)
    running = client.get(address(round_.scheme, "coding_agreement")).content.decode()
    assert "κ" not in running
    assert "is being coded" in running
    assert "Every answer is coded" in client.get(
        address(round_.scheme, "coding_round_ended")).content.decode()  # fmt: skip
    client.post(address(round_.scheme, "coding_round_ended"))
    page = client.get(address(round_.scheme, "coding_agreement"))
    assert "Krippendorff’s α" in page.content.decode()
    count = len(page.context["disagreements"])
    assert count
    where = address(round_.scheme, "coding_adjudication")
    for _ in range(count):
        shown = client.get(where)
        html = shown.content.decode()
        assert "Coder 2: other" in html
        answer = Reading.objects.filter(answer=shown.context["answer"]).first().answer
        hidden = html.replace(shown.context["text"], "")
        for secret in (answer.judgment.trial.condition.name, answer.judgment.participation.code,
                       "coder1", "coder2", study.title):  # fmt: skip
            assert secret not in hidden
        client.post(where, {"answer": answer.pk, "seen": "0", "code": "shape"})
    assert "Every disagreement is adjudicated" in client.get(where, follow=True).content.decode()
    client.post(where, {"answer": answer.pk, "seen": "1", "code": "colour"})
    rows = Adjudication.objects.filter(answer=answer).order_by("revision")
    assert list(rows.values_list("codes", flat=True)) == [["shape"], ["colour"]]
    assert {row.made_by.username for row in rows} == {"anna"}
    assert client.get(where, {"answer": "1"}).status_code == 404


def test_somebody_who_is_no_coder_of_the_scheme_codes_nothing() -> None:
    study = answered_study(people=1, trials=1)
    round_ = begun(study)
    page = researcher(study).get(address(round_.scheme, "coding_page"), follow=True)
    assert "You are no coder of this scheme" in page.content.decode()
