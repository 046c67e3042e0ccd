"""Login tries are limited without letting a stranger lock the owner out."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from studyapp.models import LoginTries
from studyapp.views.login import MOST_TRIES, may_try
from tests.running import at_once

PASSWORD = "ferrous-otter-71-lamp"
pytestmark = pytest.mark.django_db


def try_login(client: Client, name: str, password: str) -> int:
    return client.post("/admin/login/", {"username": name, "password": password}).status_code


def owner() -> Client:
    """A browser in which the owner has logged in before."""
    User.objects.create_superuser("anna", password=PASSWORD)
    client = Client()
    assert try_login(client, "anna", PASSWORD) == 302
    client.post("/admin/logout/")
    return client


def test_login_attempts_are_limited_by_name_from_any_number_of_browsers() -> None:
    User.objects.create_superuser("anna", password=PASSWORD)
    found = [try_login(Client(), "anna", f"guess {number}") for number in range(MOST_TRIES)]
    assert set(found) == {200}
    assert try_login(Client(), "anna", PASSWORD) == 429
    for name in (" ANNA", "ａnna", "𝐚nna", "ⓐnna", "ANNA\u3000"):
        assert try_login(Client(), name, PASSWORD) == 429, name


def test_a_stranger_does_not_lock_the_owner_out() -> None:
    known = owner()
    for number in range(MOST_TRIES + 1):
        try_login(Client(), "anna", f"guess {number}")
    assert try_login(Client(), "anna", PASSWORD) == 429
    assert try_login(known, "anna", PASSWORD) == 302


def test_a_known_browser_has_a_limit_of_its_own() -> None:
    known = owner()
    for number in range(MOST_TRIES):
        assert try_login(known, "anna", f"guess {number}") == 200
    assert try_login(known, "anna", PASSWORD) == 429


def test_a_browser_known_for_one_person_is_a_stranger_to_another() -> None:
    known = owner()
    User.objects.create_superuser("bert", password=PASSWORD)
    for number in range(MOST_TRIES):
        try_login(Client(), "bert", f"guess {number}")
    assert try_login(known, "bert", PASSWORD) == 429


def test_a_forged_device_helps_nobody() -> None:
    owner()
    stranger = Client()
    stranger.cookies["discern-device"] = "WyJhbm5hIiwiYWJjIl0:1abcde:forged"
    for number in range(MOST_TRIES):
        try_login(stranger, "anna", f"guess {number}")
    assert try_login(stranger, "anna", PASSWORD) == 429


def test_names_that_there_are_not_wait_as_well() -> None:
    found = [try_login(Client(), "nobody", "guess") for _ in range(MOST_TRIES + 1)]
    assert found == [200] * MOST_TRIES + [429]


def test_made_up_names_cost_a_bounded_number_of_rows_and_hashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = 6
    monkeypatch.setattr("studyapp.views.login.COUNTS_OF_NOBODY", counts)
    tried = [try_login(Client(), f"nobody {number}", "guess") for number in range(90)]
    assert LoginTries.objects.count() <= counts
    assert tried.count(200) <= counts * MOST_TRIES
    User.objects.create_superuser("anna", password=PASSWORD)
    assert try_login(Client(), "anna", PASSWORD) == 302


def test_the_wait_ends_by_itself_and_old_tries_are_forgotten() -> None:
    User.objects.create_superuser("anna", password=PASSWORD)
    for _ in range(MOST_TRIES + 1):
        try_login(Client(), "anna", "guess")
    LoginTries.objects.update(since=timezone.now() - timedelta(minutes=16))
    assert try_login(Client(), "anna", PASSWORD) == 302
    assert not LoginTries.objects.exists()


def test_the_page_says_how_long_to_wait_and_has_its_form() -> None:
    for _ in range(MOST_TRIES):
        try_login(Client(), "anna", "guess")
    page = Client().post("/admin/login/", {"username": "anna", "password": "guess"})
    assert "Please wait 15 minutes" in page.content.decode()
    assert 'name="password"' in page.content.decode()


def test_no_name_and_no_address_is_stored_of_a_try() -> None:
    try_login(Client(REMOTE_ADDR="203.0.113.9"), "anna", "guess")
    row = LoginTries.objects.get()
    stored = " ".join(str(value) for value in vars(row).values())
    assert "anna" not in stored
    assert "203.0.113.9" not in stored


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_all_counted() -> None:
    allowed: list[bool] = []
    at_once(6, lambda _: allowed.extend(may_try("key") for _ in range(4)))
    assert sum(allowed) == MOST_TRIES
