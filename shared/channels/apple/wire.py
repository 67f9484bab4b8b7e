"""What Apple posts to an MSP (Apple, "Messages for Business REST API": receiving messages)."""

from typing import Any

from pydantic import Field

from shared.channels.payload import Few, Identifier, Wire, Words


class Message(Wire):
    id: Words = None
    type: Identifier
    source: Words = Field(None, alias="sourceId")
    destination: Words = Field(None, alias="destinationId")
    body: Words = None
    attachments: Few[Any] = ()
    interactive: dict[str, Any] | None = Field(None, alias="interactiveData")
    reference: dict[str, Any] | None = Field(None, alias="interactiveDataRef")
    locale: Words = None
    intent: Words = None
    group: Words = None


class File(Wire):
    """A file in Apple's store; `size` comes as a number or as a string."""

    url: Identifier
    owner: Identifier
    key: Identifier
    name: Words = None
    title: Words = None
    mime: Words = Field(None, alias="mimeType")
    size: int | None = None
    signature: Words = None
    signature_base64: Words = Field(None, alias="signature-base64")
    bid: Words = None


class Option(Wire):
    identifier: Identifier
    title: Words = None


class Section(Wire):
    items: Few[Option] = ()


class ListPicker(Wire):
    sections: Few[Section] = ()


class QuickReply(Wire):
    selected: Words = Field(None, alias="selectedIdentifier")
    index: int | None = Field(None, alias="selectedIndex")
    items: Few[Option] = ()


class Slot(Wire):
    identifier: Words = None
    start: Identifier = Field(alias="startTime")
    seconds: Words = Field(None, alias="duration")


class Event(Wire):
    title: Words = None
    timeslots: Few[Slot] = ()


class Shown(Wire):
    title: Words = None
    subtitle: Words = None


class Data(Wire):
    request: Words = Field(None, alias="requestIdentifier")
    quick_reply: QuickReply | None = Field(None, alias="quick-reply")
    list_picker: ListPicker | None = Field(None, alias="listPicker")
    event: Event | None = None
    reply: Shown = Field(Shown(), alias="replyMessage")


class Interactive(Wire):
    bid: Words = None
    data: Data = Data()
    reply: Shown = Field(Shown(), alias="replyMessage")
