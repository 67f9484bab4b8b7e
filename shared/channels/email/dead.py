"""Mails we cannot read are kept whole, or not taken at all."""

from shared.channels import Unprocessed
from shared.channels.email.settings import EmailSettings
from shared.errors import PayloadInvalid

MOST_BYTES = 600_000
"""What a dead letter holds of a mail: in base64 it must fit into one log record."""


def dead(
    account: EmailSettings, reason: str, kind: str, content: bytes, detail: str
) -> Unprocessed:
    """The mail as an item for `dead-letters`.

    Raises PayloadInvalid for one too large to be kept whole: its sender must hear that it was not
    taken, instead of us keeping half of it.
    """
    if len(content) > MOST_BYTES:
        raise PayloadInvalid(f"{detail}; too large to be kept ({len(content)} bytes)")
    return Unprocessed(account.address, reason, kind, content, detail)
