"""Topic `inbound`: what customers do, the same shape for every channel."""

from datetime import datetime
from typing import ClassVar, Literal

from shared.events.base import Event, Part

ActionKind = Literal[
    "message",
    "reaction",
    "postback",
    "call",
    "comment",
    "typing",
    "edit",
    "delete",
    "close",
    "consent",
]
AttachmentKind = Literal["image", "audio", "video", "file", "location", "contact", "sticker"]
CallState = Literal[
    "started",
    "menu",
    "queued",
    "bridged",
    "ended",
    "voicemail",
    "callback_requested",
]


class Attachment(Part):
    """A file we have not fetched: a reference, with how to fetch it.

    `fetch` says what the fetcher must do: `bearer` (two steps with the account's token),
    `signed_url` (plain GET before `expires_at`), `aes_ctr` (Apple: decrypt with `key`), `basic`
    (account credentials), `inline` (`data` holds base64 of a small part), `stored` (our own store).
    """

    kind: AttachmentKind
    fetch: Literal["bearer", "signed_url", "aes_ctr", "basic", "inline", "stored", "none"] = "none"
    provider_ref: str | None = None
    name: str | None = None
    mime: str | None = None
    size: int | None = None
    sha256: str | None = None
    expires_at: datetime | None = None
    extra: dict[str, str] = {}


class Sender(Part):
    """The customer as the channel knows him.

    `address` is what we answer to (wa_id, PSID, `urn:mbid:…`, e-mail address, E.164 number);
    `alternatives` are further ids of the same person on that channel.
    """

    address: str
    name: str | None = None
    language: str | None = None
    alternatives: tuple[str, ...] = ()


class Call(Part):
    """Where a phone call stands. `id` is the provider's call id, `choice` the menu branch taken."""

    id: str
    state: CallState
    choice: str | None = None
    reason: str | None = None
    duration_seconds: int | None = None


class Mail(Part):
    """What threading and answering an e-mail need (RFC 5322 names).

    `whole_text` is the mail with everything it quotes, where `Action.text` is only what is new.
    """

    message_id: str
    references: tuple[str, ...] = ()
    subject: str = ""
    reply_to: str | None = None
    cc: tuple[str, ...] = ()
    authenticated: bool = False
    automatic: bool = False
    whole_text: str | None = None


class Action(Part):
    """What the customer did: the part a channel adapter fills.

    `automatic` actions (auto-replies, bounces) are kept in the timeline but never open a
    conversation and are never answered automatically. `hints` are routing attributes the channel
    knows: intent, group, menu choice, advertisement. `opens_window` is false where the provider's
    reply window does not restart.
    """

    kind: ActionKind
    sender: Sender
    occurred_at: datetime
    provider_id: str
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    payload: str | None = None
    call: Call | None = None
    mail: Mail | None = None
    hints: dict[str, str] = {}
    automatic: bool = False
    opens_window: bool = True


class CustomerEvent(Event):
    """One action of one customer, in its workspace, on its channel account.

    `id` is the provider's deduplication key prefixed by the account: the second record with an id
    is a duplicate. `conversation_key` is opaque and also the record key; `sender` is an opaque name
    of whoever has the address, on whatever account or thread.
    """

    TYPE: ClassVar[str] = "patchbay.inbound.v1"

    id: str
    workspace: str
    channel: str
    account: str
    conversation_key: str
    received_at: datetime
    action: Action
    sender: str | None = None
