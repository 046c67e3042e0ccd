"""Schemes, rounds and readings: what coders do is stored once, dealt by a seed, and kept."""

import pytest
from django.db import IntegrityError, transaction

from sandbox.builders import take_part
from studyapp.models import (
    Adjudication,
    CodedAnswer,
    Coding,
    CodingRound,
    CodingScheme,
    Exclusion,
    Judgment,
    Participation,
    Reading,
    SchemeCode,
)
from studyapp.participations.withdrawal import withdraw
from studyapp.studies.coding.readings import (
    CodedMeanwhileError,
    adjudicate,
    code_answer,
    disagreements,
    next_reading,
    reading_at,
)
from studyapp.studies.coding.rounds import begin_round, draw, end_round, waiting_answers
from studyapp.studies.coding.schemes import (
    CodeWords,
    SchemeError,
    codes_as_csv,
    codes_from_csv,
    codes_of,
    new_scheme,
    save_codes,
)
from tests.coded import (
    CODES,
    answered_study,
    begun,
    code_all,
    made_scheme,
    make_coders,
    write_answers,
)

pytestmark = pytest.mark.django_db


def refused(words: str) -> "pytest.RaisesExc[IntegrityError]":
    return pytest.raises(IntegrityError, match=words)


def test_the_draw_shares_what_was_asked_and_divides_the_rest() -> None:
    drawn = draw(50, 3, 20, seed=1)
    assert len(drawn.shared) == 10
    assert [len(order) for order in drawn.orders] == [24, 23, 23]
    own = [set(order) - drawn.shared for order in drawn.orders]
    assert set.union(*own) | drawn.shared == set(range(50))
    assert sum(map(len, own)) == 40
    assert draw(50, 3, 20, seed=1) == drawn != draw(50, 3, 20, seed=2)
    whole = draw(9, 2, 100, seed=1)
    assert whole.orders[0] != whole.orders[1]
    assert sorted(whole.orders[0]) == list(range(9))
    assert len(draw(3, 2, 1, seed=1).shared) == 1


def test_answers_of_people_who_finished_and_count_are_taken_in_once() -> None:
    study = answered_study()
    stopped = take_part(study, "stopped")
    first = study.participations.earliest("pk")
    made = Exclusion.objects.create(participation=first, rule="by hand")
    scheme, users = made_scheme(study), make_coders(study)
    assert {one.participation_id for one in waiting_answers(scheme)}.isdisjoint(
        {first.pk, stopped.pk}
    )
    begin_round(scheme, users, seed=1)
    assert CodedAnswer.objects.count() == 9
    assert Reading.objects.count() == 18
    with pytest.raises(SchemeError, match="a round of main/text, version 1 is running"):
        begin_round(scheme, users, seed=1)
    end_round(scheme.rounds.get())
    Exclusion.objects.create(participation=first, rule="by hand", undoes=made)
    # Nobody coded anything, so the nine are free again beside the three of the first person
    assert len(waiting_answers(scheme)) == 12


def test_a_round_needs_two_coders_codes_and_answers() -> None:
    study = answered_study(people=1)
    users = make_coders(study)
    scheme = new_scheme(study, "main", "text")
    with pytest.raises(SchemeError, match="needs at least 2 codes"):
        begin_round(scheme, users, seed=1)
    save_codes(scheme, CODES, is_exclusive=True)
    with pytest.raises(SchemeError, match="at least 2 coders"):
        begin_round(scheme, users[:1], seed=1)
    withdraw(study.participations.get())
    with pytest.raises(SchemeError, match="no answer to code"):
        begin_round(scheme, users, seed=1)


def test_a_scheme_in_use_is_followed_by_a_new_version_with_the_same_codes() -> None:
    study = answered_study(people=1)
    round_ = begun(study)
    with pytest.raises(SchemeError, match="make a new version instead"):
        save_codes(round_.scheme, CODES[:2], is_exclusive=True)
    later = new_scheme(study, "main", "text")
    assert later.version == 2
    assert codes_of(later) == list(CODES)
    with pytest.raises(SchemeError, match="is not in use yet"):
        new_scheme(study, "main", "text")
    with pytest.raises(SchemeError, match="asks no open question"):
        new_scheme(study, "main", "why")


def test_the_database_keeps_the_codes_of_a_scheme_in_use() -> None:
    scheme = begun(answered_study(people=1)).scheme
    code = scheme.codes.earliest("position")
    for change in (
        lambda: SchemeCode.objects.filter(pk=code.pk).update(name="hue"),
        code.delete,
        lambda: SchemeCode.objects.create(scheme=scheme, position=9, name="x", definition="x"),
        lambda: CodingScheme.objects.filter(pk=scheme.pk).update(is_exclusive=False),
    ):
        with refused("the codes of a scheme in use are kept"), transaction.atomic():
            change()
    # Whether they may be published is another question
    CodingScheme.objects.filter(pk=scheme.pk).update(is_public=True)


def test_the_same_page_sent_twice_is_one_coding_and_a_correction_is_another() -> None:
    reading = begun(answered_study(people=1)).answers.earliest("pk").readings.earliest("pk")
    once, again = (code_answer(reading, ["shape"], seen=0) for _ in range(2))
    assert once == again
    code_answer(reading, ["colour"], seen=1)
    with pytest.raises(CodedMeanwhileError):
        code_answer(reading, ["shape"], seen=0)
    kept = list(reading.codings.order_by("revision").values_list("revision", "codes"))
    assert kept == [(1, ["shape"]), (2, ["colour"])]


