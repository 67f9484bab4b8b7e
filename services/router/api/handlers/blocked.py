"""Senders whose messages open nothing: who, and for how long."""

from typing import Any

from services.router.api import answered as out
from services.router.api.asked import BlockedPage, BlockWhom, UnblockWhom
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.render import moment
from shared.cache import asked
from shared.clock import from_milliseconds
from shared.events.commands import BlockSender, UnblockSender
from shared.ids import sender_key
from shared.views.documents import BlockedSender
from shared.views.keys import Keys
from shared.views.read import documents


async def block(call: Call) -> Said:
    """What he sends opens nothing from now on; what nobody has taken yet is closed."""
    body: BlockWhom = call.body
    caller = call.caller
    subject = await _subject(call, body)
    command = BlockSender(
        workspace=caller.workspace,
        actor=caller.agent,
        subject=subject,
        until=body.until,
        reason=body.reason,
    )
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.BlockedSubject(subject=subject))


async def unblock(call: Call) -> Said:
    """He may write again."""
    body: UnblockWhom = call.body
    caller = call.caller
    command = UnblockSender(workspace=caller.workspace, actor=caller.agent, subject=body.subject)
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.BlockedSubject(subject=body.subject))


async def show(call: Call) -> Said:
    """Everybody who is blocked, the latest first."""
    page: BlockedPage = call.query
    workspace, redis = call.caller.workspace, call.parts.redis
    await call.parts.settle(workspace)
    keys = Keys(workspace)
    subjects: Any = await asked(redis.zrange(keys.all_blocked(), 0, page.limit - 1, desc=True))
    found = await documents(redis, [keys.blocked(one) for one in subjects], BlockedSender)
    rules = call.parts.workspace(workspace).rules.blocked
    return Said(
        out.BlockedSenders(
            senders=[_shown(one) for one in found if one is not None],
            rules=[rule.name for rule in rules],
        )
    )


async def _subject(call: Call, body: BlockWhom) -> str:
    """Raises Problem `not_found`."""
    workspace, parts = call.caller.workspace, call.parts
    channel, address = body.channel or "", body.address or ""
    if body.conversation is not None:
        found = (await parts.conversation(workspace, body.conversation)).answered_on()
        if not body.everywhere:
            return found.key
        channel, address = found.channel, found.address
    secret = parts.config.identity_key(workspace)
    return sender_key(secret, workspace, channel, address)


def _shown(found: BlockedSender) -> out.Blocked:
    return out.Blocked(
        subject=found.subject,
        by=found.by,
        since=from_milliseconds(found.at),
        until=moment(found.until),
        reason=found.reason,
        ignored=found.ignored,
        last_ignored_at=moment(found.last_at),
    )
