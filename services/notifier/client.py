"""Calls to providers over HTTP: bounded in time and size, and honest about what a failure means.

We call only the `base_url` of a configured account; nothing a customer or an agent wrote is ever
fetched from here, attachments travel as links. Redirects are not followed: they would carry
credentials to another host.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar

import aiohttp
from yarl import URL

from shared.channels import HttpReply, HttpRequest
from shared.errors import PatchbayError
from shared.events.outbound import OutcomeKind


class NotSent(PatchbayError):
    """The provider certainly did not get the request; `kind` says what to make of it."""

    code, retryable = "not_sent", True

    def __init__(self, kind: OutcomeKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class AnswerLost(PatchbayError):
    """The request may have been carried out: the connection broke, or no answer came in time."""

    code: ClassVar[str] = "answer_lost"
    certain: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of one call. Times in seconds; `body_bytes` is the longest answer that is read.

    `connections` is per account, so that a provider that hangs fills its own account's pool only.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 30.0
    body_bytes: int = 262_144
    connections: int = 16


class Client:
    """One connection pool per channel account, made at its first call."""

    def __init__(self, limits: CallLimits, stack: AsyncExitStack) -> None:
        self._limits = limits
        self._stack = stack
        self._sessions: dict[tuple[str, str], aiohttp.ClientSession] = {}

    async def call(self, channel: str, account: str, request: HttpRequest) -> HttpReply:
        """The provider's answer, whatever its status. Raises NotSent or AnswerLost."""
        session = await self._session(channel, account)
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=dict(request.headers),
                data=request.body or None,
                allow_redirects=False,
            ) as response:
                body = await self._body(response)
                return HttpReply(response.status, _lower(response.headers), body)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise NotSent("misconfigured", "The account's base_url is no web address.") from error
        except aiohttp.ClientSSLError as error:
            raise NotSent("misconfigured", "The provider's certificate is not trusted.") from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent("retry", "The provider cannot be reached.") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AnswerLost(type(error).__name__) from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """Raises AnswerLost when the answer is longer than allowed."""
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._limits.body_bytes:
                raise AnswerLost("the answer is too long")
        return bytes(body)

    async def _session(self, channel: str, account: str) -> aiohttp.ClientSession:
        known = self._sessions.get((channel, account))
        if known is not None:
            return known
        limits = self._limits
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limits.connections, keepalive_timeout=10),
            timeout=aiohttp.ClientTimeout(
                total=limits.total, connect=limits.connect, sock_read=limits.read
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "patchbay"},
            trust_env=False,
        )
        self._sessions[channel, account] = session
        await self._stack.enter_async_context(session)
        return session


@asynccontextmanager
async def open_client(limits: CallLimits) -> AsyncIterator[Client]:
    """A client whose connections are closed at the end."""
    async with AsyncExitStack() as stack:
        yield Client(limits, stack)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
