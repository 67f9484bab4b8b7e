"""Threading without a database: signed tokens in addresses and Message-IDs.

A customer's answer carries back what we put into our mail: the `+` extension of our address, our
Message-ID in In-Reply-To or References, and for bounces the envelope sender (VERP). Each names the
conversation and is signed over it (HMAC-SHA256, RFC 2104, cut to 80 bits), so that nobody can write
into a conversation he was not part of. Everything survives being lower-cased on the way.
"""

import base64
import hashlib
import hmac
import re
from binascii import Error as BadBase32
from collections.abc import Iterable
from dataclasses import dataclass

from shared.channels.email.settings import EmailSettings

_SIGNATURE_BYTES = 10
_REPLY = re.compile(r"t_([0-9a-z]{1,40})\.([a-z2-7]{16})")
_LEAVE = re.compile(r"u_([0-9a-z]{1,40})\.([a-z2-7]{16})")
_OWN_ID = re.compile(r"<([0-9a-z_-]{1,80})\.([0-9a-z]{1,40})\.([a-z2-7]{16})@([^<>@\s]+)>")
_MESSAGE = re.compile(r"msg_([0-9a-f]{24})")
_KEY = re.compile(r"[0-9a-f]{24}")
_BOUNCE = re.compile(r"[a-z2-7]{55}")


@dataclass(frozen=True, slots=True)
class Ours:
    """A message of ours that was proven: its id and the conversation it belongs to."""

    message_id: str
    conversation_key: str


class Tokens:
    """Makes and proves the tokens of one account. A token of another account proves nothing."""

    def __init__(self, account: EmailSettings) -> None:
        self._secrets = account.secrets()
        self._scope = f"{account.workspace}\x1f{account.name}"
        self._domain = account.id_domain

    def reply(self, key: str, customer: str) -> str:
        """The extension of our Reply-To: only `customer` may come back to the conversation."""
        return f"t_{key}.{self._sign('reply', key, customer)}"

    def replied(self, extension: str, senders: Iterable[str]) -> str | None:
        """The conversation a reply token names, if one of the senders is who it was made for."""
        return self._named_by(_REPLY.fullmatch(extension.lower()), "reply", senders)

    def leave(self, key: str, customer: str) -> str:
        """The extension of the address `customer` unsubscribes by (RFC 2369)."""
        return f"u_{key}.{self._sign('leave', key, customer)}"

    def left(self, extension: str, senders: Iterable[str]) -> str | None:
        """The conversation in which one of the senders unsubscribes by mail."""
        return self._named_by(_LEAVE.fullmatch(extension.lower()), "leave", senders)

    def message_id(self, message_id: str, key: str, customer: str) -> str:
        """Our Message-ID (RFC 5322, msg-id), the same for every attempt to send the message."""
        signature = self._sign("message", message_id.lower(), key, customer)
        return f"<{message_id}.{key}.{signature}@{self._domain}>"

    def ours(self, msg_id: str, customers: Iterable[str]) -> Ours | None:
        """What a Message-ID of ours says, if it was sent to one of `customers`."""
        match = _OWN_ID.fullmatch(msg_id.lower())
        if match is None or match[4] != self._domain:
            return None
        message_id, key, signature = match[1], match[2], match[3]
        for customer in customers:
            if self._proves(signature, "message", message_id, key, customer):
                return Ours(message_id, key)
        return None

    def looks_ours(self, msg_id: str) -> bool:
        """Does it have the form of our Message-IDs? Proves nothing."""
        match = _OWN_ID.fullmatch(msg_id.lower())
        return match is not None and match[4] == self._domain

    def bounce(self, message_id: str, key: str) -> str | None:
        """The extension of our envelope sender (VERP); None for ids that are not of our making.

        Both ids are packed to fit 64 octets: 12 + 12 bytes and the signature in base32.
        """
        message = _MESSAGE.fullmatch(message_id)
        if message is None or not _KEY.fullmatch(key):
            return None
        packed = bytes.fromhex(message[1]) + bytes.fromhex(key)
        return _base32(packed + self._mac(self._secrets[0], "bounce", message_id, key))

    def bounced(self, extension: str) -> Ours | None:
        """The message a bounce is about, if the address it came to was made by us."""
        if not _BOUNCE.fullmatch(extension.lower()):
            return None
        packed = _from_base32(extension)
        if packed is None:
            return None
        message_id, key = f"msg_{packed[:12].hex()}", packed[12:24].hex()
        proven = any(
            hmac.compare_digest(packed[24:], self._mac(secret, "bounce", message_id, key))
            for secret in self._secrets
        )
        return Ours(message_id, key) if proven else None

    def unsubscribe(self, key: str, customer: str) -> str:
        """The path element of the one-click address (RFC 8058): who, which thread, the proof."""
        who = _base32(customer.encode())
        return f"{who}.{key}.{self._sign('unsubscribe', key, customer)}"

    def unsubscribed(self, token: str) -> tuple[str, str] | None:
        """Customer and conversation key of a genuine one-click token."""
        who, _, rest = token.lower().partition(".")
        key, _, signature = rest.partition(".")
        try:
            customer = (_from_base32(who) or b"").decode()
        except UnicodeDecodeError:
            return None
        proven = self._proves(signature, "unsubscribe", key, customer)
        return (customer, key) if proven else None

    def _named_by(
        self, match: re.Match[str] | None, purpose: str, senders: Iterable[str]
    ) -> str | None:
        if match is None:
            return None
        key, signature = match.groups()
        proven = any(self._proves(signature, purpose, key, sender) for sender in senders)
        return key if proven else None

    def _sign(self, *parts: str) -> str:
        return _base32(self._mac(self._secrets[0], *parts))

    def _proves(self, signature: str, *parts: str) -> bool:
        given = signature.encode()
        return any(
            hmac.compare_digest(given, _base32(self._mac(secret, *parts)).encode())
            for secret in self._secrets
        )

    def _mac(self, secret: bytes, *parts: str) -> bytes:
        text = "\x1f".join((self._scope, *parts))
        return hmac.digest(secret, text.encode(), hashlib.sha256)[:_SIGNATURE_BYTES]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _from_base32(text: str) -> bytes | None:
    """What was encoded; None for anything `_base32` would write differently."""
    try:
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (BadBase32, ValueError):
        return None
    return data if _base32(data) == text.lower() else None
