"""Keeping the fast structures true: who waits in which class, who sits on which bench.

Called by `evolve` and by a restore only.
"""

from collections.abc import Mapping

from services.router.engine.capacity import at_work, give_back, is_free, limits, most, take
from services.router.engine.front import EMPTY, Front
from services.router.engine.keeping import let_go
from services.router.engine.ordering import by_due, rested
from services.router.engine.shunning import dismiss
from services.router.engine.skills import Abilities, Bench, Place, Profile, SkillClass, link
from services.router.engine.state import Agent, Conversation, Workspace
from shared.rules import Agent as AgentRules
from shared.rules import Rules


def class_for(
    workspace: Workspace, queue: str, channel: str, requires: Mapping[str, int]
) -> SkillClass:
    """The one skill class with these demands, made when they are first seen."""
    key = (queue, channel, tuple(sorted(requires.items())))
    found = workspace.classes.get(key)
    if found is None:
        found = workspace.classes[key] = SkillClass(len(workspace.classes), *key)
        found.closed = queue in workspace.closed
        _connect(workspace, found)
    return found


def enqueue(workspace: Workspace, conversation: Conversation, wanted: SkillClass, due: int) -> None:
    """The conversation waits in this class from now on."""
    stays = conversation.placed == due and conversation.skill_class is wanted
    conversation.skill_class = wanted
    conversation.due = due
    conversation.status = "waiting"
    wanted.waiting += 1
    if not stays:
        conversation.placed = due
        wanted.add(Place(due, conversation.number, conversation))
    if conversation.shunned:
        workspace.declined[conversation.id] = conversation
    else:
        wanted.plain += 1
    if not wanted.closed:
        workspace.front.joined(wanted, (due, conversation.number))


def dequeue(workspace: Workspace, conversation: Conversation) -> None:
    """It no longer waits. Does nothing if it did not."""
    if conversation.status != "waiting" or conversation.skill_class is None:
        return
    left = conversation.skill_class
    conversation.status = "open"
    if conversation.kept_for is not None:
        let_go(workspace, conversation)
        return
    left.waiting -= 1
    if workspace.declined.pop(conversation.id, None) is None:
        left.plain -= 1
    workspace.front.left(left, (conversation.due, conversation.number))


def seat(workspace: Workspace, agent: Agent) -> None:
    """Put an agent at work on the bench of every channel that he takes and has room on."""
    if agent.profile is None or not at_work(agent):
        return
    for channel, bench in agent.profile.benches.items():
        if channel not in agent.seated and is_free(agent, channel):
            bench.add(agent)
            workspace.benches[channel].joined(bench, (agent.rank, 0))


def rest(workspace: Workspace, agent: Agent, at: int) -> None:
    """His idle time starts anew, and with it his place on every bench."""
    before = agent.rank
    rested(workspace, agent, at)
    left_seats(workspace, agent, before)


def left_seats(workspace: Workspace, agent: Agent, rank: int) -> None:
    """He is not any more where this rank put him."""
    if agent.profile is not None:
        for channel, bench in agent.profile.benches.items():
            workspace.benches[channel].left(bench, (rank, 0))


def load(agent: Agent, conversation: Conversation) -> None:
    """The conversation takes a unit of the agent's capacity."""
    take(agent, conversation.channel)
    agent.work[conversation.id] = conversation
    conversation.agent = agent


def unload(workspace: Workspace, conversation: Conversation) -> None:
    """It gives its unit back to the agent who has it."""
    agent = conversation.agent
    assert agent is not None
    conversation.agent = None
    del agent.work[conversation.id]
    give_back(agent, conversation.channel)
    seat(workspace, agent)


def shut(workspace: Workspace, closed: frozenset[str]) -> None:
    """From now on nobody is offered what waits in these queues; in all others, somebody is."""
    workspace.closed = closed
    for wanted in workspace.classes.values():
        wanted.closed = wanted.queue in closed
        workspace.front.moved(wanted)


def rebuild(workspace: Workspace) -> None:
    """Make profiles, benches and classes anew, after the rules changed. O(all of the workspace)."""
    workspace.profiles = {}
    workspace.serving = {}
    workspace.benches = {}
    workspace.front = Front()
    for agent in workspace.agents.values():
        _join_profile(workspace, agent)
    _rebuild_classes(workspace)
    for agent in workspace.agents.values():
        seat(workspace, agent)


def employ(workspace: Workspace, rules: Rules) -> None:
    """Take over who the agents are. Whoever is gone keeps what he holds until it is taken away."""
    for name, agent_rules in rules.agents.items():
        agent = workspace.agents.setdefault(name, Agent(name))
        agent.rules = agent_rules
        agent.limits = limits(rules, agent_rules)
        agent.most = most(agent_rules)
    for name in workspace.agents.keys() - rules.agents.keys():
        agent = workspace.agents[name]
        agent.rules = None
        if idle_stranger(agent):
            dismiss(workspace, agent)


def idle_stranger(agent: Agent) -> bool:
    """Is he unknown to the rules, gone, and without anything in hand?"""
    return agent.rules is None and agent.state == "offline" and not agent.work


def _join_profile(workspace: Workspace, agent: Agent) -> None:
    agent.profile = None
    agent.seated.clear()
    if agent.rules is None:
        return
    abilities = _abilities(agent.rules, agent.limits)
    profile = workspace.profiles.get(abilities)
    if profile is None:
        profile = Profile(len(workspace.profiles), abilities, dict(abilities.skills))
        workspace.profiles[abilities] = profile
        for queue in abilities.queues:
            workspace.serving.setdefault(queue, []).append(profile)
    agent.profile = profile
    profile.members.append(agent)
    profile.count(agent, 1)


def _abilities(rules: AgentRules, channels: Mapping[str, int]) -> Abilities:
    return Abilities(
        frozenset(rules.queues),
        tuple(sorted(rules.skills.items())),
        frozenset(channel for channel, units in channels.items() if units == 0),
    )


def _rebuild_classes(workspace: Workspace) -> None:
    """Keep the classes something waits in; the others come back when they are asked for."""
    kept = {key: wanted for key, wanted in workspace.classes.items() if wanted.waiting}
    workspace.classes = kept
    for number, wanted in enumerate(kept.values()):
        wanted.number = number
        wanted.profiles = []
        wanted.fits = set()
        wanted.benches = []
        wanted.bound = EMPTY
        wanted.closed = wanted.queue in workspace.closed
        _connect(workspace, wanted)
        workspace.front.joined(wanted, wanted.first())


def _connect(workspace: Workspace, wanted: SkillClass) -> None:
    link(wanted, workspace.serving.get(wanted.queue, ()))
    front = workspace.benches.setdefault(wanted.channel, Front())
    for profile in wanted.profiles:
        bench = profile.benches.get(wanted.channel)
        if bench is None:
            bench = profile.benches[wanted.channel] = _bench(profile, wanted.channel)
            front.joined(bench, bench.first())
        wanted.benches.append(bench)


def _bench(profile: Profile, channel: str) -> Bench:
    bench = Bench(profile.number, channel)
    for agent in profile.members:
        if is_free(agent, channel):
            bench.add(agent)
    return bench


def waiting_conversations(workspace: Workspace) -> list[Conversation]:
    """Everything that waits, due first. O(n log n): for new rules and recovery only."""
    waits = [c for c in workspace.conversations.values() if c.status == "waiting"]
    return sorted(waits, key=by_due)
