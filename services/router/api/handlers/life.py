"""What becomes of a conversation between its beginning and its end."""

from services.router.api import answered as out
from services.router.api.asked import SnoozeFor, TransferTo
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from shared.events.commands import Snooze, Transfer, Wake
from shared.events.routing import Decision, Warned


async def transfer(call: Call) -> Said:
    """To a queue, an agent or skills; the customer keeps his place by age."""
    body: TransferTo = call.body
    caller, name = call.caller, call.path["conversation"]
    decision = await call.parts.commands.ask(
        Transfer(
            workspace=caller.workspace,
            actor=caller.agent,
            conversation=name,
            queue=body.queue,
            to_agent=body.agent,
            skills=body.skills,
            note=body.note,
        ),
        correlation(call),
    )
    return Said(out.Transferred(conversation=name, warnings=warnings(decision)))


async def snooze(call: Call) -> Said:
    """It sleeps until then, or until the customer writes."""
    body: SnoozeFor = call.body
    caller, name = call.caller, call.path["conversation"]
    command = Snooze(
        workspace=caller.workspace, actor=caller.agent, conversation=name, until=body.until
    )
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))


async def wake(call: Call) -> Said:
    """Its agent goes on with it."""
    caller, name = call.caller, call.path["conversation"]
    command = Wake(workspace=caller.workspace, actor=caller.agent, conversation=name)
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))


def warnings(decision: Decision) -> list[str]:
    """What the engine did, but has doubts about."""
    return [event.detail for event in decision.events if isinstance(event, Warned)]
