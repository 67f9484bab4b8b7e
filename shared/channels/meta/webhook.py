"""How Meta proves itself to us, and we to Meta (Meta, "Webhooks": validation, verification)."""

import hashlib
import hmac
import re
from urllib.parse import parse_qs, urlsplit

from shared.channels import HttpReply, HttpRequest
from shared.channels.meta.settings import MetaSettings
from shared.channels.payload import read_object
from shared.errors import PayloadInvalid, SignatureInvalid

_HEADER = "x-hub-signature-256"
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_LONGEST_CHALLENGE = 1024
_FORBIDDEN = HttpReply(403)


def verify(request: HttpRequest, account: MetaSettings) -> int:
    """Compare HMAC-SHA256 of the raw body under each live app secret with the header.

    Returns the index of the one that matches; raises SignatureInvalid. A doubled header reaches us
    joined by a comma and is refused like any malformed one.
    """
    header = _SIGNATURE.fullmatch(request.headers.get(_HEADER, ""))
    if header is None:
        raise SignatureInvalid(f"{_HEADER}: missing, doubled or malformed")
    given = header.group(1)
    for index, secret in enumerate(account.app_secret):
        if hmac.compare_digest(signature(secret.get_secret_value(), request.body), given):
            return index
    raise SignatureInvalid(f"{_HEADER}: does not match")


def signature(app_secret: str, body: bytes) -> str:
    """Lower-case hexadecimal HMAC-SHA256 of the body under the app secret."""
    return hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def handshake(request: HttpRequest, account: MetaSettings) -> HttpReply:
    """Answer `hub.challenge` when mode and verify token are right, 403 otherwise."""
    query = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
    mode, token, challenge = (query.get(f"hub.{key}", []) for key in _KEYS)
    if mode != ["subscribe"] or len(token) != 1 or len(challenge) != 1:
        return _FORBIDDEN
    expected = account.verify_token.get_secret_value()
    if not hmac.compare_digest(token[0].encode(errors="replace"), expected.encode()):
        return _FORBIDDEN
    if len(challenge[0]) > _LONGEST_CHALLENGE:
        return _FORBIDDEN
    headers = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
    return HttpReply(200, headers, challenge[0].encode())


_KEYS = ("mode", "verify_token", "challenge")


def read_entries(body: bytes, kind: str) -> list[object]:
    """The `entry` list of a notification about objects of that kind. Raises PayloadInvalid."""
    envelope = read_object(body)
    if envelope.get("object") != kind:
        raise PayloadInvalid(f"object: expected {kind!r}")
    entries = envelope.get("entry")
    if not isinstance(entries, list):
        raise PayloadInvalid("entry: expected a list")
    return entries
