"""Queues, agents, waits, and why a conversation is where it is."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.router.api import answered_overview as out
from services.router.api.answered import ExpectedWait
from services.router.api.handlers.figures import level_now, recent_levels
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from services.router.api.reasons import room
from services.router.api.render import expected, moment, summary
from shared.cache import asked
from shared.clock import from_milliseconds
from shared.config.models import Workspace
from shared.rules import Agent as Configured
from shared.rules import Rules
from shared.views.documents import Agent, Conversation, Outlook
from shared.views.keys import Keys
from shared.views.read import agents as read_agents
from shared.views.read import documents
from shared.views.waits import calibration, published_waits, rest_of


async def queues(call: Call) -> Said:
    """Every queue, as the view shows it now."""
    known = call.parts.workspace(call.caller.workspace)
    channels = _channels(known)
    present = {agent.id: agent for agent in await _agents(call)}
    pipe: Any = call.parts.redis.pipeline(transaction=False)
    keys = Keys(call.caller.workspace)
    for name in known.rules.queues:
        pipe.zcard(keys.due(name))
        pipe.zcard(keys.offered(name))
        pipe.zrange(keys.since(name), 0, 0, withscores=True)
        pipe.get(keys.outlook(name))
        for channel in channels:
            pipe.zcard(keys.standing(name, channel))
    answers = iter(await asked(pipe.execute()))
    levels = await recent_levels(call)
    now = call.parts.now_ms()
    found = []
    for name, queue in known.rules.queues.items():
        depth, offered, oldest = next(answers), next(answers), next(answers)
        outlook = Outlook.model_validate_json(next(answers) or "{}")
        standing = {channel: next(answers) for channel in channels}
        is_open, turns_at = _hours(known.rules, name, now)
        found.append(
            out.Queue(
                name=name,
                title=queue.title,
                depth=depth,
                offered=offered,
                oldest_wait_seconds=max(0.0, (now - oldest[0][1]) / 1000) if oldest else None,
                open=is_open,
                turns_at=moment(turns_at),
                expected=_expected(outlook, standing, now),
                estimates=_estimates(outlook),
                agents=_count(known, name, present),
                service_level=level_now(queue, levels.get(name)),
            )
        )
    return Said(out.Queues(as_of=call.parts.clock.now(), queues=found))


def _channels(known: Workspace) -> list[str]:
    return sorted({account.channel for account in known.channels.values()})


def _hours(rules: Rules, queue: str, now: int) -> tuple[bool, int | None]:
    """Is the queue open, and when does that change?"""
    hours = rules.hours.get(rules.queues[queue].hours or "")
    return (True, None) if hours is None else (hours.is_open(now), hours.next_change(now))


def _expected(outlook: Outlook, standing: Mapping[str, int], now: int) -> dict[str, ExpectedWait]:
    rests = {ch: rest_of(outlook, ch, waiting + 1, now) for ch, waiting in standing.items()}
    return {channel: expected(rest) for channel, rest in rests.items() if rest is not None}


def _estimates(outlook: Outlook) -> dict[str, out.EstimatesKept]:
    return {
        channel: out.EstimatesKept(**asdict(calibration(verdicts)))
        for channel, verdicts in sorted(outlook.verdicts.items())
    }


async def queue_content(call: Call) -> Said:
    """What waits in one queue."""
    workspace, name, page = call.caller.workspace, call.path["queue"], call.query
    if name not in call.parts.workspace(workspace).rules.queues:
        raise Problem("not_found", f"There is no queue {name!r}.")
    keys, redis = Keys(workspace), call.parts.redis
    ids = await asked(redis.zrange(keys.due(name), page.skip, page.skip + page.limit - 1))
    found = await documents(redis, [keys.conversation(one) for one in ids], Conversation)
    return Said(
        out.QueueContent(
            queue=name,
            depth=await asked(redis.zcard(keys.due(name))),
            conversations=[summary(one) for one in found if one is not None],
        )
    )


async def agents(call: Call) -> Said:
    """Every configured agent and his work."""
    rules = call.parts.workspace(call.caller.workspace).rules
    present = {agent.id: agent for agent in await _agents(call)}
    found = [
        _agent(name, configured, present.get(name) or Agent(id=name))
        for name, configured in sorted(rules.agents.items())
    ]
    return Said(out.Agents(as_of=call.parts.clock.now(), agents=found))


async def wait_times(call: Call) -> Said:
    """What anybody may know: how long customers wait on each channel."""
    name = call.path["workspace"]
    known = call.parts.config.workspaces.get(name)
    if known is None:
        raise Problem("not_found", "There is no such workspace.")
    rules = call.parts.workspace(name).rules
    now, channels = call.parts.now_ms(), _channels(known)
    found = await published_waits(call.parts.redis, name, channels, rules.queues, now)
    waits = out.WaitTimes(
        workspace=name,
        as_of=call.parts.clock.now(),
        channels={
            channel: out.ChannelWait(
                waiting=wait.waiting,
                longest_seconds=wait.longest,
                typical_seconds=wait.typical,
                answers=wait.answers,
                expected={queue: expected(rest) for queue, rest in wait.queues.items()},
            )
            for channel, wait in found.items()
        },
    )
    return Said(waits, headers={"Cache-Control": "public, max-age=5"})


async def _agents(call: Call) -> list[Agent]:
    return await read_agents(call.parts.redis, call.caller.workspace)


def _agent(name: str, configured: Configured, agent: Agent) -> out.AgentOut:
    return out.AgentOut(
        name=name,
        title=configured.title,
        role=configured.role,
        queues=list(configured.queues),
        state=agent.state,
        reason=agent.reason,
        channels=agent.channels,
        keeps_until=moment(agent.keeps_until),
        since=moment(agent.since or None),
        load=len(agent.work),
        work=[
            out.WorkItem(
                conversation=work.conversation,
                channel=work.channel,
                phase="accepting" if work.accepting else work.phase,
                since=from_milliseconds(work.since),
                until=moment(work.until),
            )
            for work in sorted(agent.work.values(), key=lambda work: work.since)
        ],
    )


def _count(known: Workspace, queue: str, present: dict[str, Agent]) -> out.QueueAgents:
    """Each of the queue's agents once: away, busy, or with room on some channel."""
    channels = {account.channel for account in known.channels.values()}
    counts = {"available": 0, "busy": 0, "away": 0}
    for name, configured in known.rules.agents.items():
        if queue not in configured.queues:
            continue
        agent = present.get(name)
        if agent is None or agent.state in ("away", "offline"):
            counts["away"] += 1
        elif any(
            agent.takes(channel) and room(known.rules, configured, agent, channel)
            for channel in channels
        ):
            counts["available"] += 1
        else:
            counts["busy"] += 1
    return out.QueueAgents(**counts)
