"""The end of a conversation."""

from services.router.engine import wrap_up
from services.router.engine.offers import cancel
from services.router.engine.placing import fill_all
from services.router.engine.state import Agent, Conversation
from services.router.engine.threads import forget_at
from services.router.engine.timers import arm
from services.router.engine.turn import Turn
from shared.events.routing import Closed, DialEnded, Forgotten


def close(
    turn: Turn,
    conversation: Conversation,
    by: str,
    code: str | None,
    wanted: bool | None = None,
) -> None:
    """End it, whatever state it is in; whoever gets room by that is offered what waits.

    `wanted` is what the agent said about the wrap-up, if he said anything.
    """
    held = conversation.status == "held" and conversation.consult_of is None
    agents = end(turn, conversation, by, code)
    if held and wrap_up.begin(turn, conversation, agents[0], code, wanted):
        del agents[0]
    fill_all(turn, agents)


def end(turn: Turn, conversation: Conversation, by: str, code: str | None) -> list[Agent]:
    """It ends, without any wrap-up, and with it what a colleague was asked about it. Who had it,
    and may have room now."""
    agents = cancel(turn, conversation)
    if conversation.agent is not None:
        agents.append(conversation.agent)
        if conversation.status == "dialling":
            name = conversation.agent.name
            turn.emit(DialEnded(conversation.id, name, "rescinded", turn.now))
    turn.emit(Closed(conversation.id, by, turn.now, code))
    if conversation.consult is not None:
        question = turn.workspace.conversations.get(conversation.consult)
        if question is not None:
            agents += end(turn, question, by, "over")
    return agents


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
    if wrap_up.wraps_up(found):
        return  # its end brings this back
    if due > at:
        arm(turn.state, max(due, at + 1), "forget", turn.workspace.name, conversation)
        return
    merged = [turn.workspace.conversations[name] for name in found.joined or ()]
    turn.emit(Forgotten(conversation))
    for other in merged:
        if forget_at(other) <= at:
            turn.emit(Forgotten(other.id))
