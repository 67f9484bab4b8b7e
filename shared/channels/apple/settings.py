"""A business on Apple Messages for Business, seen from its messaging service provider (MSP)."""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from shared.channels.account import AccountSettings, Secrets

_SHORTEST_KEY = 16


class AppleSettings(AccountSettings):
    """A business, through its messaging service provider."""

    channel: Literal["apple"] = "apple"
    msp_id: Annotated[str, Field(min_length=1, max_length=200)]
    """The messaging service provider's id."""
    business_id: Annotated[str, Field(min_length=1, max_length=200)]
    """The business's id."""
    secret: Secrets
    """Base64 text from Apple Business Register; signs both directions, for all businesses."""
    agent: Annotated[str, Field(max_length=64)] = "patchbay"
    """What Apple's logs call us."""
    base_url: str = "https://mspgw.push.apple.com/v1"

    @field_validator("secret")
    @classmethod
    def _base64(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            if len(key_of(secret)) < _SHORTEST_KEY:
                raise ValueError(f"the decoded secret is shorter than {_SHORTEST_KEY} bytes")
        return secrets

    @property
    def address(self) -> str:
        """The business id: what a message is addressed to."""
        return self.business_id


def key_of(secret: SecretStr) -> bytes:
    """The HMAC key a secret stands for. Raises ValueError."""
    try:
        return base64.b64decode(secret.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            "the secret is not base64 text, as Apple Business Register shows it"
        ) from None
