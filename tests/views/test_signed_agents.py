"""Programs that sign their requests: signed, verified or invalid, by the operator's keys alone."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client, RequestFactory
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from pytest_django import Settings

from sandbox.builders import open_small_study
from studyapp.models import Participation
from studyapp.serving.checks import check_agent_keys
from studyapp.shelf.agent_keys import agent_keys
from studyapp.views.signed_agents import Message, signed_agent

# The example of RFC 8037, appendix A.3
X, THUMBPRINT = (
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
)
HOST = "studies.example.org"


def key_set(*keys: Ed25519PrivateKey) -> str:
    found = [base64.urlsafe_b64encode(key.public_key().public_bytes_raw()) for key in keys]
    return json.dumps(
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x.rstrip(b"=").decode()} for x in found]}
    )


@pytest.fixture
def agent(settings: Settings, tmp_path: Path) -> Ed25519PrivateKey:
    """A key that the operator knows."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "agents.json").write_text(key_set(key))
    settings.WEB_BOT_AUTH_DIRECTORY = str(tmp_path / "agents.json")
    settings.ALLOWED_HOSTS = [HOST, "testserver"]
    return key


def signed(key: Ed25519PrivateKey, keyid: str, *, url: str = f"http://{HOST}/p/x", **options: Any
           ) -> dict[str, str]:  # fmt: skip
    """The headers of a request that an agent signs, as the draft says."""
    message = Message("POST", url, {"Signature-Agent": '"https://agent.example"'})
    resolver = MappingKeyResolver(public_keys={}, private_keys={keyid: key})
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)
    now = datetime.now(UTC)
    usual = {
        "created": now,
        "expires": now + timedelta(minutes=5),
        "tag": "web-bot-auth",
        "covered_component_ids": ("@authority", "signature-agent"),
    }
    signer.sign(message, key_id=keyid, **(usual | options))
    return dict(message.headers)


def read(headers: dict[str, str]) -> str | None:
    request = RequestFactory().post("/p/x", headers={**headers, "Host": HOST})
    return signed_agent(request)


def thumbprint(settings: Settings) -> str:
    return next(iter(agent_keys(settings.WEB_BOT_AUTH_DIRECTORY)))


def test_a_thumbprint_is_that_of_the_standard(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    others = [{"kty": "RSA", "n": "…", "e": "AQAB"}]
    path.write_text(json.dumps({"keys": [*others, {"kty": "OKP", "crv": "Ed25519", "x": X}]}))
    assert list(agent_keys(str(path))) == [THUMBPRINT]


def test_a_signature_of_a_known_key_is_verified(agent: Any, settings: Settings) -> None:
    assert read(signed(agent, thumbprint(settings))) == "verified"


def test_a_known_key_that_did_not_sign_this_is_invalid(agent: Any, settings: Settings) -> None:
    keyid, past = thumbprint(settings), datetime.now(UTC) - timedelta(hours=1)
    assert read(signed(agent, keyid, url="http://other.example/")) == "invalid"
    assert read(signed(Ed25519PrivateKey.generate(), keyid)) == "invalid"
    assert read(signed(agent, keyid, created=past, expires=past)) == "invalid"
    assert read(signed(agent, keyid, covered_component_ids=("@method",))) == "invalid"
    headers = signed(agent, keyid)
    assert read({**headers, "Signature-Agent": '"https://another.example"'}) == "invalid"


def test_a_key_that_nobody_knows_is_only_said_to_sign(agent: Any, settings: Settings) -> None:
    stranger = Ed25519PrivateKey.generate()
    assert read(signed(stranger, "somebody")) == "signed"
    settings.WEB_BOT_AUTH_DIRECTORY = ""
    assert read(signed(agent, "somebody")) == "signed"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Signature": "sig=:YQ==:"},
        {"Signature-Input": 'sig=("@authority");keyid="a";tag="web-bot-auth"'},
        {"Signature-Input": 'sig=("@authority");keyid="a";tag="other"', "Signature": "sig=:YQ==:"},
        {"Signature-Input": 'sig=("@authority");tag="web-bot-auth"', "Signature": "sig=:YQ==:"},
        {"Signature-Input": 'sig=("@a");keyid="a";tag="web-bot-auth"', "Signature": "b=:YQ==:"},
        {"Signature-Input": 'sig=("@a");keyid="a";tag="web-bot-auth"', "Signature": "sig=1"},
        {"Signature-Input": "(((", "Signature": "((("},
        {"Signature-Input": "sig=é", "Signature": "sig=:YQ==:"},
        {"Signature-Input": "a" * 90_000, "Signature": "a" * 90_000},
    ],
)
def test_what_is_no_agents_signature_says_nothing(agent: Any, headers: dict[str, str]) -> None:
    assert read(headers) is None


@pytest.mark.django_db
def test_a_signed_person_is_let_in_and_it_is_noted_with_the_consent_to_traces(
    client: Client, agent: Any, settings: Settings
) -> None:
    study = open_small_study(evidence={"traces": True})
    found = {}
    for ticks in ({"agree": "yes"}, {"agree": "yes", "traces": "yes"}):
        other = Client()
        here = other.post(f"/s/{study.slug}/")["Location"]
        headers = {**signed(agent, thumbprint(settings)), "Host": HOST}
        assert other.post(f"{here}consent", ticks, headers=headers).status_code == 303
        person = Participation.objects.latest("pk")
        found[len(ticks)] = (person.status, person.web_bot_auth)
    assert found == {1: ("active", ""), 2: ("active", "verified")}


SHORT_KEY, STRANGE_KEY = (
    f'{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "{x}"}}]}}' for x in ("YQ", "é")
)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"keys": 1}', '{"keys": [{}]}', '{"keys": [1]}', SHORT_KEY, STRANGE_KEY],
)
def test_a_file_that_holds_no_keys_does_not_start(
    text: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / f"{time.monotonic_ns()}.json"
    path.write_text(text)
    settings.WEB_BOT_AUTH_DIRECTORY = str(path)
    assert [one.id for one in check_agent_keys()] == ["studyapp.E014"]
    settings.WEB_BOT_AUTH_DIRECTORY = str(tmp_path / "nothing.json")
    assert "can't be read" in check_agent_keys()[0].msg
    settings.WEB_BOT_AUTH_DIRECTORY = ""
    assert check_agent_keys() == []
