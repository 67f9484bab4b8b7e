"""How a conversation comes and how it waits. Pure folds of single events."""

from services.router.view import waiting
from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import KEPT, Conversation, CustomerEntry, Reference, Why

SPEAKS = frozenset({"message", "postback", "call", "comment"})
"""The actions that count as a message of the customer's."""


def opened(now: Moment, event: was.Opened) -> None:
    conversation = Conversation(
        id=event.conversation,
        key=event.key,
        channel=event.channel,
        account=event.account,
        address=event.address,
        customer=event.customer,
        attributes=event.attributes,
        opened_at=event.at,
        began=now.offset,
        arrived_at=event.at,
    )
    now.keep(conversation)
    now.sheet.put(now.sheet.keys.thread(event.key), Reference(conversation=event.conversation))
    now.tell(event.conversation, event.at, "opened")


def reopened(now: Moment, event: was.Reopened) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.state = "open"
        conversation.reopened += 1
        conversation.closed_at = conversation.closed_by = conversation.closed_code = None
        conversation.began, conversation.arrived_at = now.offset, event.at
        conversation.assigned_at = conversation.responded_at = conversation.expected = None
        conversation.wrap_up_until = None
        now.keep(conversation)
        now.sheet.put(
            now.sheet.keys.thread(conversation.key), Reference(conversation=conversation.id)
        )
        now.tell(event.conversation, event.at, "reopened")


def attached(now: Moment, event: was.Attached) -> None:
    if conversation := now.conversation(event.conversation):
        if event.action == "typing":
            return
        conversation.messages += event.action in SPEAKS
        conversation.spoke = event.key
        now.keep(conversation)
        now.enter(event.conversation, CustomerEntry(ref=event.ref, action=event.action), event.at)


def enriched(now: Moment, event: was.Enriched) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.attributes = {**conversation.attributes, **event.attributes}
        now.keep(conversation)


def queued(now: Moment, event: was.Queued) -> None:
    """It waits. Back from an offer, it has waited all along; after a menu, only from now on."""
    if conversation := now.conversation(event.conversation):
        since = event.at
        if (
            event.why in ("requeued", "moved", "passed_on")
            and conversation.waiting_since is not None
        ):
            since = conversation.waiting_since
        elif event.why in ("new", "reopened"):
            if conversation.began != now.offset or conversation.arrived_at is None:
                conversation.arrived_at = event.at
            since = conversation.arrived_at
        if conversation.queue != event.queue:
            conversation.expected = None
        waiting.begin(now.sheet, conversation, event.queue, event.due, since)
        conversation.state, conversation.why = "waiting", event.why
        conversation.route, conversation.priority = event.route, event.priority
        conversation.requires = dict(event.requires)
        conversation.placed = _why(event)
        conversation.kept_for, conversation.kept_until = event.kept_for, event.kept_until
        conversation.callback_at = None
        now.keep(conversation)
        now.tell(
            event.conversation,
            event.at,
            "queued",
            queue=event.queue,
            reason=event.why,
            agent=event.kept_for,
            why=conversation.placed,
        )


def _why(event: was.Queued) -> Why:
    return Why(
        rules=event.rules,
        route=event.route,
        step=event.step,
        step_at=event.step_at,
        priority=event.priority,
        due=event.due,
        requires=dict(event.requires),
        preferred=list(event.preferred),
        also=list(event.also),
        units=event.units,
    )


def stepped(now: Moment, event: was.Stepped) -> None:
    """Nobody took it: the next step of its route comes."""
    why = Why(route=event.route, step=event.step)
    now.tell(event.conversation, event.at, "stepped", reason=event.why, why=why)


def responded(now: Moment, event: was.Responded) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.responded_at = event.at
        now.keep(conversation)


def told(now: Moment, event: was.Told) -> None:
    """What the customer was told by itself; the message that came of it follows in `outbound`."""
    if conversation := now.conversation(event.conversation):
        conversation.told.append(now.offset)
        del conversation.told[:-KEPT]
        now.keep(conversation)
        now.tell(event.conversation, event.at, "told", reason=event.what)
