"""What the engine is told of calls that were not answered. Pure."""

from typing import Literal

from shared.events.commands import NoteCall
from shared.events.outbound import OutboundMessage, Outcome, Receipt

_BY_ITSELF: dict[str, Literal["agent", "customer"]] = {"dial": "agent", "ring": "customer"}
"""Whose phone rings first: if the call cannot even be made, it is that one's."""


def failed_call(message: OutboundMessage, report: Receipt | Outcome) -> NoteCall | None:
    """The command that follows from a report on this message; None if nothing does."""
    call, conversation = message.call, message.conversation_id
    if call is None or call.action not in _BY_ITSELF or conversation is None:
        return None
    if isinstance(report, Receipt):
        if report.status != "failed":
            return None
        leg = report.leg or _BY_ITSELF[call.action]
    elif report.final and report.kind not in ("accepted", "unknown"):
        leg = _BY_ITSELF[call.action]
    else:
        return None
    return NoteCall(
        workspace=message.workspace,
        conversation=conversation,
        leg=leg,
        dial=call.dial,
        agent=message.author if call.action == "dial" else None,
    )
