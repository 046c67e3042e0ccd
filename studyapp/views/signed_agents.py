"""Programs that sign their requests as such, by Web Bot Auth (RFC 9421 with a tag of its own).

It is evidence that a program says of itself that it is one; nobody is refused for it. The keys are
the operator's alone: the address in `Signature-Agent` is a visitor's, and this site fetches nothing
that a visitor names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import http_sf
from django.conf import settings
from django.http import HttpRequest
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from studyapp.models import SignedAgent
from studyapp.shelf.agent_keys import agent_keys

TAG = "web-bot-auth"
# What the draft has every agent sign, so that a signature for another site is none for this one
SIGNED = ("@authority",)
LONGEST = 4_096


@dataclass(frozen=True)
class Message:
    """A request as the library reads it; `url` as the visitor asked for it."""

    method: str
    url: str
    headers: Mapping[str, str]


def signed_agent(request: HttpRequest) -> SignedAgent | None:
    """What the request says of itself; None where no agent's signature is well-formed."""
    ids = _key_ids(request.headers.get("Signature-Input", ""), request.headers.get("Signature", ""))
    if not ids:
        return None
    keys = agent_keys(settings.WEB_BOT_AUTH_DIRECTORY)
    if not ids <= keys.keys():
        return SignedAgent.SIGNED
    message = Message(request.method or "", request.build_absolute_uri(), request.headers)
    resolver = MappingKeyResolver(public_keys=keys, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=resolver)
    try:
        verifier.verify(message, expect_tag=TAG, require_components=SIGNED)
    except HTTPMessageSignaturesException:
        return SignedAgent.INVALID
    return SignedAgent.VERIFIED


def _key_ids(inputs: str, signatures: str) -> set[str]:
    """The keys by which the two headers say that an agent signed; none where they are no
    signatures, or another program's."""
    if not inputs or not signatures or max(len(inputs), len(signatures)) > LONGEST:
        return set()
    try:
        told, signed = (_dictionary(one) for one in (inputs, signatures))
    except ValueError:
        return set()
    agents = {
        label: parameters["keyid"]
        for label, (covered, parameters) in told.items()
        if isinstance(covered, list)
        and parameters.get("tag") == TAG
        and isinstance(parameters.get("keyid"), str)
    }
    are_signed = all(label in signed and isinstance(signed[label][0], bytes) for label in agents)
    return set(agents.values()) if are_signed else set()


def _dictionary(header: str) -> dict[str, Any]:
    """A Dictionary of RFC 9651: (value, parameters) by label. ValueError if it is none."""
    return cast(dict[str, Any], http_sf.parse(header.encode(), tltype="dictionary"))
