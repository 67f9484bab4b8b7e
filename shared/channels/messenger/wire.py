"""The Messenger Platform's webhook events (Meta, "Messenger Platform: webhook events reference").

Only what we read; every optional thing is really absent at times.
"""

from typing import Any

from shared.channels.payload import Few, Identifier, Moment, Wire, Words


class Entry(Wire):
    """`messaging` holds our events, `standby` copies of conversations another app has."""

    id: Identifier
    time: Moment | None = None
    messaging: list[Any] = []
    standby: list[Any] = []
    changes: list[Any] = []


class Party(Wire):
    id: Words = None


class Element(Wire):
    """What all events have in common; checkbox-plugin events have no `sender.id`."""

    sender: Party = Party()
    recipient: Party = Party()
    timestamp: Moment | None = None


class Advertisement(Wire):
    ad_title: Words = None
    post_id: Words = None
    product_id: Words = None


class Referral(Wire):
    """The link or advertisement that led here."""

    ref: Words = None
    source: Words = None
    ad_id: Words = None
    ads_context_data: Advertisement = Advertisement()


class QuickReply(Wire):
    payload: Words = None


class Story(Wire):
    url: Words = None


class ReplyTo(Wire):
    mid: Words = None
    story: Story | None = None


class Message(Wire):
    mid: Identifier
    text: Words = None
    quick_reply: QuickReply | None = None
    reply_to: ReplyTo = ReplyTo()
    attachments: Few[Any] = ()
    referral: Referral | None = None
    metadata: Words = None
    is_echo: bool = False
    is_deleted: bool = False
    is_unsupported: bool = False


class Coordinates(Wire):
    lat: float
    long: float


class Payload(Wire):
    url: Words = None
    title: Words = None
    sticker_id: Words = None
    coordinates: Coordinates | None = None


class Attachment(Wire):
    type: Identifier
    title: Words = None
    url: Words = None
    payload: Payload = Payload()


class Edit(Wire):
    mid: Identifier
    text: Words = None
    num_edit: int = 0


class Reaction(Wire):
    mid: Identifier
    action: Identifier
    reaction: Words = None
    emoji: Words = None


class Postback(Wire):
    mid: Words = None
    title: Words = None
    payload: Words = None
    referral: Referral | None = None


class Optin(Wire):
    """Marketing messages allowed or stopped; older: the send-to-Messenger plugin (`ref`)."""

    type: Words = None
    title: Words = None
    payload: Words = None
    ref: Words = None
    notification_messages_status: Words = None


class Delivery(Wire):
    watermark: Moment
    mids: Few[Identifier] = ()


class Read(Wire):
    watermark: Moment | None = None
    mid: Words = None


class ThreadControl(Wire):
    new_owner_app_id: Words = None
    metadata: Words = None
