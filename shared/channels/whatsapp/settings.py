"""A WhatsApp Business number at Meta's Cloud API."""

from typing import Literal

from shared.channels.meta.settings import MetaSettings, NumericId


class WhatsAppSettings(MetaSettings):
    """A number of a WhatsApp Business account."""

    channel: Literal["whatsapp"] = "whatsapp"
    phone_number_id: NumericId
    """Meta's id of the number, not the number itself."""
    link_previews: bool = False
    """Show a preview of the first link of a text."""

    @property
    def address(self) -> str:
        """The phone number id: what a batch's items carry."""
        return self.phone_number_id
