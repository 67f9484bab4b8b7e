"""What the shops' and carriers' formats have in common: dates of many kinds, headers, keys."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr

from shared.channels import HttpRequest
from shared.errors import SignatureInvalid


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def moment_of(value: Any) -> datetime | None:
    """The moment an ISO 8601 text names, in UTC; None when it is none."""
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


Day = Annotated[date | None, BeforeValidator(_day)]
"""A date, or the local day of a time; None when it is neither: no date is better than no event."""

When = Annotated[datetime | None, BeforeValidator(moment_of)]
"""A moment in UTC (ISO 8601; without an offset it is UTC); None when it is none."""


def signed_index(given: str, body: bytes, secrets: Sequence[SecretStr]) -> int:
    """Which secret made this base64 HMAC-SHA256 of the body. Raises SignatureInvalid."""
    matched = None
    for index, secret in reversed(list(enumerate(secrets))):
        digest = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).digest()
        if hmac.compare_digest(base64.b64encode(digest), given.strip().encode()):
            matched = index
    if matched is None:
        raise SignatureInvalid("the signature fits no live secret")
    return matched


def body_key(request: HttpRequest) -> str:
    """A deduplication key for a delivery that brings none: the same bytes, the same key."""
    return hashlib.sha256(request.body).hexdigest()


def newest(moments: Sequence[datetime | None], otherwise: datetime) -> datetime:
    """The latest of the moments that are known."""
    return max((moment for moment in moments if moment is not None), default=otherwise)


def first(*values: Any) -> Any:
    """The first value that says something."""
    return next((value for value in values if value not in (None, "")), None)
