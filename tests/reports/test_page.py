"""The report as a page: whole, self-contained, and honest about what it shows."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.management import call_command

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import report_html, study_report
from studyapp.analyses.results import results
from studyapp.exports.bundle import write_bundle
from studyapp.models import Deviation, Exclusion, Participation, Study, StudyKind
from studyapp.paradigms import PARADIGMS
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import close_study
from tests.analyses.test_results import STRANGE
from tests.analyses.tidy_tables import crossed, make_tidy

pytestmark = pytest.mark.django_db


class Page(HTMLParser):
    """Every element's tag and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


@pytest.fixture
def study(db: None) -> Study:
    study = open_small_study(
        people=8, trials=4, stimuli=6, analysis={"hypotheses": ["One is <better>."]}
    )
    send_people(study, 5)
    return study


def test_the_page_asks_for_nothing_outside_itself_and_runs_no_script(study: Study) -> None:
    page = Page(study_report(study).html)
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "action", "data"}
    ]
    assert addresses
    assert [one for one in addresses if not str(one).startswith(("#", "data:image/webp"))] == []
    assert [tag for tag, _ in page.elements if tag in {"script", "iframe", "link", "object"}] == []
    assert [a for _, a in page.elements if any(name.startswith("on") for name in a)] == []


def test_what_a_researcher_wrote_can_not_become_markup(study: Study) -> None:
    Deviation.objects.create(study=study, what="text", detail="<script>alert(1)</script>")
    text = study_report(study).html
    assert "One is &lt;better&gt;." in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text


def test_every_figure_has_words_for_who_can_not_see_it_and_its_numbers(study: Study) -> None:
    text = study_report(study).html
    drawings = [a for tag, a in Page(text).elements if tag == "svg"]
    assert len(drawings) >= 4
    assert [one for one in drawings if not one["aria-label"] or one["role"] != "img"] == []
    assert text.count('<figure class="drawing">') == text.count("The numbers</summary>")
    pictures = [a for tag, a in Page(text).elements if tag == "img"]
    assert len(pictures) == 6 * 2 * 2
    assert {bool(one["alt"]) for one in pictures} == {True}


def test_headings_come_in_the_order_in_which_a_reader_asks(study: Study) -> None:
    text = study_report(study).html
    wanted = [
        "In short</h2>", "Who took part</h2>", "Questions and design</h2>", "Certificate",
        "Which network is more reasonable?</h2>", "Distribution of answers", "Robust to clusters",
        "The naive result", "Effect of the exclusions", "Reliability", "Stimuli from the highest",
        "Deviations from the plan</h2>", "How to cite, and",
    ]  # fmt: skip
    body = text[text.index("<main>") :]
    places = [body.index(one) for one in wanted]
    assert places == sorted(places)


def test_the_same_judgments_give_the_same_page(study: Study) -> None:
    assert study_report(study).html == study_report(study).html


def test_the_report_of_a_bundle_is_that_of_its_study(study: Study, tmp_path: Path) -> None:
    bundle = write_bundle(study, tmp_path / "bundle", analysis=False).path
    files = [tmp_path / name for name in ("study.html", "bundle.html")]
    for source, file in zip((study.slug, str(bundle)), files, strict=True):
        call_command("analyse", source, html=file, verbosity=0)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_public_bundle_has_a_report_too(study: Study, tmp_path: Path) -> None:
    Participation.objects.update(publication_consent=True)
    bundle = write_bundle(close_study(study), tmp_path / "bundle", public=True, analysis=False).path
    call_command("analyse", str(bundle), html=tmp_path / "r.html", verbosity=0)
    assert "Stimuli from the highest to the lowest mean" in (tmp_path / "r.html").read_text("utf-8")


def test_a_table_from_elsewhere_has_a_report_without_a_design(tmp_path: Path) -> None:
    rows = crossed("ab", "1101101")
    lines = ["participant,image,method,correct", *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    call_command("analyse", str(tmp_path / "d.csv"), html=tmp_path / "r.html", verbosity=0)
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "Robust to clusters of people and photos" in text
    assert "Certificate" not in text


def test_simulated_and_demonstration_answers_are_marked_before_any_number() -> None:
    study = open_small_study(demo=True)
    copy = marked_copy(study, StudyKind.SIMULATED, seed=3)
    send_people(copy, 2)
    text = study_report(copy).html
    assert text.index("Simulated people gave these answers") < text.index("<svg")
    assert text.index("a demonstration, not evidence") < text.index("<svg")


def test_the_paper_stands_beside_the_methods_that_it_tried(study: Study) -> None:
    text = study_report(study).html
    assert "in the paper 1.27" in text
    assert "in the paper 1.00" in text


@pytest.mark.parametrize("paradigm", ["trust", "discrimination", "comparison", "agreement"])
def test_a_paper_is_named_for_the_questions_that_it_introduced(paradigm: str) -> None:
    study = open_small_study(paradigm=paradigm, trials=2)
    send_people(study, 2, paradigm=paradigm)
    told = f"It introduced the question “{PARADIGMS[paradigm].title}”"
    assert (told in study_report(study).html) == (paradigm in ("trust", "discrimination"))
    assert ("Selvaraju" in study_report(study).html) == (paradigm in ("trust", "discrimination"))


def test_who_is_left_out_is_counted_and_compared(study: Study) -> None:
    person = Participation.objects.order_by("pk")[0]
    Exclusion.objects.create(participation=person, rule="failed_checks")
    text = study_report(study).html
    assert "1 left out: failed attention checks" in text
    assert "With and without the people left out" in text
    assert re.search(r"4 analysed", text)


@pytest.mark.parametrize("name", sorted(STRANGE))
def test_small_and_strange_data_give_a_page_without_nan(name: str) -> None:
    text = report_html([results(STRANGE[name])], None, title="strange")
    assert "nan" not in re.sub(r"<[^>]+>", " ", text).lower().split()
    assert ">None<" not in text


def test_a_page_of_two_paradigms_has_a_section_for_each() -> None:
    found = [
        results(make_tidy("score", crossed("ab", "2011200"))),
        results(make_tidy("correct", crossed("ab", "1101101"))),
    ]
    text = report_html(found, None, title="two")
    assert ('<section id="trust">' in text, '<section id="discrimination">' in text) == (True, True)


def test_equivalence_is_told_in_short_and_as_a_table() -> None:
    study = open_small_study(people=8, trials=6, stimuli=6, analysis={"smallest_effect": 4.0})
    send_people(study, 8)
    page = study_report(study).html
    told = "guided_grad_cam − guided_backprop: the difference is smaller than the smallest effect"
    short, _, rest = page.partition('<section id="people">')
    assert f"{told} of interest, 4.00 (equivalence p " in short
    assert "Differences against the smallest effect of interest" in rest
    assert "±4.00" in rest


def test_without_a_smallest_effect_nothing_is_said_of_equivalence(study: Study) -> None:
    assert "smallest effect" not in study_report(study).html


def test_networks_of_one_builder_are_told_apart_and_conditions_name_their_pair(
    study: Study,
) -> None:
    page = study_report(study).html
    assert "sharp: alexnet, weights random, seed = 1" in page
    assert "blurred: alexnet, weights random, seed = 2" in page
    assert "method guided_backprop, pair main (stronger sharp, weaker blurred)" in page
