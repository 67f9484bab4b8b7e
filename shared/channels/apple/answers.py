"""What a customer chose in an interactive message (Apple, "Messages for Business": interactive)."""

from dataclasses import dataclass, field
from typing import Any

from shared.channels.apple import wire
from shared.channels.payload import known, read_item


@dataclass(frozen=True, slots=True)
class Answer:
    """`payload` holds the identifiers of what was chosen, `text` what the customer saw of it."""

    payload: str | None
    text: str | None
    request: str | None
    hints: dict[str, str] = field(default_factory=dict)


def answer(raw: dict[str, Any], where: str) -> Answer | None:
    """The answer; None when it is of a kind we do not know and shows no text either."""
    found = read_item(wire.Interactive, raw, where)
    data = found.data
    shown = data.reply.title or found.reply.title or data.reply.subtitle or found.reply.subtitle
    if data.event is not None and data.event.timeslots:
        return _time(data.event, data.request)
    chosen = _chosen(data)
    if chosen:
        titles = ", ".join(one.title for one in chosen if one.title)
        payload = ",".join(one.identifier for one in chosen)
        return Answer(payload, titles or shown, data.request)
    if shown is None:
        return None
    return Answer(None, shown, data.request, known({"interactive": found.bid}))


def _time(event: wire.Event, request: str | None) -> Answer:
    slot = event.timeslots[0]
    hints = known({"time": slot.start, "seconds": slot.seconds})
    text = f"{event.title}: {slot.start}" if event.title else slot.start
    return Answer(slot.identifier or slot.start, text, request, hints)


def _chosen(data: wire.Data) -> list[wire.Option]:
    if data.list_picker is not None:
        return [option for section in data.list_picker.sections for option in section.items]
    return _tapped(data.quick_reply) if data.quick_reply is not None else []


def _tapped(reply: wire.QuickReply) -> list[wire.Option]:
    for option in reply.items:
        if option.identifier == reply.selected:
            return [option]
    if reply.selected is not None:
        return [wire.Option(identifier=reply.selected)]
    if reply.index is not None and 0 <= reply.index < len(reply.items):
        return [reply.items[reply.index]]
    return []
