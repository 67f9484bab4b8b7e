"""Fit a message to a channel's limits: split, or refuse with a reason. Nothing is cut silently."""

from shared.channels import Limits, Outcome
from shared.errors import PatchbayError
from shared.events.inbound import Attachment
from shared.events.outbound import OutboundMessage, OutcomeKind


class Unsendable(PatchbayError):
    """The channel cannot carry this message; `outcome` says why, for ledger and agent."""

    code = "unsendable"

    def __init__(self, kind: OutcomeKind, reason: str) -> None:
        super().__init__(reason)
        self.outcome = Outcome(kind, reason=reason)


def check_attachments(message: OutboundMessage, limits: Limits) -> None:
    """Raises Unsendable for the first attachment of a kind the channel does not take."""
    for attachment in message.attachments:
        if attachment.kind not in limits.attachments:
            raise Unsendable(
                "rejected_content", f"this channel cannot carry a file of kind {attachment.kind}"
            )


def link_of(attachment: Attachment) -> str:
    """The public address the provider can fetch a file from. Raises Unsendable without one."""
    link = attachment.provider_ref or ""
    if not link.startswith(("https://", "http://")):
        raise Unsendable("rejected_content", "the file has no address the provider could fetch")
    return link


def split_text(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters, cut at a line, a sentence or a word where there is one.

    Joined again the parts hold every non-space character of the text in order.
    """
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        at = _cut(rest, limit)
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*parts, rest] if rest or not parts else parts


def _cut(text: str, limit: int) -> int:
    for mark in ("\n", ". ", " "):
        at = text.rfind(mark, 1, limit - len(mark) + 1)
        if at > limit // 2:
            return at + len(mark)
    return limit
