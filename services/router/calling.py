"""What calls are asked to do, and what the engine is told of those not answered. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from shared.clock import from_milliseconds
from shared.events.commands import NoteCall, NoteDelivery
from shared.events.envelope import Envelope
from shared.events.outbound import CallControl, OutboundMessage, Outcome, Receipt
from shared.events.routing import Ignored
from shared.ids import derived_id
from shared.views.documents import Conversation

CallAction = Literal["connect", "dial", "ring", "conference", "join", "hangup"]
_WITHIN: Mapping[CallAction, timedelta] = {
    "connect": timedelta(minutes=2),
    "dial": timedelta(minutes=10),
    "ring": timedelta(minutes=1),
    "conference": timedelta(minutes=2),
    "join": timedelta(minutes=2),
}
"""After that the caller or the agent no longer expects it."""
_LIVE_CALLS = frozenset({"connect", "conference", "hangup"})

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


def delivered(envelope: Envelope[Outcome]) -> NoteDelivery:
    """What the engine is told of a message that a provider took."""
    outcome = envelope.data
    assert outcome.conversation_id is not None
    return NoteDelivery(
        workspace=outcome.workspace,
        conversation=outcome.conversation_id,
        message_id=outcome.message_id,
        outcome=outcome.kind,
        occurred_at=envelope.time,
    )


def turned_away(workspace: str, event: Ignored, mark: str) -> OutboundMessage | None:
    """A blocked caller is hung up on; None for what is no call. Nobody knows his address here."""
    if event.call is None or event.account is None:
        return None
    return OutboundMessage(
        id=derived_id("msg", workspace, event.key, "hangup", mark),
        workspace=workspace,
        channel="phone",
        account=event.account,
        conversation_key=event.key,
        kind="call",
        to=event.key,
        call=CallControl(action="hangup", call_id=event.call),
        written_at=from_milliseconds(event.at),
    )


def control(
    workspace: str,
    found: Conversation,
    what: CallControl,
    agent: str | None,
    identity: str,
    at: int,
) -> OutboundMessage:
    """The message that asks the provider for this, about the call of a conversation."""
    within, since = _WITHIN.get(_action(what)), from_milliseconds(at)
    return OutboundMessage(
        id=identity,
        workspace=workspace,
        channel=found.channel,
        account=found.account,
        conversation_key=found.key,
        conversation_id=found.id,
        kind="call",
        to=found.address,
        author=agent,
        language=found.attributes.get("language", "en"),
        call=what,
        send_before=None if within is None else since + within,
        written_at=since,
    )


def asked(
    found: Conversation, action: CallAction, endpoint: str | None, call_id: str | None = None
) -> CallControl:
    """What is asked for. `call_id`: of another call than the customer's own."""
    live = call_id or found.attributes.get("call")
    return CallControl(
        action=action,
        call_id=live if action in _LIVE_CALLS else None,
        agent_endpoint=endpoint,
        dial=found.dial if action == "ring" else None,
        room=found.id if action in ("conference", "join") else None,
    )


def leg_of(workspace: str, about: str, question: str, agent: str) -> str:
    """The id of the message by which this agent joined the conference about that question."""
    return derived_id("msg", workspace, about, "join", question, agent)


def answers(message: OutboundMessage) -> bool:
    """Whether a customer who gets this has been answered by a person."""
    if message.call is not None and message.kind == "call":
        return message.call.action in ("connect", "dial", "ring", "say")
    return message.kind == "reply"


def _action(what: CallControl) -> CallAction:
    assert what.action != "say"
    return what.action
