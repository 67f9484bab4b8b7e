"""What the events of conversations and their threads do to the state."""

from services.router.engine.index import class_for, dequeue, enqueue, rest, unload
from services.router.engine.keeping import Keep, keep
from services.router.engine.limits import due_limit, remind_of_limit
from services.router.engine.shunning import forgive, pardon
from services.router.engine.state import Alert, Conversation, State, Thread, Workspace
from services.router.engine.threads import forget_at, reopens_until, saw, share
from services.router.engine.timers import arm
from shared.events import routing

_FRESH = frozenset({"new", "reopened", "transferred", "moved"})


def opened(_state: State, workspace: Workspace, event: routing.Opened) -> None:
    """A conversation begins; it does not wait yet."""
    workspace.numbers += 1
    conversation = Conversation(
        id=event.conversation,
        key=event.key,
        number=workspace.numbers,
        channel=event.channel,
        attributes=share(workspace, event.attributes),
        arrived=event.at,
    )
    workspace.conversations[conversation.id] = conversation
    thread = workspace.threads.get(event.key)
    if thread is None:
        thread = workspace.threads[event.key] = Thread()
    thread.last = conversation
    thread.kept += 1


def reopened(_state: State, workspace: Workspace, event: routing.Reopened) -> None:
    """A closed one begins anew, with a new age."""
    conversation = workspace.conversations[event.conversation]
    conversation.status = "open"
    conversation.arrived = event.at
    conversation.closed_at = 0
    conversation.reopens_until = 0
    conversation.wrap_up_until = 0
    conversation.responded = False
    conversation.pinned = False
    conversation.asked = None


def attached(_state: State, workspace: Workspace, event: routing.Attached) -> None:
    """Its thread has seen one more event."""
    thread = workspace.threads[workspace.conversations[event.conversation].key]
    thread.recent = saw(thread.recent, event.ref)


def enriched(_state: State, workspace: Workspace, event: routing.Enriched) -> None:
    """More is known about it."""
    conversation = workspace.conversations[event.conversation]
    conversation.attributes = share(workspace, {**conversation.attributes, **event.attributes})


def queued(state: State, workspace: Workspace, event: routing.Queued) -> None:
    """It waits, here or somewhere else than before."""
    conversation = workspace.conversations[event.conversation]
    fresh = event.why in _FRESH or not conversation.queued_at or conversation.queue != event.queue
    dequeue(workspace, conversation)
    conversation.priority = event.priority
    conversation.route = event.route
    conversation.version = event.rules
    if event.why in ("transferred", "moved"):
        conversation.pinned = True
    conversation.asked = event.asked
    wanted = class_for(workspace, event.queue, conversation.channel, event.requires)
    if event.kept_for is None:
        enqueue(workspace, conversation, wanted, event.due)
    else:
        pardon(workspace, conversation, event.kept_for)
        conversation.skill_class, conversation.due = wanted, event.due
        keep(state, workspace, conversation, Keep(event.kept_for, event.kept_until or 0))
    if fresh:
        conversation.queued_at, conversation.limits = event.at, 0
    due = due_limit(workspace, conversation)
    if due is not None and (fresh or due <= event.at):
        remind_of_limit(state, workspace, conversation)


def wait_limited(state: State, workspace: Workspace, event: routing.WaitLimited) -> None:
    """One of the queue's maximum waits had its effect; the next one comes."""
    conversation = workspace.conversations[event.conversation]
    conversation.limits = event.limit + 1
    remind_of_limit(state, workspace, conversation)


def told(_state: State, workspace: Workspace, event: routing.Told) -> None:
    """The customer hears from us without an agent."""
    workspace.threads[workspace.conversations[event.conversation].key].told = event.at


def responded(_state: State, workspace: Workspace, event: routing.Responded) -> None:
    """The customer has been answered."""
    workspace.conversations[event.conversation].responded = True


def closed(state: State, workspace: Workspace, event: routing.Closed) -> None:
    """It ended, whatever state it was in."""
    conversation = workspace.conversations[event.conversation]
    dequeue(workspace, conversation)
    forgive(workspace, conversation)
    if conversation.agent is not None:
        rest(workspace, conversation.agent, event.at)
        unload(workspace, conversation)
    if conversation.offer is not None:
        del workspace.offers[conversation.offer]
        conversation.offer = None
    conversation.status = "closed"
    conversation.snoozed_until = 0
    conversation.placed = None
    conversation.closed_at = event.at
    conversation.reopens_until = reopens_until(workspace.rules, conversation.channel, event.at)
    remind_to_forget(state, workspace, conversation)


def remind_to_forget(state: State, workspace: Workspace, conversation: Conversation) -> None:
    """Make sure that a closed conversation is looked at when it may be forgotten."""
    at = forget_at(conversation)
    arm(state, at, "forget", workspace.name, conversation.id)


def forgotten(_state: State, workspace: Workspace, event: routing.Forgotten) -> None:
    """Nothing is known of it any more."""
    conversation = workspace.conversations.pop(event.conversation)
    thread = workspace.threads[conversation.key]
    thread.kept -= 1
    if thread.last is conversation:
        thread.last = None
    _drop_empty(workspace, conversation.key)


def alert_noted(state: State, workspace: Workspace, event: routing.AlertNoted) -> None:
    """The customer was told something."""
    thread = workspace.threads.setdefault(event.key, Thread())
    thread.alert = Alert(event.alert, event.rule, event.order, event.context, event.until)
    thread.noted = event.alert
    arm(state, event.until, "alert", workspace.name, event.key)


def alert_forgotten(_state: State, workspace: Workspace, event: routing.AlertForgotten) -> None:
    """What he was told is no longer of interest, or went into a conversation."""
    workspace.threads[event.key].alert = None
    _drop_empty(workspace, event.key)


def _drop_empty(workspace: Workspace, key: str) -> None:
    thread = workspace.threads[key]
    if not thread.kept and thread.alert is None:
        del workspace.threads[key]
