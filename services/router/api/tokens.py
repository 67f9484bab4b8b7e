"""Our own session tokens: JWT (RFC 7519) signed with HS256, and two live secrets."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from pydantic import SecretStr

from services.router.api.caller import Caller, Role
from services.router.api.problems import Problem
from shared.clock import Clock
from shared.config.models import Config
from shared.ids import new_id
from shared.versions import RulesBook

ISSUER = "patchbay"
AUDIENCE = "patchbay-api"
_ALGORITHM = "HS256"
_REMEMBERED = 10_000


class Tokens:
    """Issues with the newest secret and believes all live ones, so that they can be rotated."""

    def __init__(self, config: Config, clock: Clock, book: RulesBook) -> None:
        self._config = config
        self._book = book
        self._clock = clock
        # A token comes with every request, and to check it costs as much as to answer.
        self._claims = lru_cache(_REMEMBERED)(self._proven)

    def issue(self, workspace: str, agent: str, role: Role) -> tuple[str, Caller]:
        """A token for this agent, and whom it proves."""
        issued = self._clock.now()
        expires = issued + timedelta(minutes=self._config.api.token_minutes)
        caller = Caller(workspace, agent, role, int(expires.timestamp()))
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": agent,
            "workspace": workspace,
            "role": role,
            "iat": int(issued.timestamp()),
            "exp": caller.expires_at,
            "jti": new_id("tok"),
        }
        return jwt.encode(claims, _text(self._config.api.token_secret[0]), _ALGORITHM), caller

    def read(self, token: str) -> Caller:
        """Whom a token proves. Raises Problem `unauthenticated`, saying why."""
        claims = self._claims(token)
        workspace, agent = str(claims["workspace"]), str(claims["sub"])
        role = role_of(self._book, workspace, agent)
        if role is None:
            raise unauthenticated("The agent of this token is no longer configured.")
        expires = int(claims["exp"])
        if expires <= self._clock.now().timestamp():
            raise unauthenticated("The token has expired.")
        return Caller(workspace, agent, role, expires)

    def _proven(self, token: str) -> dict[str, Any]:
        for secret in self._config.api.token_secret:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    _text(secret),
                    algorithms=[_ALGORITHM],
                    audience=AUDIENCE,
                    issuer=ISSUER,
                    options={
                        "require": ["exp", "sub", "workspace"],
                        "verify_exp": False,  # by our Clock
                        "verify_iat": False,
                        "verify_nbf": False,
                    },
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.InvalidTokenError:
                raise unauthenticated("The token is not one of ours.") from None
            return claims
        raise unauthenticated("The token is not one of ours.")


def role_of(book: RulesBook, workspace: str, agent: str) -> Role | None:
    """The role that the rules in force give an agent; None when they know no such agent."""
    rules = book.rules(workspace)
    known = rules.agents.get(agent) if rules is not None else None
    return known.role if known is not None else None


def unauthenticated(detail: str) -> Problem:
    """401 as RFC 6750 wants it."""
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})


def _text(secret: SecretStr) -> str:
    return secret.get_secret_value()
