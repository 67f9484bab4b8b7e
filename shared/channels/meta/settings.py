"""What every account at Meta needs."""

from typing import Annotated

from pydantic import Field

from shared.channels.account import AccountSettings, Secret, Secrets

NumericId = Annotated[str, Field(pattern=r"^\d{1,40}$")]
"""An id made of digits; a string, because it may exceed 2^53."""


class MetaSettings(AccountSettings):
    """What WhatsApp and Messenger accounts have in common."""

    app_secret: Secrets
    """The app's secret; signs webhooks."""
    access_token: Secret
    """Authorises our calls: a system user's or a page's."""
    verify_token: Secret
    """The word typed into Meta's dashboard together with the webhook's address."""
    graph_version: Annotated[str, Field(pattern=r"^v\d{1,3}\.\d{1,2}$")] = "v25.0"
    """Meta retires each version after about two years."""
    base_url: str = "https://graph.facebook.com"

    def url(self, path: str) -> str:
        """The address of a Graph API call."""
        return f"{self.base_url.rstrip('/')}/{self.graph_version}/{path}"

    def headers(self) -> dict[str, str]:
        """The headers of a Graph API call with a JSON body."""
        return {
            "authorization": f"Bearer {self.access_token.get_secret_value()}",
            "content-type": "application/json",
        }
