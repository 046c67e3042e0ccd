"""Pages name nothing that no view gives them, speak the language that is active, and escape."""

from typing import Any

import pytest
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.test import Client
from django.utils import translation
from jinja2 import DictLoader, Environment, StrictUndefined, Undefined, UndefinedError, meta

from sandbox.builders import open_small_study, take_part
from studyapp.participations.answering import current_trial
from studyapp.shelf.templates import PAGES, environment, preload
from studyapp.studies.definition.translated import definition_for
from studyapp.views.pages import FRAME
from studyapp.views.trials import trial_context


def made(**pages: str) -> Environment:
    return environment(autoescape=True, loader=DictLoader(pages))


def compiled() -> Environment:
    """What people's pages are compiled with."""
    pages = engines[PAGES]
    assert isinstance(pages, Jinja2)
    return pages.env


def named(environment: Environment, page: str) -> set[str]:
    """What a page and those that it includes ask of a view."""
    assert environment.loader is not None
    source = environment.loader.get_source(environment, page)[0]
    tree = environment.parse(source)
    found = meta.find_undeclared_variables(tree) - set(environment.globals)
    parts = [named(environment, one) for one in meta.find_referenced_templates(tree) if one]
    return found.union(*parts)


def test_a_name_that_no_view_gave_is_an_error() -> None:
    for source in ("{{ nobody }}", "{% if nobody %}{% endif %}", "{{ somebody.nothing }}"):
        with pytest.raises(UndefinedError):
            made(page=source).get_template("page").render(somebody={})
    assert issubclass(compiled().undefined, StrictUndefined)
    assert compiled().undefined is not Undefined


@pytest.mark.django_db
def test_a_paradigms_page_names_only_what_every_trial_gives(settings: Any) -> None:
    person = take_part(open_small_study())
    trial = current_trial(person)
    assert trial is not None
    given = {*trial_context(person, trial, definition_for(person)), *FRAME}
    pages = compiled()
    own = [f"{one.rpartition('.')[2]}/page.html" for one in settings.PARADIGMS]
    # What they give to the parts that they include
    parts = {"address", "alt", "words", "question"}
    missing = {page: named(pages, page) - given - parts for page in own}
    assert {page: names for page, names in missing.items() if names} == {}


def test_words_are_those_of_the_language_in_which_a_page_is_written() -> None:
    page = made(
        page='{{ _("Continue") }}|{% trans n=2 %}{{ n }} a{% pluralize %}{{ n }} b{% endtrans %}'
    )
    said = []
    for language in ("en", "de", "fr", "en"):
        with translation.override(language):
            said.append(page.get_template("page").render())
    assert said == ["Continue|2 b", "Weiter|2 b", "Continuer|2 b", "Continue|2 b"]


def test_what_a_study_says_is_escaped_also_inside_a_translated_sentence() -> None:
    source = "{{ words }} {% trans %}What {{ words }} looked at{% endtrans %}"
    page = made(page=source).get_template("page").render(words="<b>")
    assert page == "&lt;b&gt; What &lt;b&gt; looked at"


def test_the_first_person_waits_for_no_page_to_be_compiled() -> None:
    preload()
    pages = compiled()
    assert pages.cache is not None
    assert not pages.auto_reload
    kept = {name for _loader, name in pages.cache}
    assert kept == set(pages.list_templates(extensions=["html"]))
    assert {"participants/trial.html", "trust/page.html"} <= kept


@pytest.mark.django_db
def test_no_page_of_people_is_left_to_another_engine(client: Client) -> None:
    study = open_small_study()
    reply = client.get(f"/s/{study.slug}/")
    assert reply.status_code == 200
    # Django's own templates say what they were written from, to tests
    assert reply.templates == []
