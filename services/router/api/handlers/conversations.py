"""One conversation: the document, where it goes, and how it ends."""

from services.router.api import answered as out
from services.router.api.asked import Closing
from services.router.api.handlers.me import correlation
from services.router.api.handlers.wrap_up import shown
from services.router.api.operations import Call, Said
from services.router.api.render import alert, conversation
from services.router.api.replying import Situation, may_write
from shared.channels.registry import CHANNELS
from shared.events.commands import Close
from shared.views.documents import Alerted, Contact, Sent
from shared.views.keys import Keys
from shared.views.read import document
from shared.views.waits import standing_of


async def situation(call: Call) -> Situation:
    """Everything that is known about writing to the customer. Raises Problem `not_found`."""
    caller, parts = call.caller, call.parts
    known_as = await parts.conversation(caller.workspace, call.path["conversation"])
    found = known_as.answered_on()
    keys, known = Keys(caller.workspace), parts.workspace(caller.workspace)
    return Situation(
        conversation=found,
        contact=await document(parts.redis, keys.contact(found.key), Contact),
        limits=CHANNELS[found.channel].limits,
        account=known.channels.get(found.account),
        templates=known.templates,
        now=parts.clock.now(),
    )


async def show(call: Call) -> Said:
    """The document, with what the caller may send."""
    found = await situation(call)
    refusal = may_write(found, call.caller.agent)
    now = call.parts.now_ms()
    workspace = call.caller.workspace
    standing = await standing_of(call.parts.redis, workspace, found.conversation, now)
    rules = call.parts.workspace(workspace).rules
    alert_shown, wrap_up = await _alert(call, found), shown(rules, found.conversation)
    caller = call.caller.agent
    return Said(conversation(found, refusal, alert_shown, standing, wrap_up, caller))


async def _alert(call: Call, found: Situation) -> out.AlertShown | None:
    """What we told this customer by ourselves, where his conversation carries it."""
    if "alert_id" not in found.conversation.attributes:
        return None
    keys, redis = Keys(call.caller.workspace), call.parts.redis
    named = await document(redis, keys.alerted(found.conversation.key), Alerted)
    return alert(await document(redis, keys.message(named.message), Sent)) if named else None


async def close(call: Call) -> Said:
    """It is over; wrap-up begins where the queue has one."""
    body: Closing = call.body
    caller, name = call.caller, call.path["conversation"]
    command = Close(
        workspace=caller.workspace,
        actor=caller.agent,
        conversation=name,
        code=body.code,
        seen=body.seen,
        wrap_up=body.wrap_up,
    )
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))
