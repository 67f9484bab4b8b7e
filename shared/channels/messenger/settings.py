"""A Facebook page on the Messenger Platform."""

import hashlib
import hmac
from typing import Literal

from shared.channels.meta.settings import MetaSettings, NumericId


class MessengerSettings(MetaSettings):
    """A page, and how it may be written for."""

    channel: Literal["messenger"] = "messenger"
    page_id: NumericId
    """The page's id."""
    app_id: NumericId | None = None
    """Our app's id: with it, conversations another app hands over are taken."""
    human_agent: bool = False
    """The page has the Human Agent permission: a person may answer for 7 days."""
    prove_calls: bool = False
    """Add `appsecret_proof` to calls, which an app may be set to require."""

    @property
    def address(self) -> str:
        """The page id: what a batch's entries carry."""
        return self.page_id

    def send_url(self) -> str:
        """The Send API of this page; the proof is HMAC-SHA256 of the token under the app secret."""
        url = self.url(f"{self.page_id}/messages")
        if not self.prove_calls:
            return url
        secret = self.app_secret[0].get_secret_value().encode()
        token = self.access_token.get_secret_value().encode()
        return f"{url}?appsecret_proof={hmac.new(secret, token, hashlib.sha256).hexdigest()}"
