"""Keeping the fast structures true: who waits in which class, who sits on which bench.

Called by `evolve` and by a restore only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.router.engine import lines
from services.router.engine.capacity import (
    at_work,
    give_back,
    is_free,
    limits,
    most,
    take,
    terms,
)
from services.router.engine.demand import demand, requires_of
from services.router.engine.front import Front
from services.router.engine.keeping import let_go
from services.router.engine.linking import connect, kind_for
from services.router.engine.ordering import by_due, rested
from services.router.engine.overflow import donors
from services.router.engine.shunning import dismiss
from services.router.engine.skills import Abilities, Place, Profile, SkillClass
from services.router.engine.state import Agent, Conversation, Workspace
from shared.rules import Agent as AgentRules
from shared.rules import Rules


def class_for(
    workspace: Workspace,
    queue: str,
    channel: str,
    requires: Mapping[str, Any],
    preferred: Sequence[Mapping[str, Any]] = (),
    also: Sequence[str] = (),
    units: int = 1,
    watch: tuple[str, int] | None = None,
) -> SkillClass:
    """The one skill class with these demands, made when they are first seen."""
    if not preferred and not also:
        known = (queue, channel, requires_of(requires), (), (), units, watch)
        common = workspace.classes.get(known)  # type: ignore[call-overload]  # equals a Demand
        if common is not None:
            return common  # type: ignore[no-any-return]
    asked = demand(queue, channel, requires, preferred, also, units, watch)
    found = workspace.classes.get(asked)
    if found is None:
        kind = kind_for(workspace, queue, channel, units)
        found = workspace.classes[asked] = SkillClass(len(workspace.classes), asked, kind)
        found.closed = queue in workspace.closed
        found.lines = lines.lines_of(workspace, queue, channel, asked.requires)
        connect(workspace, found)
    return found


def enqueue(
    workspace: Workspace, conversation: Conversation, wanted: SkillClass, turn: tuple[int, int]
) -> None:
    """The conversation waits in this class from now on; its turn is (level, due)."""
    level, due = turn
    stays = (
        conversation.placed == due
        and conversation.level == level
        and conversation.skill_class is wanted
    )
    conversation.skill_class = wanted
    conversation.level, conversation.due = turn
    conversation.status = "waiting"
    wanted.waiting += 1
    lines.joined(wanted, level, due)
    if not stays:
        conversation.placed = due
        wanted.add(Place(level, due, conversation.number, conversation))
    if conversation.shunned:
        workspace.declined[conversation.id] = conversation
    else:
        wanted.plain += 1
    if workspace.donors and wanted.queue in workspace.donors:
        workspace.donors[wanted.queue].joined(conversation)
    if not wanted.closed:
        workspace.front.joined(wanted, (level, due, conversation.number))


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
    lines.left(left, conversation.level, conversation.due)
    if workspace.declined.pop(conversation.id, None) is None:
        left.plain -= 1
    workspace.front.left(left, by_due(conversation))


def seat(_workspace: Workspace, agent: Agent) -> None:
    """Put an agent at work on the bench of every kind of work that he takes and has room for."""
    if agent.profile is None or not at_work(agent):
        return
    seated = agent.seated
    for kind, bench in agent.profile.benches.items():
        if kind not in seated:
            if is_free(agent, kind.channel, kind.units):
                bench.add(agent)
                kind.front.joined(bench, seated[kind][:2])
        elif kind.falling and bench.moved(agent):
            kind.front.joined(bench, seated[kind][:2])


def take_seats(workspace: Workspace) -> None:
    """Whoever has got room and has it still is on his benches from now on."""
    standing, workspace.standing = workspace.standing, []
    for agent in standing:
        seat(workspace, agent)


def rest(workspace: Workspace, agent: Agent, at: int) -> None:
    """His idle time starts anew, and with it his place on every bench."""
    rested(workspace, agent, at)
    left_seats(agent)


def left_seats(agent: Agent) -> None:
    """He is not any more where his seats say."""
    if agent.profile is not None and agent.seated:
        for kind, bench in agent.profile.benches.items():
            seat = agent.seated.get(kind)
            if seat is not None:
                kind.front.left(bench, seat[:2])


def load(agent: Agent, conversation: Conversation) -> None:
    """The conversation takes its part of the agent's capacity."""
    take(agent, conversation)
    agent.work[conversation.id] = conversation


def unload(workspace: Workspace, agent: Agent, conversation: Conversation) -> None:
    """It gives its part back. He takes his seat when somebody looks for one: mostly he has the next
    conversation by then."""
    conversation.paused = False
    del agent.work[conversation.id]
    give_back(agent, conversation)
    workspace.standing.append(agent)


def pause(workspace: Workspace, conversation: Conversation) -> None:
    """It rests in the agent's hands: it weighs less, and he may have room for something else."""
    agent = conversation.agent
    assert agent is not None
    conversation.paused = True
    agent.paused[conversation.id] = conversation
    seat(workspace, agent)


def wake(workspace: Workspace, conversation: Conversation) -> None:
    """It weighs again what it did, also where that is more than the agent has room for. For work
    that goes over it he has more room than before: the reserve for it is free."""
    agent = conversation.agent
    assert agent is not None
    conversation.paused = False
    agent.paused.pop(conversation.id, None)
    seat(workspace, agent)


def shut(workspace: Workspace, closed: frozenset[str]) -> None:
    """From now on nobody is offered what waits in these queues; in all others, somebody is."""
    workspace.closed = closed
    for wanted in workspace.classes.values():
        opens = wanted.closed and wanted.queue not in closed
        wanted.closed = wanted.queue in closed
        if opens and wanted.waiting and wanted.demand.watch is not None:
            workspace.deserted.append(wanted)
        workspace.front.moved(wanted)


def rebuild(workspace: Workspace) -> None:
    """Make profiles, benches and classes anew, after the rules changed. O(all of the workspace)."""
    workspace.profiles = {}
    workspace.serving = {}
    workspace.kinds = {}
    workspace.front = Front()
    for agent in workspace.agents.values():
        _join_profile(workspace, agent)
    _rebuild_classes(workspace)
    workspace.donors = donors(workspace)
    for agent in workspace.agents.values():
        seat(workspace, agent)


def employ(workspace: Workspace, rules: Rules) -> None:
    """Take over who the agents are. Whoever is gone keeps what he holds until it is taken away."""
    for name, agent_rules in rules.agents.items():
        agent = workspace.agents.setdefault(name, Agent(name))
        agent.rules = agent_rules
        agent.limits = limits(rules, agent_rules)
        agent.most = most(agent_rules)
        agent.terms = terms(rules, agent_rules)
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
        asked = wanted.demand
        wanted.number = number
        wanted.kind = kind_for(workspace, asked.queue, asked.channel, asked.units)
        wanted.clear()
        wanted.closed = asked.queue in workspace.closed
        connect(workspace, wanted)
        workspace.front.joined(wanted, wanted.first())


def waiting_conversations(workspace: Workspace) -> list[Conversation]:
    """Everything that waits, due first. O(n log n): for new rules and recovery only."""
    waits = [c for c in workspace.conversations.values() if c.status == "waiting"]
    return sorted(waits, key=by_due)
