"""A phone account for tests."""

from typing import Any

from shared.channels.account import ResolvedSecret
from shared.channels.phone.settings import PhoneSettings

SID = "AC" + "a" * 32
CALL = "CA" + "1" * 32
TOKEN = "newest-auth-token"


def settings(**changes: Any) -> dict[str, Any]:
    """What the configuration file would say, with the secrets resolved."""
    plain: dict[str, Any] = {
        "channel": "phone",
        "name": "hotline",
        "workspace": "shop",
        "base_url": "http://twilio.test",
        "public_url": "https://patchbay.example",
        "account_sid": SID,
        "auth_tokens": (ResolvedSecret(TOKEN),),
        "numbers": ["+15005550006"],
        "languages": {"en": {"menu": "Press 1, 3 or 4."}},
        "menu": [
            {"digit": "1", "label": "orders", "words": {"en": ["my order"]}},
            {"digit": "3", "label": "message", "do": "voicemail"},
            {"digit": "4", "label": "call-me", "do": "callback"},
        ],
    }
    return {**plain, **changes}


def account(**changes: Any) -> PhoneSettings:
    """A valid account."""
    return PhoneSettings.model_validate(settings(**changes))
