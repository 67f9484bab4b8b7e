"""An agent gives what he holds to a queue, to a colleague, or to whoever has certain skills.

It keeps its age. Who gave it away comes last for it.
"""

from services.router.engine.acting import NOBODY, UNKNOWN, problem_of
from services.router.engine.capacity import UNLISTED
from services.router.engine.keeping import Keep, keep_for
from services.router.engine.placing import fill, place_one, queue
from services.router.engine.routes import Placement
from services.router.engine.state import Agent, Conversation
from services.router.engine.turn import Turn
from services.router.engine.versions import routing_for
from shared.events.commands import Consult, Transfer
from shared.events.routing import Refused, Released, Warned

_NO_QUEUE = Refused("invalid", "No such queue.")
_NO_AGENT = Refused("invalid", "No such agent.")
_NO_SKILL = Refused("invalid", "No such skill.")
_NOWHERE = Refused("invalid", "Say which queue, agent or skills it shall go to.")
_QUESTION = Refused("conflict", "A question of a colleague's is returned, not given away.")
_HIS_ALREADY = Refused("conflict", "This agent holds it already.")


def transfer(turn: Turn, command: Transfer) -> None:
    """Back to waiting, where a person said; kept for the agent who was named, if he is there."""
    found = turn.workspace.conversations.get(command.conversation)
    problem = problem_of(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    if found.status != "held" or found.agent is None:
        return turn.refuse(NOBODY)
    if found.consult_of is not None:
        return turn.refuse(_QUESTION)
    wrong = wrong_target(turn, command, found)
    if wrong is not None:
        return turn.refuse(wrong)
    giver = found.agent
    turn.emit(Released(found.id, giver.name, turn.now, "transferred", command.note))
    promise = promise_of(turn, command, found)
    queue(turn, found, place_for(turn, command, found, found.queue), "transferred", promise)
    warn(turn, command, found, promise)
    place_one(turn, found, skip=giver)
    return fill(turn, giver)


def wrong_target(turn: Turn, command: Transfer | Consult, found: Conversation) -> Refused | None:
    """Why it cannot go there; None if it can."""
    rules = turn.workspace.rules
    if command.queue is None and command.to_agent is None and not command.skills:
        return _NOWHERE
    if command.queue is not None and command.queue not in rules.queues:
        return _NO_QUEUE
    if any(skill not in rules.skills for skill in command.skills):
        return _NO_SKILL
    if command.to_agent is None:
        return None
    if command.to_agent not in rules.agents:
        return _NO_AGENT
    holder = found.agent
    return _HIS_ALREADY if holder is not None and holder.name == command.to_agent else None


def place_for(turn: Turn, command: Transfer | Consult, found: Conversation, here: str) -> Placement:
    """The queue that was named; else `here`, where it was, or a queue of the agent's. Of a queue
    that is no more the routes say what comes instead."""
    target = command.queue or here
    agent = turn.workspace.rules.agents.get(command.to_agent or "")
    if command.queue is None and agent is not None and target not in agent.queues:
        target = next(iter(agent.queues), target)
    routing = routing_for(turn.workspace, found)
    if target not in turn.workspace.rules.queues:
        target = routing.place(found.channel, found.attributes).queue
    place = routing.place_in(target, found.channel, found.attributes, found.priority)
    if not command.skills:
        return place
    return place._replace(requires=command.skills, asked=command.skills)


def promise_of(turn: Turn, command: Transfer | Consult, found: Conversation) -> Keep | None:
    """For the agent who was named, if he is there."""
    seconds = turn.workspace.rules.keep.transferred_seconds
    agent = turn.workspace.agents.get(command.to_agent or "")
    if agent is not None and _never(agent, found.channel):
        return None
    return keep_for(turn.workspace, command.to_agent, turn.now, seconds)


def warn(
    turn: Turn, command: Transfer | Consult, found: Conversation, promise: Keep | None
) -> None:
    """It was done, but perhaps not what was meant: say so."""
    agent = turn.workspace.agents.get(command.to_agent or "")
    if agent is not None and _never(agent, found.channel):
        detail = f"This agent takes nothing on {found.channel}."
        return turn.emit(Warned(found.id, "never", detail))
    if agent is not None and promise is None:
        detail = "This agent is not available: it waits for whoever can take it."
        turn.emit(Warned(found.id, "not_there", detail))
    wanted = found.skill_class
    if wanted is not None and not wanted.profiles:
        return turn.emit(Warned(found.id, "nobody_able", "No agent could ever take it there."))
    return None


def _never(agent: Agent, channel: str) -> bool:
    return agent.limits.get(channel, UNLISTED) == 0
