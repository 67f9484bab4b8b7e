"""Sign in, and get a ticket for a stream."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import orjson
import structlog

from services.router.api import answered as out
from services.router.api.asked import SignIn
from services.router.api.caller import Caller, Role
from services.router.api.operations import Call, Said
from services.router.api.tokens import role_of, unauthenticated
from shared.cache import asked
from shared.ids import new_id
from shared.passwords import matches
from shared.views.keys import Keys

_LOG = structlog.get_logger(__name__)
_TICKET_SECONDS = 30


async def sign_in(call: Call) -> Said:
    """Check the password and issue a token."""
    asked_for: SignIn = call.body
    parts = call.parts
    await parts.attempts.count(asked_for.workspace, asked_for.agent, call.address)
    role = await _role(call, asked_for)
    if role is None:
        _LOG.info("sign_in_refused", known=asked_for.workspace in parts.config.workspaces)
        raise unauthenticated("Workspace, agent and password do not belong together.")
    await parts.attempts.forget(asked_for.workspace, asked_for.agent)
    token, caller = parts.tokens.issue(asked_for.workspace, asked_for.agent, role)
    return Said(
        out.Session(
            token=token,
            expires_at=datetime.fromtimestamp(caller.expires_at, UTC),
            workspace=caller.workspace,
            agent=caller.agent,
            role=caller.role,
        ),
        201,
    )


async def _role(call: Call, given: SignIn) -> Role | None:
    """The agent's role, when the password is right.

    For a name that nobody has, somebody else's password is checked: it takes as long.
    """
    config = call.parts.config
    known = config.workspaces.get(given.workspace)
    person = known.people.get(given.agent) if known is not None else None
    anybody = (one for workspace in config.workspaces.values() for one in workspace.people.values())
    checked = person or next(anybody, None)
    if checked is None:
        return None
    async with call.parts.checking:
        stored = checked.password_hash.get_secret_value()
        right = await asyncio.to_thread(_matches, given.password, stored)
    return role_of(call.parts.book, given.workspace, given.agent) if right and person else None


def _matches(password: str, stored: str) -> bool:
    try:
        return matches(password, stored)
    except ValueError:
        _LOG.error("password_hash_unreadable", hint="print one with `patchbay hash-password`")
        return False


async def stream_ticket(call: Call) -> Said:
    """Something to open a stream with, for clients that cannot send headers."""
    ticket, stored = new_id("tkt"), orjson.dumps(asdict(call.caller)).decode()
    await asked(call.parts.redis.set(Keys("*").ticket(ticket), stored, ex=_TICKET_SECONDS))
    expires = call.parts.clock.now() + timedelta(seconds=_TICKET_SECONDS)
    return Said(out.StreamTicket(ticket=ticket, expires_at=expires), 201)


async def redeem(call: Call, ticket: str) -> Caller:
    """Whom a ticket stands for; it is used up. Raises Problem `unauthenticated`."""
    found = await asked(call.parts.redis.getdel(Keys("*").ticket(ticket)))
    if found is None:
        raise unauthenticated("The ticket has been used, or is too old.")
    return Caller(**orjson.loads(found))
