"""Why a conversation is where it is, and why an agent was asked."""

from collections import Counter
from collections.abc import Sequence

from services.router.api import answered_why as out
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from services.router.api.reasons import Scene, hindrance, prospects, room, serves
from services.router.api.render import moment, turn_moment
from services.router.engine.obstacles import NEAREST_FIRST
from services.router.engine.scores import in_words, named
from shared.cache import asked
from shared.clock import from_milliseconds
from shared.rules.needs import canonical, satisfied
from shared.views.documents import (
    Agent,
    Conversation,
    Hours,
    Offer,
    Reference,
    SystemEntry,
    Why,
    entry_of,
)
from shared.views.keys import Keys
from shared.views.read import agents as read_agents
from shared.views.read import document

_MOST_CANDIDATES = 10
_MOST_DECISIONS = 100
_MOST_ENTRIES = 400


async def explain(call: Call) -> Said:
    """Every decision about it with its reason, who could take it as things stand, what comes."""
    caller, parts = call.caller, call.parts
    found = await parts.conversation(caller.workspace, call.path["conversation"])
    keys = Keys(caller.workspace)
    rules = parts.workspace(caller.workspace).rules
    hours = await document(parts.redis, keys.hours(), Hours) or Hours()
    present = {agent.id: agent for agent in await read_agents(parts.redis, caller.workspace)}
    scene = Scene(found, rules, hours, present, parts.now_ms())
    candidates = _candidates(scene)
    placed, queue = scene.placed, rules.queues.get(found.queue or "")
    return Said(
        out.Explanation(
            conversation=found.id,
            state=found.state,
            agent=found.agent,
            rules=placed.rules or None,
            route=found.route,
            step=placed.step,
            queue=found.queue,
            also=placed.also,
            priority=found.priority,
            requires=found.requires,
            preferred=placed.preferred,
            units=placed.units,
            pick=None if queue is None else queue.pick,
            attributes=found.attributes,
            queued_as=found.why,
            arrived_at=moment(found.arrived_at),
            due_at=turn_moment(found.due),
            place=await _place(call, found),
            asked=[_asked(offer) for offer in found.offers],
            candidates=candidates[:_MOST_CANDIDATES],
            obstacles=dict(Counter(one.obstacle or "none" for one in candidates)),
            waits_for=_waits_for(scene),
            history=await _history(call, found),
        )
    )


async def _place(call: Call, found: Conversation) -> int | None:
    """Where it stands in its queue, from 1; None while it does not wait."""
    if found.queue is None:
        return None
    due = Keys(call.caller.workspace).due(found.queue)
    before = await asked(call.parts.redis.zrank(due, found.id))
    return None if before is None else before + 1


def _waits_for(scene: Scene) -> list[out.Next]:
    return [
        out.Next(what=one.what, at=moment(one.at), detail=one.detail) for one in prospects(scene)
    ]


async def why_me(call: Call) -> Said:
    """Why an agent was offered a conversation: how he was chosen, and what it is."""
    caller, parts, name = call.caller, call.parts, call.path["offer"]
    await parts.settle(caller.workspace)
    keys, redis = Keys(caller.workspace), parts.redis
    about = await document(redis, keys.offer(name), Reference)
    found = None
    if about is not None:
        found = await document(redis, keys.conversation(about.conversation), Conversation)
    offer = next((one for one in found.offers if one.id == name), None) if found else None
    if found is None or offer is None:
        raise Problem("not_found", "There is no such offer in this workspace (any more).")
    if offer.agent != caller.agent and not caller.leads:
        raise Problem("forbidden", "This offer was made to another agent.")
    why, since = offer.why or Why(), offer.waited_since
    compared = _compared(why)
    return Said(
        out.OfferWhy(
            offer=offer.id,
            conversation=found.id,
            agent=offer.agent,
            made_at=from_milliseconds(offer.at),
            how=offer.how or "open",
            sentence=in_words(why.chosen, why.score),
            chosen=why.chosen,
            compared=compared,
            rules=why.rules,
            route=why.route,
            step=why.step,
            queue=offer.queue,
            helps_out=any(one.what == "helps_out" and one.value for one in compared),
            priority=why.priority,
            requires=why.requires,
            preferred=why.preferred,
            due_at=turn_moment(why.due),
            waited_seconds=None if since is None else max(0, offer.at - since) / 1000,
        )
    )


def _candidates(scene: Scene) -> list[out.Candidate]:
    """Everybody who could come into question, nearest to taking it first."""
    channel, units = scene.found.channel, scene.placed.units
    needed = canonical(scene.placed.requires, {})
    found = []
    for name, configured in sorted(scene.rules.agents.items()):
        if not serves(scene, configured):
            continue
        agent = scene.agents.get(name) or Agent(id=name)
        obstacle, detail = hindrance(scene, name, configured, agent) or (None, "")
        found.append(
            out.Candidate(
                agent=name,
                has_skills=satisfied(needed, configured.skills),
                state=agent.state,
                has_room=room(scene.rules, configured, agent, channel, units),
                helps_out=scene.found.queue not in configured.queues,
                obstacle=obstacle,
                detail=detail,
            )
        )
    return sorted(found, key=lambda one: NEAREST_FIRST.index(one.obstacle))


async def _history(call: Call, found: Conversation) -> list[out.Decided]:
    """The latest decisions about it, oldest first."""
    key = Keys(call.caller.workspace).timeline(found.id)
    stored: Sequence[tuple[str, float]] = await asked(
        call.parts.redis.zrange(key, 0, _MOST_ENTRIES - 1, desc=True, withscores=True)
    )
    told = [(entry_of(member), int(at)) for member, at in stored]
    decided = [(entry, at) for entry, at in told if isinstance(entry, SystemEntry)]
    return [_decided(entry, at) for entry, at in reversed(decided[:_MOST_DECISIONS])]


def _decided(entry: SystemEntry, at: int) -> out.Decided:
    why, queued = entry.why, entry.why is not None and not entry.why.chosen
    placed = why if queued else None
    return out.Decided(
        id=entry.id,
        at=from_milliseconds(at),
        event=entry.event,
        agent=entry.agent,
        queue=entry.queue,
        how=entry.how,
        reason=entry.reason,
        other=entry.other,
        rules=(placed and placed.rules) or None,
        route=placed and placed.route,
        step=placed and placed.step,
        priority=placed and placed.priority,
        due_at=turn_moment(placed.due) if placed else None,
        requires=placed and placed.requires,
        preferred=placed and placed.preferred,
        also=placed and placed.also,
        units=placed and placed.units,
        chosen=why.chosen or None if why else None,
        compared=_compared(why) if why else [],
    )


def _compared(why: Why) -> list[out.Compared]:
    return [out.Compared(what=what, value=value) for what, value in named(why.chosen, why.score)]


def _asked(offer: Offer) -> out.Asked:
    return out.Asked(
        offer=offer.id,
        agent=offer.agent,
        at=from_milliseconds(offer.at),
        how=offer.how or "open",
        reason=offer.reason,
    )
