"""The tokens Apple and we sign with one secret (Apple, "Messages for Business REST API": JWT)."""

import re
from datetime import datetime, timedelta
from typing import Any

import jwt

from shared.channels import HttpRequest
from shared.channels.apple.settings import AppleSettings, key_of
from shared.errors import SignatureExpired, SignatureInvalid

FRESH = timedelta(hours=1)
_ALGORITHM = "HS256"
_BEARER = re.compile(
    r"[Bb]earer ([A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{1,200})"
)
_REFUSED = (jwt.PyJWTError, ValueError, RecursionError)


def verify(request: HttpRequest, account: AppleSettings, now: datetime) -> int:
    """Check Apple's bearer token under each live secret: HS256 only, `aud` our MSP id, `iat` within
    an hour of now.

    Returns the index of the secret that matches; raises SignatureInvalid or SignatureExpired. A
    doubled header reaches us joined by a comma and is refused like any malformed one.
    """
    bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if bearer is None:
        raise SignatureInvalid("authorization: missing, doubled or malformed")
    for index, secret in enumerate(account.secret):
        claims = _claims(bearer.group(1), key_of(secret), account.msp_id)
        if claims is not None:
            _check_age(claims["iat"], now)
            return index
    raise SignatureInvalid("authorization: does not match")


def _claims(token: str, key: bytes, audience: str) -> dict[str, Any] | None:
    """The claims, None when the token is not for us. PyJWT reads a clock of its own, so it is not
    asked about times."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=audience,
            options={
                "require": ["aud", "iat"],
                "verify_iat": False,
                "verify_exp": False,
                "verify_nbf": False,
            },
        )
    except _REFUSED:
        return None


def _check_age(issued: object, now: datetime) -> None:
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise SignatureInvalid("authorization: iat is not a Unix time")
    if not abs(issued - now.timestamp()) <= FRESH.total_seconds():
        raise SignatureExpired("authorization: iat is not within an hour of now")


def bearer(account: AppleSettings, now: datetime) -> str:
    """The Authorization header of a call of ours, under the newest secret."""
    claims = {"iss": account.msp_id, "iat": int(now.timestamp())}
    return f"Bearer {jwt.encode(claims, key_of(account.secret[0]), algorithm=_ALGORITHM)}"
