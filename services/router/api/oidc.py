"""Tokens of the shop's own identity provider (OpenID Connect Core 1.0, RFC 7517, RFC 9068)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, get_args

import aiohttp
import jwt
import structlog

from services.router.api.caller import Caller, Role
from services.router.api.problems import Problem
from services.router.api.tokens import role_of, unauthenticated
from shared.clock import Clock
from shared.config.models import Config, OpenIdConnect
from shared.versions import RulesBook

_LOG = structlog.get_logger(__name__)
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_LEEWAY_SECONDS = 30
_FRESH_SECONDS = 3600.0
_AT_MOST_EVERY_SECONDS = 30.0
_FETCH_SECONDS = 5.0
_MOST_BYTES = 262_144
_ROLES: tuple[Role, ...] = get_args(Role)

Fetch = Callable[[], Awaitable[bytes]]


class KeySet:
    """The issuer's keys by id, fetched again hourly, and when an unknown one turns up."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key of this id, if the issuer has it. Raises Problem `unavailable`."""
        async with self._lock:
            if self._older_than(_FRESH_SECONDS) or (
                key_id not in self._keys and self._older_than(_AT_MOST_EVERY_SECONDS)
            ):
                await self._refresh()
        if not self._keys:
            raise Problem("unavailable", "The keys of the identity provider cannot be read.")
        return self._keys.get(key_id)

    def _older_than(self, seconds: float) -> bool:
        return self._asked_at is None or self._clock.monotonic() - self._asked_at > seconds

    async def _refresh(self) -> None:
        self._asked_at = self._clock.monotonic()
        try:
            found = jwt.PyJWKSet.from_json((await self._fetch()).decode())
        except (OSError, aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError) as error:
            _LOG.error("identity_provider_keys_unreadable", reason=type(error).__name__)
            return
        self._keys = {key.key_id: key for key in found.keys if key.key_id is not None}


def fetcher(keys: str) -> Fetch:
    """Reads a JWKS file, or fetches one from an https (or loopback) address."""
    if not keys.startswith(("https://", "http://")):
        return lambda: asyncio.to_thread(Path(keys).read_bytes)

    async def fetch() -> bytes:
        limit = aiohttp.ClientTimeout(total=_FETCH_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(keys, allow_redirects=False, raise_for_status=True) as answer,
        ):
            return await answer.content.read(_MOST_BYTES)

    return fetch


class OpenId:
    """Reads tokens of one issuer."""

    def __init__(
        self,
        settings: OpenIdConnect,
        config: Config,
        keys: KeySet,
        clock: Clock,
        book: RulesBook,
    ) -> None:
        self._book = book
        self._settings = settings
        self._config = config
        self._keys = keys
        self._clock = clock

    async def read(self, token: str) -> Caller:
        """Whom a token proves. Raises Problem `unauthenticated` or `forbidden`, saying why."""
        claims = await self._claims(token)
        now = self._clock.now().timestamp()
        if float(claims["exp"]) + _LEEWAY_SECONDS <= now:
            raise unauthenticated("The token has expired.")
        if float(claims.get("nbf", 0)) - _LEEWAY_SECONDS > now:
            raise unauthenticated("The token is not valid yet.")
        return self._caller(claims)

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            key_id = str(jwt.get_unverified_header(token).get("kid", ""))
            key = await self._keys.key(key_id)
            if key is None:
                raise unauthenticated("The token is signed with a key the issuer does not have.")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=_ALGORITHMS,
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                options={
                    "require": ["exp", "sub"],
                    "verify_exp": False,  # by our Clock
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError):  # a key of another type is a TypeError
            raise unauthenticated("The token does not prove who you are here.") from None
        return claims

    def _caller(self, claims: dict[str, Any]) -> Caller:
        workspace = self._workspace(claims)
        expires = int(claims["exp"])
        role = claims.get(self._settings.role_claim)
        if role == "service":
            return Caller(workspace, f"service:{claims['sub']}", "service", expires)
        agent = str(claims.get(self._settings.agent_claim, ""))
        configured = role_of(self._book, workspace, agent)
        if configured is None:
            raise Problem(
                "forbidden",
                f"The claim {self._settings.agent_claim} names no agent of {workspace}.",
            )
        return Caller(workspace, agent, role if role in _ROLES else configured, expires)

    def _workspace(self, claims: dict[str, Any]) -> str:
        name, known = self._settings.workspace_claim, self._config.workspaces
        workspace = claims.get(name, next(iter(known)) if len(known) == 1 else None)
        if not isinstance(workspace, str) or workspace not in known:
            raise Problem("forbidden", f"The claim {name} names no workspace that is served here.")
        return workspace