def test_only_what_the_scheme_allows_is_coded() -> None:
    reading = begun(answered_study(people=1)).answers.earliest("pk").readings.earliest("pk")
    for chosen in ([], ["shape", "colour"], ["hue"]):
        with pytest.raises(SchemeError):
            code_answer(reading, chosen, seen=0)
    for codes, why in ((["hue"], "only codes of the scheme"), ([], "exactly one code")):
        with refused(why), transaction.atomic():
            Coding.objects.create(reading=reading, revision=1, codes=codes)
    code_answer(reading, ["shape"], seen=0)
    with refused("coding_once"), transaction.atomic():
        Coding.objects.create(reading=reading, revision=1, codes=["colour"])
    with refused("a coding is never edited"), transaction.atomic():
        Coding.objects.update(codes=["colour"])
    with refused("deleted only with its answer"), transaction.atomic():
        Coding.objects.all().delete()


def test_several_codes_are_kept_in_the_order_of_the_scheme_and_none_is_an_answer() -> None:
    round_ = begun(answered_study(people=1), is_exclusive=False)
    one, other, *_ = Reading.objects.filter(answer__round=round_).order_by("pk")
    assert code_answer(one, ["other", "colour"], seen=0).codes == ["colour", "other"]
    assert code_answer(other, [], seen=0).codes == []
    with refused("each once and in its order"), transaction.atomic():
        Coding.objects.create(reading=one, revision=2, codes=["other", "colour"])


def test_coding_ends_with_its_round_and_adjudication_begins() -> None:
    round_ = begun(answered_study(people=2, trials=2))
    code_all(round_, wrong=2)
    scheme = round_.scheme
    assert not disagreements(scheme).exists()
    coder = scheme.coders.earliest("number")
    reading = coder.readings.earliest("place")
    answer = reading.answer
    with refused("the round has not ended"), transaction.atomic():
        Adjudication.objects.create(answer=answer, revision=1, codes=["shape"])
    assert end_round(round_) == 0
    assert reading_at(coder, 1) is None
    with pytest.raises(SchemeError, match="this round has ended"):
        code_answer(reading, ["other"], seen=1)
    with refused("the round has ended"), transaction.atomic():
        Coding.objects.create(reading=reading, revision=2, codes=["other"])
    differing = list(disagreements(scheme))
    assert 1 <= len(differing) <= 2
    agreed = round_.answers.exclude(pk__in=[one.pk for one in differing]).earliest("pk")
    with pytest.raises(SchemeError, match="no disagreement"):
        adjudicate(agreed, ["shape"], by=None, seen=0)
    made = [adjudicate(differing[0], ["shape"], by=None, seen=0) for _ in range(2)]
    assert made[0] == made[1]
    with refused("a coding is never edited"), transaction.atomic():
        Adjudication.objects.update(codes=["colour"])


def test_a_correction_ends_a_disagreement() -> None:
    round_ = begun(answered_study(people=1, trials=1))
    one, other = Reading.objects.order_by("pk")
    code_answer(one, ["shape"], seen=0)
    code_answer(other, ["other"], seen=0)
    code_answer(other, ["shape"], seen=1)
    end_round(round_)
    assert not disagreements(round_.scheme).exists()


def test_what_nobody_coded_is_free_for_the_next_round_and_nothing_coded_is_lost() -> None:
    study = answered_study(people=2, trials=2)
    round_ = begun(study)
    coder = round_.scheme.coders.earliest("number")
    reading = next_reading(coder)
    assert reading is not None
    code_answer(reading, ["shape"], seen=0)
    assert end_round(round_) == 7
    assert CodedAnswer.objects.count() == Coding.objects.count() == 1
    write_answers(study, 1, before="later")
    users = [one.user for one in round_.scheme.coders.all()]
    later = begin_round(round_.scheme, users, seed=6)
    assert (later.number, later.answers.count()) == (2, 5)
    assert next_reading(coder).place == reading.place + 1


def test_a_withdrawal_takes_the_codes_of_the_persons_answers_along() -> None:
    round_ = begun(answered_study(people=2, trials=1))
    code_all(round_, wrong=2)
    end_round(round_)
    for answer in disagreements(round_.scheme):
        adjudicate(answer, ["shape"], by=None, seen=0)
    withdraw(Participation.objects.earliest("pk"))
    assert Judgment.objects.count() == CodedAnswer.objects.count() == 1
    assert Coding.objects.count() == 2
    assert CodingRound.objects.count() == 1


def test_codes_travel_as_csv_and_no_cell_is_a_formula() -> None:
    codes = [CodeWords("-colour", 'Says "red", or\n=blue', "'tis"), CodeWords("b", "B", "")]
    assert codes_from_csv(codes_as_csv(codes)) == codes
    assert b"\n'-colour," in codes_as_csv(codes)
    assert codes_from_csv("Definition;Name\nÄhnlich;ä\n".encode("utf-8-sig")) == [
        CodeWords("ä", "Ähnlich")
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"code,definition\na,b\n", "needs the columns name and definition"),
        (b"", "needs the columns name and definition"),
        (b"name,definition\na,b,c\n", "more or fewer cells"),
        (b"name,definition\na\n", "more or fewer cells"),
        (b"name,definition\na,b\nA,c\n", "two codes are called"),
        (b"name,definition\na,\n", "“a” has no definition"),
        (b"name,definition\n,b\n", "code 1 has no name"),
        (b'name,definition\n"a,b\n', "is no CSV"),
        (b"name,definition\n\xff,b\n", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_scheme_is_refused_in_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(SchemeError, match=why):
        codes_from_csv(content)
