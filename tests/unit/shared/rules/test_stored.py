"""Rules in records: nothing is lost, whatever their size, and ten thousand agents fit."""

import zlib
from base64 import b64encode
from typing import Any

import pytest
from pydantic import ValidationError

from shared.events.commands import Configure
from shared.rules import Rules
from shared.rules.stored import MOST_RULES, restore_rules, rules_size, store


def _rules(agents: int) -> Rules:
    return Rules.model_validate(
        {
            "queues": {"sales": {"title": "Sales"}},
            "skills": ["german", "returns"],
            "agents": {
                f"agent-{n}": {"queues": ["sales"], "skills": {"german": 1 + n % 10}}
                for n in range(agents)
            },
        }
    )


@pytest.mark.parametrize("agents", [0, 1, 10_000])
def test_what_is_stored_comes_back(agents: int) -> None:
    rules = _rules(agents)
    command = Configure(workspace="shop", digest="d", rules=rules)
    assert restore_rules(store(rules)) == rules
    assert Configure.model_validate_json(command.model_dump_json()) == command


def test_small_rules_can_be_read_in_the_record() -> None:
    assert store(_rules(1))["agents"]["agent-0"]["queues"] == ["sales"]


def test_ten_thousand_agents_fit_into_a_record() -> None:
    assert rules_size(_rules(10_000)) < MOST_RULES / 3


@pytest.mark.parametrize(
    "stored",
    ["", "no base64!", "bm90IHBhY2tlZA==", b64encode(zlib.compress(b"{"))[:8].decode(), 7, None],
)
def test_what_is_no_rules_is_refused(stored: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        restore_rules(stored)


def test_what_would_fill_the_memory_is_refused() -> None:
    bomb = b64encode(zlib.compress(b" " * 100_000_001)).decode()
    with pytest.raises(ValidationError, match="packed rules of more than"):
        Configure.model_validate({"workspace": "shop", "digest": "d", "rules": bomb})
