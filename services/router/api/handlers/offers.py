"""Take an offer, or let it go to somebody else."""

from services.router.api import answered as out
from services.router.api.asked import Decline
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from shared.events.commands import AcceptOffer, DeclineOffer
from shared.events.commands import Command as AnyCommand
from shared.events.routing import Assigned, Decision
from shared.views.documents import Conversation, Reference
from shared.views.keys import Keys
from shared.views.read import document


async def accept(call: Call) -> Said:
    """The record decides who was first; he who comes too late is told so."""
    caller, offer = call.caller, call.path["offer"]
    command = AcceptOffer(workspace=caller.workspace, actor=caller.agent, offer=offer)
    decision = await _ask(call, command)
    for event in decision.events:
        if isinstance(event, Assigned):
            return Said(out.Accepted(offer=offer, conversation=event.conversation))
    return Said(out.Accepted(offer=offer, conversation=await _held(call)))


async def decline(call: Call) -> Said:
    """The conversation goes on to somebody else."""
    caller, body = call.caller, call.body
    assert isinstance(body, Decline)
    offer = call.path["offer"]
    await _ask(
        call,
        DeclineOffer(
            workspace=caller.workspace, actor=caller.agent, offer=offer, reason=body.reason
        ),
    )
    return Said(out.Declined(offer=offer))


async def _ask(call: Call, command: AnyCommand) -> Decision:
    """To the engine an offer that never was and one that is over look alike: the view knows."""
    try:
        return await call.parts.commands.ask(command, correlation(call))
    except Problem as problem:
        if problem.code == "gone" and await _offered(call) is None:
            raise Problem("not_found", "There is no such offer in this workspace.") from None
        raise


async def _offered(call: Call) -> Reference | None:
    """Which conversation was offered."""
    await call.parts.settle(call.caller.workspace)
    key = Keys(call.caller.workspace).offer(call.path["offer"])
    return await document(call.parts.redis, key, Reference)


async def _held(call: Call) -> str:
    """A second accept changes nothing, whatever became of the first: the view says what did."""
    caller, offered = call.caller, await _offered(call)
    if offered is not None:
        key = Keys(caller.workspace).conversation(offered.conversation)
        found = await document(call.parts.redis, key, Conversation)
        if found is not None and found.agent == caller.agent:
            return offered.conversation
    raise Problem("gone", "This offer has ended.")
