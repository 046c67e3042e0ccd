"""The public keys of programs that sign their requests (Web Bot Auth), from the operator's file."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES = 32


class AgentKeysError(Exception):
    """The file is none of keys; the message says what to do."""


@lru_cache(maxsize=4)
def agent_keys(path: str) -> Mapping[str, Ed25519PublicKey]:
    """The Ed25519 keys of a JSON Web Key Set by the ids that signatures name them with: their
    thumbprints (RFC 7638, RFC 8037 A.3). None without a path.

    The keys of other kinds that a directory may hold are left out. Raises AgentKeysError.
    """
    if not path:
        return {}
    try:
        keys = json.loads(Path(path).read_text(encoding="utf-8"))["keys"]
        ours = [key for key in keys if (key["kty"], key.get("crv")) == ("OKP", "Ed25519")]
        return {_thumbprint(key): _public_key(key) for key in ours}
    except OSError as error:
        raise AgentKeysError(f"{path} can't be read ({error.strerror})") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise AgentKeysError(f"{path} is not a JSON Web Key Set") from error


def _thumbprint(key: Mapping[str, Any]) -> str:
    """By the members that RFC 8037 names, in their order."""
    members = {name: key[name] for name in ("crv", "kty", "x")}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _public_key(key: Mapping[str, Any]) -> Ed25519PublicKey:
    written = key["x"].encode() + b"=" * (-len(key["x"]) % 4)
    try:
        found = base64.b64decode(written, altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if len(found) != KEY_BYTES:
        raise ValueError("not a key of Ed25519")
    return Ed25519PublicKey.from_public_bytes(found)
