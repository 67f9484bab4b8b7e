"""The agent himself: his presence, what he is offered, what he holds."""

from services.router.api import answered as out
from services.router.api.asked import PresenceChange
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from services.router.api.render import moment, summary
from shared.clock import from_milliseconds
from shared.events.commands import SetPresence
from shared.events.routing import PresenceChanged
from shared.ids import derived_id, new_id
from shared.views.documents import Agent, Conversation, Work
from shared.views.keys import Keys
from shared.views.read import document, documents


def correlation(call: Call) -> str:
    """The id of the command that this request becomes: the same for a repetition."""
    if call.key is None:
        return new_id("cmd")
    return derived_id("cmd", call.caller.workspace, call.caller.agent, call.key)


async def presence(call: Call) -> Said:
    """As the view shows it, once it shows what this process knows."""
    caller, parts = call.caller, call.parts
    await parts.settle(caller.workspace)
    agent = await _agent(call)
    session = await parts.leases.session(caller.workspace, caller.agent)
    return Said(
        out.Presence(
            agent=agent.id,
            state=agent.state,
            reason=agent.reason,
            channels=agent.channels,
            keeps_until=moment(agent.keeps_until),
            since=moment(agent.since or None),
            connected=session is not None,
        )
    )


async def set_presence(call: Call) -> Said:
    """Only whoever listens can be available: work would be offered to nobody."""
    wanted: PresenceChange = call.body
    caller, parts = call.caller, call.parts
    session = await parts.leases.session(caller.workspace, caller.agent)
    if session is None and wanted.state in ("available", "busy", "draining"):
        raise Problem("no_stream", "You cannot take work without an open event stream.")
    decision = await parts.commands.ask(
        SetPresence(
            workspace=caller.workspace,
            actor=caller.agent,
            agent=caller.agent,
            state=wanted.state,
            reason=wanted.reason,
            session=session,
            channels=wanted.channels,
        ),
        correlation(call),
    )
    changed = next((e for e in decision.events if isinstance(e, PresenceChanged)), None)
    return Said(
        out.Presence(
            agent=caller.agent,
            state=wanted.state,
            reason=wanted.reason,
            channels=sorted(set(wanted.channels)),
            keeps_until=moment(changed.until if changed is not None else None),
            since=from_milliseconds(decision.at),
            connected=session is not None,
        )
    )


async def offers(call: Call) -> Said:
    """Everything that waits for this agent's answer."""
    works = await _work(call, "offered")
    found = [
        out.OpenOffer(
            id=work.offer,
            state="accepting" if work.accepting else "pending",
            made_at=from_milliseconds(work.since),
            expires_at=from_milliseconds(work.until or work.since),
            conversation=summary(conversation),
        )
        for work, conversation in works
        if work.offer is not None
    ]
    return Said(out.Offers(offers=found))


async def conversations(call: Call) -> Said:
    """What he holds, and what he has not done with yet."""
    held, wrapping_up = await _work(call, "held"), await _work(call, "wrap_up")
    return Said(
        out.Conversations(
            held=[summary(conversation) for _, conversation in held],
            wrapping_up=[summary(conversation) for _, conversation in wrapping_up],
        )
    )


async def _agent(call: Call) -> Agent:
    key = Keys(call.caller.workspace).agent(call.caller.agent)
    found = await document(call.parts.redis, key, Agent)
    return found or Agent(id=call.caller.agent)


async def _work(call: Call, phase: str) -> list[tuple[Work, Conversation]]:
    """The agent's work of one phase, oldest first."""
    await call.parts.settle(call.caller.workspace)
    agent = await _agent(call)
    works = sorted(
        (work for work in agent.work.values() if work.phase == phase), key=lambda work: work.since
    )
    keys = Keys(call.caller.workspace)
    names = [keys.conversation(work.conversation) for work in works]
    found = await documents(call.parts.redis, names, Conversation)
    return [(work, one) for work, one in zip(works, found, strict=True) if one is not None]
