"""What the events of offers, agents and rules do to the state."""

from services.router.engine.capacity import at_work
from services.router.engine.index import (
    dequeue,
    idle_stranger,
    left_seats,
    load,
    rest,
    seat,
    unload,
)
from services.router.engine.shunning import dismiss, forgive, shun
from services.router.engine.state import Before, State, Workspace
from services.router.engine.timers import arm
from shared.events import routing


def offered(state: State, workspace: Workspace, event: routing.Offered) -> None:
    """The agent has it in front of him, and in his load."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    dequeue(workspace, conversation)
    conversation.status = "offered"
    conversation.offer = event.offer
    conversation.expires_at = event.expires_at
    conversation.tries += 1
    workspace.offers[event.offer] = conversation
    load(agent, conversation)
    rest(workspace, agent, event.at)
    if event.expires_at > event.at:
        arm(state, event.expires_at, "expire", workspace.name, event.offer)


def offer_ended(state: State, workspace: Workspace, event: routing.OfferEnded) -> None:
    """It gives its unit back, unless it was accepted: then `assigned` follows, and keeps it."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    conversation.status = "open"
    if event.how == "accepted":
        agent.missed = 0
        return
    unload(workspace, conversation)
    del workspace.offers[event.offer]
    conversation.offer = None
    if event.how == "expired":
        agent.missed += 1
    elif event.how == "declined":
        agent.missed = 0
    if event.how in ("expired", "declined"):
        until = event.at + round(workspace.rules.decline_seconds * 1000)
        shun(state, workspace, conversation, agent, until, event.at)


def assigned(_state: State, workspace: Workspace, event: routing.Assigned) -> None:
    """It is his."""
    conversation = workspace.conversations[event.conversation]
    dequeue(workspace, conversation)
    forgive(workspace, conversation)
    conversation.status = "held"
    conversation.last_agent = event.agent
    workspace.threads[conversation.key].agent = event.agent
    if conversation.agent is None:
        load(workspace.agents[event.agent], conversation)


def snoozed(state: State, workspace: Workspace, event: routing.Snoozed) -> None:
    """It sleeps, and weighs less."""
    conversation = workspace.conversations[event.conversation]
    conversation.snoozed_until = event.until
    arm(state, event.until, "wake", workspace.name, event.conversation)


def woken(_state: State, workspace: Workspace, event: routing.Woken) -> None:
    """It weighs in full again."""
    conversation = workspace.conversations[event.conversation]
    conversation.snoozed_until = 0


def released(state: State, workspace: Workspace, event: routing.Released) -> None:
    """It is nobody's."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    rest(workspace, agent, event.at)
    conversation.queued_at = 0
    unload(workspace, conversation)
    conversation.status = "open"
    conversation.snoozed_until = 0
    if conversation.offer is not None:
        del workspace.offers[conversation.offer]
        conversation.offer = None
    if event.why == "transferred":
        until = event.at + round(workspace.rules.decline_seconds * 1000)
        shun(state, workspace, conversation, agent, until, event.at)


def wrap_up_started(state: State, workspace: Workspace, event: routing.WrapUpStarted) -> None:
    """It is closed, and takes his capacity a while longer."""
    conversation = workspace.conversations[event.conversation]
    load(workspace.agents[event.agent], conversation)
    conversation.wrap_up_until = event.until
    arm(state, event.until, "wrap_up", workspace.name, event.conversation)


def wrap_up_ended(_state: State, workspace: Workspace, event: routing.WrapUpEnded) -> None:
    """He is done with it."""
    rest(workspace, workspace.agents[event.agent], event.at)
    unload(workspace, workspace.conversations[event.conversation])


def presence_changed(state: State, workspace: Workspace, event: routing.PresenceChanged) -> None:
    """An agent comes, pauses or goes."""
    agent = workspace.agents[event.agent]
    worked = at_work(agent)
    if agent.profile is not None:
        agent.profile.count(agent, -1)
    before = Before(agent.state, agent.reason, agent.channels) if event.lost else None
    agent.state, agent.reason, agent.session = event.state, event.reason, event.session
    agent.channels, agent.before, agent.keeps_until = event.channels, before, event.until or 0
    if agent.profile is not None:
        agent.profile.count(agent, 1)
    if event.until is not None:
        arm(state, event.until, "grace", workspace.name, agent.name)
    if idle_stranger(agent):
        dismiss(workspace, agent)
    elif at_work(agent) and not worked:
        agent.missed = 0
        rest(workspace, agent, event.at)
        seat(workspace, agent)
    else:
        left_seats(agent)
        seat(workspace, agent)
