"""The agent's work after the end of a conversation: ask for it, put its end off, be done."""

from services.router.api import answered as out
from services.router.api.asked import Extension, WrapUpDone
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.render import moment
from shared.events.commands import AskWrapUp, EndWrapUp, ExtendWrapUp
from shared.rules import Rules
from shared.views.documents import Conversation


async def ask(call: Call) -> Said:
    """He will need one, whoever ends the conversation."""
    caller, name = call.caller, call.path["conversation"]
    command = AskWrapUp(workspace=caller.workspace, actor=caller.agent, conversation=name)
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))


async def extend(call: Call) -> Said:
    """He needs longer; how long that may be, the queue says."""
    body: Extension = call.body
    caller, name = call.caller, call.path["conversation"]
    command = ExtendWrapUp(
        workspace=caller.workspace, actor=caller.agent, conversation=name, seconds=body.seconds
    )
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))


async def end(call: Call) -> Said:
    """He is done with it."""
    body: WrapUpDone = call.body
    caller, name = call.caller, call.path["conversation"]
    command = EndWrapUp(
        workspace=caller.workspace, actor=caller.agent, conversation=name, code=body.code
    )
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))


def shown(rules: Rules, found: Conversation) -> out.WrapUpShown | None:
    """What this conversation's queue has for it, and where its wrap-up stands."""
    queue = rules.queues.get(found.queue or "")
    if queue is None or (queue.after_work.mode == "off" and not found.wraps_up):
        return None
    settings = queue.after_work
    return out.WrapUpShown(
        mode=settings.mode,
        codes=list(settings.codes),
        code_required=settings.wants_code,
        active=found.wraps_up,
        asked=found.wrap_up_asked,
        code=found.wrap_up_code,
        until=moment(found.wrap_up_until),
        until_at_most=moment(found.wrap_up_most),
    )
