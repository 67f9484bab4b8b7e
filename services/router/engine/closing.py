"""The end of a conversation, and the agent's wrap-up after it."""

from services.router.engine.offers import cancel
from services.router.engine.placing import fill
from services.router.engine.state import Agent, Conversation
from services.router.engine.threads import forget_at
from services.router.engine.timers import arm
from services.router.engine.turn import Turn
from shared.events.routing import Closed, DialEnded, Forgotten, WrapUpEnded, WrapUpStarted
from shared.rules import Queue


def close(turn: Turn, conversation: Conversation, by: str, code: str | None) -> None:
    """End it, whatever state it is in; whoever gets room by that is offered what waits."""
    held = conversation.status == "held"
    agents = end(turn, conversation, by, code)
    if not (held and _wrap_up(turn, conversation, agents[0])):
        for agent in agents:
            fill(turn, agent)


def end(turn: Turn, conversation: Conversation, by: str, code: str | None) -> list[Agent]:
    """It ends, without any wrap-up. Who had it, and may have room now."""
    agents = cancel(turn, conversation)
    if conversation.agent is not None:
        agents.append(conversation.agent)
        if conversation.status == "dialling":
            name = conversation.agent.name
            turn.emit(DialEnded(conversation.id, name, "rescinded", turn.now))
    turn.emit(Closed(conversation.id, by, turn.now, code))
    return agents


def end_wrap_up(turn: Turn, conversation: Conversation) -> None:
    """The agent is done with it; its unit of his capacity is free."""
    agent = conversation.agent
    assert agent is not None
    turn.emit(WrapUpEnded(conversation.id, agent.name, turn.now))
    fill(turn, agent)


def wraps_up(conversation: Conversation) -> bool:
    """Is it closed, and an agent still working on it?"""
    return conversation.status == "closed" and conversation.agent is not None


def wrap_up_over(turn: Turn, conversation: str, at: int) -> None:
    """The time of a wrap-up has come; a later wrap-up of the same conversation is not meant."""
    found = turn.workspace.conversations.get(conversation)
    if found is not None and wraps_up(found) and found.wrap_up_until <= at:
        end_wrap_up(turn, found)


def forget(turn: Turn, conversation: str, at: int) -> None:
    """Drop a closed conversation from the state, or look again when it is time. What was merged
    into another one is remembered for as long as that.
    """
    found = turn.workspace.conversations.get(conversation)
    if found is None or found.status != "closed":
        return
    if found.merged_into in turn.workspace.conversations:
        return
    due = forget_at(found)
    if due > at or wraps_up(found):
        arm(turn.state, max(due, at + 1), "forget", turn.workspace.name, conversation)
        return
    merged = [turn.workspace.conversations[name] for name in found.joined or ()]
    turn.emit(Forgotten(conversation))
    for other in merged:
        if forget_at(other) <= at:
            turn.emit(Forgotten(other.id))


def _wrap_up(turn: Turn, conversation: Conversation, agent: Agent) -> bool:
    settings = turn.workspace.rules.queues.get(conversation.queue) or Queue()
    length = round(settings.wrap_up_seconds * 1000)
    if not length or agent.rules is None:
        return False
    turn.emit(WrapUpStarted(conversation.id, agent.name, turn.now, turn.now + length))
    return True
