"""What the view says keeps an agent from a conversation, and what that waits for. Pure.

The view does not know everything that the engine compares: who is idle longest, or whether a queue
keeps its target. `patchbay explain` tells it all, from the record.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from services.router.engine.obstacles import Obstacle
from services.router.engine.prospects import Next, in_words
from shared.rules import Agent as Configured
from shared.rules import Queue, Rules
from shared.rules.needs import canonical, missing
from shared.views.documents import FOREVER, Agent, Conversation, Hours, Turned, Why

_HOUR_MS = 3_600_000
_WHOLE = 100
_OPEN = Turned(open=True)

Hindrance = tuple[Obstacle, str] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """One conversation, the rules in force, how hours stand, all agents, and now (Unix
    milliseconds)."""

    found: Conversation
    rules: Rules
    hours: Hours
    agents: Mapping[str, Agent]
    now: int

    @property
    def placed(self) -> Why:
        """Why it is in its queue."""
        return self.found.placed or Why(requires=self.found.requires)

    def turned(self) -> Turned:
        """How the hours of its queue stand; without hours it is always open."""
        queue = self.rules.queues.get(self.found.queue or "") or Queue()
        if queue.hours is None or queue.after_hours.work_off:
            return _OPEN
        return self.hours.standing.get(queue.hours, _OPEN)


def serves(scene: Scene, configured: Configured) -> bool:
    """Is it in one of his queues, or in one that his helps out?"""
    return not {scene.found.queue, *scene.placed.also}.isdisjoint(configured.queues)


def hindrance(scene: Scene, name: str, configured: Configured, agent: Agent) -> Hindrance:
    """What keeps him from it, the nearest to his nature first; None: nothing that is shown."""
    if scene.found.kept_for == name:
        return _presence(scene, agent) or _room(scene, configured, agent)
    looks: tuple[Callable[[], Hindrance], ...] = (
        lambda: _nature(scene, configured),
        lambda: _presence(scene, agent),
        lambda: _history(scene, name),
        lambda: _room(scene, configured, agent),
        lambda: _promise(scene, name),
        lambda: _helping(scene, configured),
    )
    found = (look() for look in looks)
    return next((one for one in found if one is not None), None)


def room(rules: Rules, configured: Configured, agent: Agent, channel: str, units: int = 1) -> bool:
    """Whether his capacity leaves a place for one more conversation of this channel and weight:
    paused work counts in part, what this channel interrupts not at all, the reserve stays free."""
    load, most = _load(rules, configured, agent, channel)
    over, share = rules.capacity.interrupts.get(channel, ()), rules.capacity.paused_percent
    busy = owed = 0
    for work in agent.work.values():
        part = share if work.paused else _WHOLE
        owed += (_WHOLE - part) * work.units
        busy += 0 if work.channel in over else part * work.units
    kept = min(owed, configured.reserve * _WHOLE)
    total = configured.total
    enough = total is None or busy + kept + units * _WHOLE <= total * _WHOLE
    return enough and load + _WHOLE <= most * _WHOLE


def prospects(scene: Scene) -> list[Next]:
    """What it waits for, soonest first; what comes by other things at the end."""
    found = scene.found
    told: list[Next] = []
    if found.state in ("open", "dialling"):
        told += _owed(found)
    elif found.state == "waiting":
        told += _waiting(scene)
    elif found.state == "offered":
        open_offers = [offer for offer in found.offers if offer.how is None]
        told += [Next("an_answer", offer.expires_at, offer.agent) for offer in open_offers]
    elif found.state == "held" and found.snoozed_until:
        told.append(Next("wakes", found.snoozed_until))
    elif found.state == "closed":
        told += _closed(scene)
    return sorted(told, key=lambda one: (one.at is None, one.at or 0, one.what))


def _owed(found: Conversation) -> Iterator[Next]:
    """A call of ours: the next one, or the one under way."""
    if found.state == "dialling":
        yield Next("customer_answers", found.callback_at, found.kept_free or "")
    elif found.callback_at is not None:
        yield Next("called_again", found.callback_at)


def _nature(scene: Scene, configured: Configured) -> Hindrance:
    lacking = missing(configured.skills, canonical(scene.placed.requires, {}))
    if lacking:
        return "lacks_skill", ", ".join(lacking)
    channel = scene.found.channel
    limits = {**scene.rules.default_capacity, **configured.capacity}
    return ("not_on_this_channel", channel) if limits.get(channel, 1) == 0 else None


def _presence(scene: Scene, agent: Agent) -> Hindrance:
    if agent.state == "offline":
        if agent.lost and (agent.keeps_until or 0) > scene.now:
            return "lease_lost", str(agent.keeps_until)
        return "not_signed_in", ""
    if agent.state == "away":
        return "away", agent.reason or ""
    if agent.state == "draining":
        return "draining", ""
    return None if agent.takes(scene.found.channel) else ("busy", ", ".join(agent.channels))


def _history(scene: Scene, name: str) -> Hindrance:
    if any(offer.agent == name and offer.how is None for offer in scene.found.offers):
        return "asked_already", ""
    until = scene.found.shunned.get(name, 0)
    if until >= FOREVER:
        return "asks_himself", ""
    if until > scene.now and any(_instead(scene, other) for other in scene.rules.agents):
        return "declined_recently", str(until)
    return None


def _instead(scene: Scene, name: str) -> bool:
    """Is he there, able, and not kept from it? Then who declined it may be left alone."""
    configured, agent = scene.rules.agents[name], scene.agents.get(name)
    return (
        agent is not None
        and scene.found.queue in configured.queues
        and agent.takes(scene.found.channel)
        and scene.found.shunned.get(name, 0) <= scene.now
        and _nature(scene, configured) is None
    )


def _room(scene: Scene, configured: Configured, agent: Agent) -> Hindrance:
    channel = scene.found.channel
    if room(scene.rules, configured, agent, channel, scene.placed.units):
        return None
    load, most = _load(scene.rules, configured, agent, channel)
    return "at_capacity", f"{load / _WHOLE:g} of {most} on {channel}"


def _promise(scene: Scene, name: str) -> Hindrance:
    kept = scene.found.kept_for
    if kept is not None and kept != name:
        return "kept_for_another", kept
    return None if scene.turned().open else ("queue_closed", scene.found.queue or "")


def _helping(scene: Scene, configured: Configured) -> Hindrance:
    """Nothing else keeps him from what waits: then his own queue needs him."""
    if scene.found.state != "waiting" or scene.found.queue in configured.queues:
        return None
    own = [queue for queue in scene.placed.also if queue in configured.queues]
    return "donor_below_target", ", ".join(own)


def _load(rules: Rules, configured: Configured, agent: Agent, channel: str) -> tuple[int, int]:
    """Hundredths of his conversations on this channel, and how many there may be."""
    most = {**rules.default_capacity, **configured.capacity}.get(channel, 1)
    share = rules.capacity.paused_percent
    mine = [work for work in agent.work.values() if work.channel == channel]
    return sum(share if work.paused else _WHOLE for work in mine), most


def _waiting(scene: Scene) -> Iterator[Next]:
    found, turned = scene.found, scene.turned()
    if found.kept_for is not None:
        yield Next("kept_for", found.kept_until, found.kept_for)
    if turned.open:
        yield Next("an_agent")
    else:
        yield Next("queue_opens", turned.until, found.queue or "")
    lapses = [(until, name) for name, until in found.shunned.items() if until > scene.now]
    if lapses and min(lapses)[0] < FOREVER:
        yield Next("decline_lapses", *min(lapses))
    yield from _steps(scene)
    yield from _limits(scene, turned)


def _steps(scene: Scene) -> Iterator[Next]:
    placed = scene.placed
    route = next((one for one in scene.rules.routes if one.name == placed.route), None)
    steps = () if route is None else route.steps
    for number, step in enumerate(steps[placed.step :], start=placed.step + 1):
        first = number == placed.step + 1
        at = placed.step_at if first and step.after_seconds is not None else None
        yield Next("route_step", at or None, in_words(number, step))


def _limits(scene: Scene, turned: Turned) -> Iterator[Next]:
    """The next maximum wait, counted from when it came into its queue."""
    queue = scene.rules.queues.get(scene.found.queue or "") or Queue()
    since = scene.found.waiting_since
    for limit in queue.max_wait if turned.open and since is not None else ():
        at = (since or 0) + limit.after_ms
        if at > scene.now:
            yield Next("max_wait", at, limit.do)
            return


def _closed(scene: Scene) -> Iterator[Next]:
    found = scene.found
    if found.wrap_up_until is not None:
        yield Next("wrap_up_ends", found.wrap_up_until)
    window = scene.rules.thread_window_hours.get(found.channel, 0)
    until = (found.closed_at or 0) + round(window * _HOUR_MS)
    if until > scene.now:
        yield Next("reopens_until", until)
