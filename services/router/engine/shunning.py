"""Who is kept from what after declining or missing it, and for how long.

Both sides know: the conversation which agents, the agent which conversations. Both lists are short,
so that whoever has to look past them does so in constant time; the one that ends first gives way.
"""

from heapq import heappush

from services.router.engine.capacity import takes
from services.router.engine.skills import SkillClass
from services.router.engine.state import Agent, Conversation, State, Workspace
from services.router.engine.timers import arm

FOREVER = 1 << 53
"""Until then nobody is asked what he has asked himself."""

MOST = 16
"""How many agents a conversation, and how many conversations an agent, is kept from at once."""


def shun(
    state: State,
    workspace: Workspace,
    conversation: Conversation,
    agent: Agent,
    until: int,
    at: int,
) -> None:
    """Keep the agent from the conversation until then, if that is later than `at`."""
    if until <= at:
        return
    _forget_ended(workspace, conversation, agent, at)
    if conversation.shunned is None:
        conversation.shunned = {}
    conversation.shunned[agent.name] = until
    agent.shunned[conversation.id] = until
    if len(conversation.shunned) > MOST:
        pardon(workspace, conversation, _ends_first(conversation.shunned))
    if len(agent.shunned) > MOST:
        other = workspace.conversations[_ends_first(agent.shunned)]
        pardon(workspace, other, agent.name)
    remind(state, workspace, conversation.id, until)


def remind(state: State, workspace: Workspace, conversation: str, until: int) -> None:
    """Make sure that the conversation is looked at again then."""
    if until >= FOREVER:
        return
    heappush(workspace.lapses, (until, conversation))
    arm(state, until, "lapse", workspace.name, conversation)


def forgive(workspace: Workspace, conversation: Conversation) -> None:
    """Nobody is kept from it any more."""
    for name in tuple(conversation.shunned or ()):
        pardon(workspace, conversation, name)
    conversation.shunned = None


def dismiss(workspace: Workspace, agent: Agent) -> None:
    """The agent is gone for good: nothing remembers him."""
    for conversation in tuple(agent.shunned):
        pardon(workspace, workspace.conversations[conversation], agent.name)
    del workspace.agents[agent.name]


def kept_from(workspace: Workspace, conversation: Conversation, agent: Agent, now: int) -> bool:
    """Must he not be offered it now? Never, while no other able agent at work could take it, except
    for what he asked himself."""
    shunned = conversation.shunned
    if not shunned or shunned.get(agent.name, 0) <= now:
        return False
    if shunned[agent.name] >= FOREVER:
        return True
    return conversation.skill_class is not None and _another(
        workspace, conversation.skill_class, shunned, now
    )


def _another(workspace: Workspace, wanted: SkillClass, shunned: dict[str, int], now: int) -> bool:
    """Is an able agent at work who is not kept from it?"""
    kept = sum(
        until > now and _at_work(workspace.agents.get(name), wanted)
        for name, until in shunned.items()
    )
    for profile in wanted.profiles:
        kept -= profile.at_work(wanted.channel)
        if kept < 0:
            return True
    return False


def _at_work(agent: Agent | None, wanted: SkillClass) -> bool:
    return (
        agent is not None
        and takes(agent, wanted.channel)
        and agent.profile is not None
        and wanted.number in agent.profile.numbers
    )


def _forget_ended(workspace: Workspace, conversation: Conversation, agent: Agent, at: int) -> None:
    for name, until in tuple((conversation.shunned or {}).items()):
        if until <= at:
            pardon(workspace, conversation, name)
    for other, until in tuple(agent.shunned.items()):
        if until <= at:
            pardon(workspace, workspace.conversations[other], agent.name)


def pardon(workspace: Workspace, conversation: Conversation, name: str) -> None:
    """This agent is not kept from it any more."""
    if conversation.shunned is not None:
        conversation.shunned.pop(name, None)
        if not conversation.shunned:
            conversation.shunned = None
    agent = workspace.agents.get(name)
    if agent is not None:
        agent.shunned.pop(conversation.id, None)


def _ends_first(shunned: dict[str, int]) -> str:
    return min(shunned, key=lambda name: (shunned[name], name))
