"""A WhatsApp Business number at Meta's Cloud API."""

from typing import Literal

from shared.channels.meta.settings import MetaSettings, NumericId


class WhatsAppSettings(MetaSettings):
    """`phone_number_id` is Meta's id of the number, not the number itself. `link_previews` shows a
    preview of the first link of a text.
    """

    channel: Literal["whatsapp"] = "whatsapp"
    phone_number_id: NumericId
    business_account_id: NumericId | None = None
    link_previews: bool = False

    @property
    def address(self) -> str:
        """The phone number id: what a batch's items carry."""
        return self.phone_number_id
