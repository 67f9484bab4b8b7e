"""What the handlers work with, and the questions all of them ask."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import jwt
from redis.asyncio import Redis

from services.router.api.attempts import Attempts
from services.router.api.caller import Caller
from services.router.api.commands import Commands
from services.router.api.leases import Leases
from services.router.api.oidc import OpenId
from services.router.api.problems import Problem
from services.router.api.tail import Tail
from services.router.api.tokens import Tokens, unauthenticated
from services.router.settings import ApiSettings
from shared.clock import Clock, milliseconds
from shared.config.models import Config, Workspace
from shared.log import Log, Partition, Sink
from shared.versions import RulesBook
from shared.views.documents import Conversation
from shared.views.read import conversation
from shared.views.settled import settled


@dataclass(frozen=True)
class Parts:
    """Everything a handler may use.

    `written` is how far this process has written `outbound`, `streams` how many each agent has open
    here, `book` knows the rules in force, `checking` bounds how many passwords are checked at once.
    """

    config: Config
    settings: ApiSettings
    log: Log
    sink: Sink
    redis: "Redis"
    clock: Clock
    shards: int
    tail: Tail
    commands: Commands
    tokens: Tokens
    openid: OpenId | None
    attempts: Attempts
    leases: Leases
    written: dict[tuple[str, Partition], int]
    streams: Counter[tuple[str, str]]
    book: RulesBook
    checking: asyncio.Semaphore
    stop: asyncio.Event

    def now_ms(self) -> int:
        """The wall clock in Unix milliseconds."""
        return milliseconds(self.clock.now())

    async def read_token(self, token: str) -> Caller:
        """Whom a bearer token proves: one of ours, or of the shop's identity provider.

        Raises Problem `unauthenticated` or `forbidden`.
        """
        try:
            ours = jwt.get_unverified_header(token).get("alg") == "HS256"
        except jwt.InvalidTokenError:
            raise unauthenticated("This is no token.") from None
        if ours or self.openid is None:
            return self.tokens.read(token)
        return await self.openid.read(token)

    def workspace(self, name: str) -> Workspace:
        """The configuration of a workspace that a token names, with the rules in force."""
        known = self.config.workspaces[name]
        return known.model_copy(update={"rules": self.book.rules(name)})

    async def settle(self, workspace: str, written: Partition | None = None) -> None:
        """Wait until the view shows what this process has seen, and written to that partition.

        Raises ViewBehind and CacheUnavailable.
        """
        wanted = self.tail.seen(workspace)
        if written is not None and (workspace, written) in self.written:
            wanted[written] = self.written[workspace, written]
        seconds = self.settings.view_seconds
        await settled(self.redis, self.clock, workspace, wanted, seconds)

    async def conversation(self, workspace: str, name: str) -> Conversation:
        """A conversation of this workspace as of now. Raises Problem `not_found`."""
        await self.settle(workspace)
        found = await conversation(self.redis, workspace, name)
        if found is None:
            raise Problem("not_found", "There is no such conversation in this workspace.")
        return found
