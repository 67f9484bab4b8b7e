"""Take an offer, or let it go to somebody else."""

from services.router.api import answered as out
from services.router.api.asked import Decline
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from shared.clock import from_milliseconds
from shared.events import routing as was
from shared.events.commands import AcceptOffer, BeginAccept, DeclineOffer
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


async def begin(call: Call) -> Said:
    """Said again it answers the same, for as long as the offer lasts."""
    caller, offer = call.caller, call.path["offer"]
    command = BeginAccept(workspace=caller.workspace, actor=caller.agent, offer=offer)
    decision = await _ask(call, command)
    for event in decision.events:
        if isinstance(event, was.Accepting):
            return _accepting(offer, event.conversation, event.expires_at)
    offered = await _offered(call)
    if offered is not None:
        key = Keys(caller.workspace).conversation(offered.conversation)
        found = await document(call.parts.redis, key, Conversation)
        for one in found.offers if found is not None else ():
            if one.id == offer and one.accepting_at is not None:
                return _accepting(offer, offered.conversation, one.expires_at)
    raise Problem("gone", "This offer has ended.")


def _accepting(offer: str, conversation: str, expires_at: int) -> Said:
    until = from_milliseconds(expires_at)
    return Said(out.Accepting(offer=offer, conversation=conversation, expires_at=until))


async def decline(call: Call) -> Said:
    """The conversation goes on to somebody else."""
    caller, body = call.caller, call.body
    assert isinstance(body, Decline)
    offer = call.path["offer"]
    await _ask(
        call,
        DeclineOffer(
            workspace=caller.workspace,
            actor=caller.agent,
            offer=offer,
            reason=body.reason,
            retry_after=body.retry_after,
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
