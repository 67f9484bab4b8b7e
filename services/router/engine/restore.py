"""From a snapshot's lines to a state, piece by piece, so that nobody has to wait for all of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.router.engine.configure import look_again
from services.router.engine.demand import requires_of
from services.router.engine.evolve_conversations import remind_to_forget
from services.router.engine.facts import Alert, Before, Blocked
from services.router.engine.hours import Turned, closed_queues, remind_to_turn
from services.router.engine.index import class_for, employ, enqueue, load, rebuild, seat
from services.router.engine.keeping import keep, kept_by
from services.router.engine.limits import remind_of_limit
from services.router.engine.lines import Line, name_of
from services.router.engine.overflow import donors, reopened
from services.router.engine.routes import Routing
from services.router.engine.shunning import remind
from services.router.engine.skills import SkillClass
from services.router.engine.snapshot import (
    AGENT_FIELDS,
    CONVERSATION_FIELDS,
    FORMAT,
    UNSETTLED,
    parse,
)
from services.router.engine.state import Agent, Conversation, Offer, State, Thread, Workspace
from services.router.engine.steps import resume_steps
from services.router.engine.threads import share
from services.router.engine.timers import Kind, arm
from services.router.engine.versions import Version, begin_trial
from shared.estimate import Pace
from shared.events.routing import Change
from shared.rules.stored import restore_rules


class UnknownSnapshot(ValueError):
    """The snapshot was written by a version we do not know how to read."""


def restore(text: str) -> State:
    """The state that `snapshot` wrote. Raises UnknownSnapshot."""
    restoring = Restoring()
    restoring.feed(text.split("\n"))
    state = restoring.finish()
    resume(state)
    return state


class Restoring:
    """A state in the making. Lines of agents and workspaces come before what refers to them."""

    def __init__(self) -> None:
        self._state = State()

    def feed(self, lines: Iterable[str]) -> None:
        """Take in some more lines. Raises UnknownSnapshot."""
        self.take(parse(lines))

    def take(self, arrays: Iterable[list[Any]]) -> None:
        """The same for who has parsed them. Raises UnknownSnapshot."""
        for name, *parts in arrays:
            _READERS[name](self._state, *parts)

    def finish(self) -> State:
        """The state, once all lines are in; `resume` it when all that came later is applied."""
        return self._state


def resume(state: State) -> None:
    """Go on with what was going on: where new rules are being applied, look at everything again."""
    for workspace in state.workspaces.values():
        reopened(workspace, state.now)
        resume_steps(state, workspace)
        if not workspace.settled:
            look_again(state, workspace)


def _unsettled(state: State, name: str) -> None:
    state.workspace(name).settled = False


def _shard(state: State, version: int, shard: int, now: int) -> None:
    if version != FORMAT:
        raise UnknownSnapshot(f"format {version}")
    state.shard, state.now, state.latest = shard, now, now


def _workspace(
    state: State,
    name: str,
    digest: str | None,
    version: int,
    numbers: int,
    ranks: int,
    recent: list[str],
    rules: Any,
    in_force: int,
    history: list[list[Any]],
    hours: dict[str, list[Any]],
) -> None:
    workspace = state.workspace(name)
    workspace.in_force = in_force
    workspace.history = [Version(digest, at, Change(*made)) for digest, at, made in history]
    workspace.digest, workspace.version = digest, version
    workspace.numbers, workspace.ranks = numbers, ranks
    workspace.recent.extend(recent)
    workspace.known.update(recent)
    workspace.rules = restore_rules(rules)
    workspace.routing = Routing(workspace.rules)
    workspace.hours = {name: Turned(*turned) for name, turned in hours.items()}
    for turning in workspace.hours:
        remind_to_turn(state, workspace, turning)
    workspace.closed = closed_queues(workspace)
    employ(workspace, workspace.rules)
    rebuild(workspace)


def _lines(state: State, name: str, paces: list[list[Any]]) -> None:
    workspace = state.workspace(name)
    for queue, channel, needs, *pace, said in paces:
        key = (queue, channel, None if needs is None else requires_of(needs))
        workspace.lines[key] = Line(name_of(key), Pace(*pace), said)


def _trial(state: State, name: str, number: int, percent: float, digest: str, rules: Any) -> None:
    made = Change(number, "trial", percent=percent)
    workspace = state.workspace(name)
    begin_trial(workspace, digest, restore_rules(rules), made)
    workspace.donors = donors(workspace)


def _blocked(state: State, name: str, subject: str, values: list[Any]) -> None:
    found = state.workspace(name).blocked[subject] = Blocked(*values)
    if found.until is not None:
        arm(state, found.until, "unblock", name, subject)


def _batch(state: State, name: str, until: int) -> None:
    state.workspace(name).batch_until = until
    arm(state, until, "batch", name, "")


def _donor(state: State, name: str, queue: str, answered: str) -> None:
    state.workspace(name).donors[queue].answered = int(answered, 16)


def _agent(state: State, name: str, values: list[Any], before: list[Any] | None) -> None:
    workspace = state.workspace(name)
    known = workspace.agents.get(values[0])
    agent = workspace.agents[values[0]] = known or Agent(values[0])
    for field, value in zip(AGENT_FIELDS, values, strict=True):
        setattr(agent, field, tuple(value) if isinstance(value, list) else value)
    agent.before = None if before is None else Before(before[0], before[1], tuple(before[2]))
    if agent.state == "offline" and agent.keeps_until:
        arm(state, agent.keeps_until, "grace", name, agent.name)
    if agent.ramp_until:
        arm(state, agent.ramp_until, "ramp", name, agent.name)
    if agent.profile is not None:
        agent.profile.count(agent, 1)
    seat(workspace, agent)


def _thread(
    state: State,
    name: str,
    key: str,
    recent: str,
    noted: str | None,
    alert: list[Any] | None,
    agent: str | None,
    told: int,
) -> None:
    workspace = state.workspace(name)
    thread = workspace.threads.get(key) or workspace.threads.setdefault(key, Thread())
    thread.recent, thread.noted, thread.agent = bytes.fromhex(recent), noted, agent
    thread.told = told
    if alert is not None:
        thread.alert = Alert(*alert)
        arm(state, thread.alert.until, "alert", name, key)


def _conversation(
    state: State,
    name: str,
    values: list[Any],
    attributes: Mapping[str, str],
    wanted: list[Any] | None,
    agent: str | None,
    offers: list[list[Any]],
    shunned: dict[str, int] | None,
    lasts: list[str],
) -> None:
    workspace = state.workspace(name)
    identity, key, number, channel, arrived = values[:5]
    known = share(workspace, attributes)
    conversation = Conversation(identity, key, number, channel, known, arrived)
    for field, value in zip(CONVERSATION_FIELDS, values, strict=False):
        setattr(conversation, field, value)
    conversation.shunned = shunned
    workspace.conversations[conversation.id] = conversation
    _link_threads(workspace, conversation, lasts)
    _link_agents(state, workspace, conversation, agent)
    _link_offers(state, workspace, conversation, offers)
    if wanted is not None:
        queue, requires, preferred, also, units, watch = wanted
        found = class_for(
            workspace,
            queue,
            conversation.channel,
            requires,
            preferred,
            also,
            units,
            watch and tuple(watch),
        )
        conversation.skill_class = found
        if conversation.status == "waiting":
            _wait_again(state, workspace, conversation, found)
        if conversation.status in ("waiting", "offered"):
            remind_of_limit(state, workspace, conversation)


def _wait_again(
    state: State, workspace: Workspace, conversation: Conversation, wanted: SkillClass
) -> None:
    conversation.status = "open"
    promise = kept_by(conversation)
    if promise is None:
        enqueue(workspace, conversation, wanted, (conversation.level, conversation.due))
    else:
        keep(state, workspace, conversation, promise)


def _link_threads(workspace: Workspace, conversation: Conversation, lasts: list[str]) -> None:
    """Its own thread, and those of what was merged into it, remember it."""
    for key in (conversation.key, *(conversation.joined or {}).values()):
        thread = workspace.threads.get(key) or workspace.threads.setdefault(key, Thread())
        thread.kept += 1
        if key in lasts:
            thread.last = conversation


def _link_agents(
    state: State, workspace: Workspace, conversation: Conversation, holder: str | None
) -> None:
    """Loads, exclusions and timers follow from what the conversation says."""
    if holder is not None:
        conversation.agent = workspace.agents[holder]
        load(conversation.agent, conversation)
    for agent, until in (conversation.shunned or {}).items():
        workspace.agents[agent].shunned[conversation.id] = until
        remind(state, workspace, conversation.id, until)
    if conversation.status == "waiting" and conversation.step_at:
        arm(state, conversation.step_at, "step", workspace.name, conversation.id)
    if conversation.callback_at:
        kind: Kind = "dial" if conversation.status == "dialling" else "callback"
        arm(state, conversation.callback_at, kind, workspace.name, conversation.id)
    if conversation.snoozed_until:
        arm(state, conversation.snoozed_until, "wake", workspace.name, conversation.id)
    if conversation.status == "closed":
        remind_to_forget(state, workspace, conversation)
        if holder is not None and conversation.wrap_up_until:
            arm(state, conversation.wrap_up_until, "wrap_up", workspace.name, conversation.id)


def _link_offers(
    state: State, workspace: Workspace, conversation: Conversation, offers: list[list[Any]]
) -> None:
    """Who is asked has it in his load; who accepted it may say so again."""
    if conversation.offer is not None and conversation.agent is not None:
        accepted = Offer(conversation.offer, conversation, conversation.agent)
        workspace.offers[accepted.id] = accepted
    for identity, name, expires_at, accepting in offers:
        offer = Offer(identity, conversation, workspace.agents[name], expires_at, accepting)
        workspace.offers[identity] = offer
        conversation.offers = [*(conversation.offers or ()), offer]
        load(offer.agent, conversation)
        arm(state, expires_at, "expire", workspace.name, identity)


_READERS: dict[str, Callable[..., None]] = {
    "shard": _shard,
    "workspace": _workspace,
    "lines": _lines,
    "trial": _trial,
    "batch": _batch,
    "donor": _donor,
    "blocked": _blocked,
    "agent": _agent,
    UNSETTLED: _unsettled,
    "conversation": _conversation,
    "thread": _thread,
}
