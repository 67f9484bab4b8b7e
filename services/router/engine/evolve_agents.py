"""What the events of offers, agents and rules do to the state."""

from services.router.engine.capacity import at_work
from services.router.engine.evolve_conversations import remind_to_forget
from services.router.engine.facts import Before
from services.router.engine.index import (
    dequeue,
    idle_stranger,
    left_seats,
    load,
    pause,
    rest,
    seat,
    unload,
    wake,
)
from services.router.engine.lines import departed
from services.router.engine.overflow import answered
from services.router.engine.shunning import dismiss, forgive, shun
from services.router.engine.state import Agent, Offer, State, Workspace
from services.router.engine.timers import arm
from shared.events import routing


def offered(state: State, workspace: Workspace, event: routing.Offered) -> None:
    """The agent has it in front of him, and in his load."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    in_line = conversation.status == "waiting" and conversation.kept_for is None
    dequeue(workspace, conversation)
    if in_line:
        departed(conversation, event.at)
    conversation.called = True
    conversation.status = "offered"
    conversation.tries += 1
    conversation.last_asked = event.agent
    offer = Offer(event.offer, conversation, agent, event.expires_at)
    conversation.offers = [*(conversation.offers or ()), offer]
    workspace.offers[event.offer] = offer
    load(agent, conversation)
    rest(workspace, agent, event.at)
    agent.turn = agent.rank
    if agent.allowed is not None:
        agent.allowed -= 1
    if event.expires_at > event.at:
        arm(state, event.expires_at, "expire", workspace.name, event.offer)


def offer_ended(state: State, workspace: Workspace, event: routing.OfferEnded) -> None:
    """It gives its unit back, unless it was accepted: then `assigned` follows, and keeps it."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    others = [offer for offer in conversation.offers or () if offer.id != event.offer]
    conversation.offers = others or None
    conversation.status = "offered" if others else "open"
    if event.how == "accepted":
        agent.missed = 0
        conversation.agent, conversation.offer = agent, event.offer
        return
    unload(workspace, agent, conversation)
    del workspace.offers[event.offer]
    if event.how == "expired":
        agent.missed += 1
    elif event.how == "declined":
        agent.missed = 0
    conversation.attempts += event.how in ("declined", "expired")
    if event.until is not None:
        shun(state, workspace, conversation, agent, event.until, event.at)


def accepting(state: State, workspace: Workspace, event: routing.Accepting) -> None:
    """He gets the time that it takes to accept."""
    offer = workspace.offers[event.offer]
    offer.accepting, offer.expires_at = True, event.expires_at
    arm(state, event.expires_at, "expire", workspace.name, event.offer)


def assigned(_state: State, workspace: Workspace, event: routing.Assigned) -> None:
    """It is his."""
    conversation = workspace.conversations[event.conversation]
    dequeue(workspace, conversation)
    forgive(workspace, conversation)
    conversation.status = "held"
    conversation.last_agent = event.agent
    if workspace.donors:
        answered(workspace, conversation, event.at)
    workspace.threads[conversation.key].agent = event.agent
    conversation.attempts, conversation.last_asked = 0, None
    conversation.wrap_up_asked, conversation.wrap_up_code = False, None
    if conversation.agent is None:
        conversation.agent = workspace.agents[event.agent]
        load(conversation.agent, conversation)


def snoozed(state: State, workspace: Workspace, event: routing.Snoozed) -> None:
    """It sleeps, and weighs less."""
    conversation = workspace.conversations[event.conversation]
    conversation.snoozed_until = event.until
    if not conversation.paused:
        pause(workspace, conversation)
    arm(state, event.until, "wake", workspace.name, event.conversation)


def woken(_state: State, workspace: Workspace, event: routing.Woken) -> None:
    """It weighs in full again."""
    conversation = workspace.conversations[event.conversation]
    conversation.snoozed_until = 0
    wake(workspace, conversation)


def released(state: State, workspace: Workspace, event: routing.Released) -> None:
    """It is nobody's."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    rest(workspace, agent, event.at)
    conversation.queued_at = 0
    unload(workspace, agent, conversation)
    conversation.agent = None
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
    conversation.agent = workspace.agents[event.agent]
    load(conversation.agent, conversation)
    conversation.wrap_up_until = event.until or 0
    conversation.wrap_up_most = event.most or 0
    conversation.wrap_up_code = event.code
    if event.until is not None:
        arm(state, event.until, "wrap_up", workspace.name, event.conversation)


def wrap_up_asked(_state: State, workspace: Workspace, event: routing.WrapUpAsked) -> None:
    """He will need one."""
    workspace.conversations[event.conversation].wrap_up_asked = True


def wrap_up_extended(state: State, workspace: Workspace, event: routing.WrapUpExtended) -> None:
    """It ends later."""
    workspace.conversations[event.conversation].wrap_up_until = event.until
    arm(state, event.until, "wrap_up", workspace.name, event.conversation)


def wrap_up_coded(_state: State, workspace: Workspace, event: routing.WrapUpCoded) -> None:
    """It is known how the conversation ended."""
    workspace.conversations[event.conversation].wrap_up_code = event.code


def wrap_up_ended(state: State, workspace: Workspace, event: routing.WrapUpEnded) -> None:
    """He is done with it."""
    conversation, agent = workspace.conversations[event.conversation], workspace.agents[event.agent]
    rest(workspace, agent, event.at)
    unload(workspace, agent, conversation)
    conversation.agent = None
    remind_to_forget(state, workspace, conversation)


def presence_changed(state: State, workspace: Workspace, event: routing.PresenceChanged) -> None:
    """An agent comes, pauses or goes."""
    agent = workspace.agents[event.agent]
    worked = at_work(agent)
    if agent.profile is not None:
        agent.profile.count(agent, -1)
    before = Before(agent.state, agent.reason, agent.channels) if event.lost else None
    was, back = agent.state, agent.before is not None
    agent.state, agent.reason, agent.session = event.state, event.reason, event.session
    agent.channels, agent.before, agent.keeps_until = event.channels, before, event.until or 0
    if agent.profile is not None:
        agent.profile.count(agent, 1)
        if agent.profile.watching:
            workspace.left.append(agent)
    _ramp(state, workspace, agent, event.at, came=was == "offline" and not back)
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


def ramp_ended(_state: State, workspace: Workspace, event: routing.RampEnded) -> None:
    """He is offered whatever he has room for."""
    agent = workspace.agents[event.agent]
    agent.allowed, agent.ramp_until = None, 0
    seat(workspace, agent)


def _ramp(state: State, workspace: Workspace, agent: Agent, at: int, *, came: bool) -> None:
    """Who signs in begins gently; who signs out needs no ramp any more."""
    rules = workspace.rules.ramp
    if agent.state == "offline":
        agent.allowed, agent.ramp_until = None, 0
    elif came and rules is not None:
        agent.allowed, agent.ramp_until = rules.offers, at + round(rules.seconds * 1000)
        arm(state, agent.ramp_until, "ramp", workspace.name, agent.name)
