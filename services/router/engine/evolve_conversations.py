"""What the events of conversations and their threads do to the state."""

from services.router.engine.facts import Alert
from services.router.engine.index import class_for, dequeue, enqueue, rest, unload
from services.router.engine.keeping import Keep, keep
from services.router.engine.limits import remind_of_limit
from services.router.engine.lines import began, gave_up, said
from services.router.engine.shunning import forgive, pardon
from services.router.engine.skills import SkillClass
from services.router.engine.state import Conversation, State, Thread, Workspace
from services.router.engine.stepping import FRESH
from services.router.engine.threads import forget_at, reopens_until, saw, share
from services.router.engine.timers import arm
from shared.events import routing


def opened(_state: State, workspace: Workspace, event: routing.Opened) -> None:
    """A conversation begins; it does not wait yet."""
    workspace.numbers += 1
    conversation = Conversation(
        event.conversation,
        event.key,
        workspace.numbers,
        event.channel,
        share(workspace, event.attributes),
        event.at,
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
    conversation.spoke = None


def attached(_state: State, workspace: Workspace, event: routing.Attached) -> None:
    """Its thread has seen one more event."""
    conversation = workspace.conversations[event.conversation]
    conversation.spoke = event.key
    thread = workspace.threads[event.key or conversation.key]
    thread.recent = saw(thread.recent, event.ref)


def enriched(_state: State, workspace: Workspace, event: routing.Enriched) -> None:
    """More is known about it."""
    conversation = workspace.conversations[event.conversation]
    conversation.attributes = share(workspace, {**conversation.attributes, **event.attributes})


def queued(state: State, workspace: Workspace, event: routing.Queued) -> None:
    """It waits, here or somewhere else than before."""
    conversation = workspace.conversations[event.conversation]
    fresh = event.why in FRESH or not conversation.queued_at or conversation.queue != event.queue
    if event.why in FRESH or conversation.queue != event.queue:
        conversation.attempts = 0
    dequeue(workspace, conversation)
    if event.why in FRESH or event.route != conversation.route:
        conversation.routed_at = event.at
    conversation.priority = event.priority
    conversation.route = event.route
    conversation.version = event.rules
    if event.why in ("consulted", "transferred", "moved", "unanswered"):
        conversation.pinned = True
    conversation.asked = event.asked
    conversation.callback_at = 0
    conversation.units = event.units
    conversation.step = event.step
    conversation.step_at = event.step_at
    if event.step_at:
        arm(state, event.step_at, "step", workspace.name, event.conversation)
    wanted = _class_of(workspace, conversation, event)
    if event.kept_for is None:
        enqueue(workspace, conversation, wanted, (event.level, event.due))
    else:
        pardon(workspace, conversation, event.kept_for)
        conversation.skill_class = wanted
        conversation.level, conversation.due = event.level, event.due
        keep(state, workspace, conversation, Keep(event.kept_for, event.kept_until or 0))
    if fresh:
        conversation.queued_at, conversation.limits, conversation.called = event.at, 0, False
    if event.kept_for is None:
        began(conversation, event.at)
    remind_of_limit(state, workspace, conversation)


def _class_of(
    workspace: Workspace, conversation: Conversation, event: routing.Queued
) -> SkillClass:
    return class_for(
        workspace,
        event.queue,
        conversation.channel,
        event.requires,
        event.preferred,
        event.also,
        event.units,
        (event.route or "", event.step) if event.watched else None,
    )


def estimated(_state: State, workspace: Workspace, event: routing.Estimated) -> None:
    """What its wait will be has been said, or that nobody can say any more."""
    known = event.at if event.model is not None else 0
    said(workspace.conversations[event.conversation], known)


def wait_limited(state: State, workspace: Workspace, event: routing.WaitLimited) -> None:
    """One of the queue's maximum waits had its effect; the next one comes."""
    conversation = workspace.conversations[event.conversation]
    conversation.limits = event.limit + 1
    remind_of_limit(state, workspace, conversation)


def stepped(_state: State, workspace: Workspace, event: routing.Stepped) -> None:
    """A step of its route comes; where it waits then is said by what follows."""
    workspace.conversations[event.conversation].step = event.step


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
    gave_up(conversation, event.at)
    forgive(workspace, conversation)
    if conversation.agent is not None:
        rest(workspace, conversation.agent, event.at)
        unload(workspace, conversation.agent, conversation)
        conversation.agent = None
    if conversation.offer is not None:
        del workspace.offers[conversation.offer]
        conversation.offer = None
    conversation.status = "closed"
    if conversation.consult_of is not None:
        about = workspace.conversations.get(conversation.consult_of)
        if about is not None and about.consult == conversation.id:
            about.consult = None
    conversation.snoozed_until = conversation.callback_at = 0
    conversation.dial = None
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
    for key in (conversation.key, *(conversation.joined or {}).values()):
        _leave_thread(workspace, key, conversation)


def merged(_state: State, workspace: Workspace, event: routing.Merged) -> None:
    """The other one's thread, and what was merged into it, belong to this one from now on."""
    conversation = workspace.conversations[event.conversation]
    other = workspace.conversations[event.other]
    other.merged_into, other.reopens_until = conversation.id, 0
    brought = {other.id: other.key, **(other.joined or {})}
    conversation.joined = {**(conversation.joined or {}), **brought}
    for merged_id in other.joined or ():
        workspace.conversations[merged_id].merged_into = conversation.id
    other.joined = None
    workspace.threads[other.key].kept += 1
    for key in brought.values():
        thread = workspace.threads[key]
        if thread.last is other:
            thread.last = conversation


def unmerged(_state: State, workspace: Workspace, event: routing.Unmerged) -> None:
    """It is again what it was, and its thread its own."""
    conversation = workspace.conversations[event.conversation]
    other = workspace.conversations[event.other]
    joined = {name: key for name, key in (conversation.joined or {}).items() if name != other.id}
    conversation.joined = joined or None
    if conversation.spoke == other.key:
        conversation.spoke = None
    other.status, other.merged_into, other.closed_at = "open", None, 0
    other.wrap_up_until = 0
    thread = workspace.threads[other.key]
    thread.kept -= 1
    if thread.last is conversation:
        thread.last = other


def split_off(_state: State, _workspace: Workspace, _event: routing.SplitOff) -> None:
    """The new conversation has opened; the old one stays with whoever has it."""


def _leave_thread(workspace: Workspace, key: str, conversation: Conversation) -> None:
    thread = workspace.threads[key]
    thread.kept -= 1
    if thread.last is conversation:
        thread.last = None
    _drop_empty(workspace, key)


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
