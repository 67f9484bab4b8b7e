"""Passwords of agents, kept as scrypt hashes (RFC 7914) that carry their own cost."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

_SALT_BYTES = 16
_HASH_BYTES = 32
_MOST_LOG_N = 32
_MOST_MEMORY = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt's N (as its binary logarithm), r and p. The default takes 16 MiB."""

    log_n: int = 14
    r: int = 8
    p: int = 5


def hashed(password: str, cost: Cost = Cost()) -> str:
    """`scrypt$log_n$r$p$salt$hash`, with salt and hash in base64. Takes a noticeable while."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _derive(password, salt, cost, _HASH_BYTES)
    return "$".join(
        ("scrypt", str(cost.log_n), str(cost.r), str(cost.p), _text(salt), _text(digest))
    )


def matches(password: str, stored: str) -> bool:
    """Whether the password is the one that was hashed. Raises ValueError for no hash of ours."""
    name, log_n, r, p, salt, digest = stored.split("$")
    if name != "scrypt":
        raise ValueError("not a hash printed by `patchbay hash-password`")
    expected = base64.b64decode(digest, validate=True)
    cost = Cost(int(log_n), int(r), int(p))
    found = _derive(password, base64.b64decode(salt, validate=True), cost, len(expected))
    return hmac.compare_digest(found, expected)


def is_hash(stored: str) -> bool:
    """Whether `matches` can compare a password with it."""
    try:
        name, log_n, r, p, salt, digest = stored.split("$")
        cost = Cost(int(log_n), int(r), int(p))
        parts = [base64.b64decode(part, validate=True) for part in (salt, digest)]
    except ValueError:
        return False
    bounded = 0 < cost.log_n < _MOST_LOG_N and 0 < 128 * cost.r << cost.log_n < _MOST_MEMORY
    return name == "scrypt" and bounded and cost.p > 0 and all(parts)


def _derive(password: str, salt: bytes, cost: Cost, length: int) -> bytes:
    return hashlib.scrypt(
        password.encode(),
        salt=salt,
        n=1 << cost.log_n,
        r=cost.r,
        p=cost.p,
        maxmem=_MOST_MEMORY,
        dklen=length,
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
