from datetime import UTC, datetime

import pytest

from services.router.api.problems import Problem
from services.router.api.tokens import Tokens
from shared.channels.account import ResolvedSecret
from shared.clock import ManualClock
from shared.config.models import Config
from shared.versions import RulesBook

MINUTES = 30


def _config(*secrets: str) -> Config:
    rules = {"queues": {"care": {}}, "agents": {"ana": {"queues": ["care"]}}}
    return Config.model_validate(
        {
            "api": {
                "token_secret": [ResolvedSecret(secret) for secret in secrets],
                "token_minutes": MINUTES,
            },
            "workspaces": {"shop": {"identity_key": ResolvedSecret("key"), "rules": rules}},
        }
    )


def _tokens(config: Config, clock: ManualClock) -> Tokens:
    return Tokens(config, clock, RulesBook(config, 1))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


def test_a_token_proves_the_same_again_and_again(clock: ManualClock) -> None:
    tokens = _tokens(_config("s" * 32), clock)
    token, caller = tokens.issue("shop", "ana", "agent")
    assert [tokens.read(token) for _ in range(3)] == [caller] * 3


def test_a_token_that_was_good_before_still_expires(clock: ManualClock) -> None:
    tokens = _tokens(_config("s" * 32), clock)
    token, _ = tokens.issue("shop", "ana", "agent")
    tokens.read(token)
    clock.advance(MINUTES * 60)
    with pytest.raises(Problem, match="expired"):
        tokens.read(token)


def test_a_token_of_a_retired_secret_proves_nothing(clock: ManualClock) -> None:
    token, _ = _tokens(_config("old" * 12), clock).issue("shop", "ana", "agent")
    assert _tokens(_config("new" * 12, "old" * 12), clock).read(token).agent == "ana"
    with pytest.raises(Problem, match="not one of ours"):
        _tokens(_config("new" * 12), clock).read(token)


def test_a_refused_token_is_refused_again(clock: ManualClock) -> None:
    tokens = _tokens(_config("s" * 32), clock)
    token, _ = tokens.issue("shop", "ana", "agent")
    for _ in range(2):
        with pytest.raises(Problem, match="not one of ours"):
            tokens.read(token[:-4] + "AAAA")
