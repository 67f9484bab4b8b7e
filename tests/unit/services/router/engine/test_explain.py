"""A supervisor asks why a conversation is where it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.router.engine.explain import MOST_CANDIDATES, Explanation, explain
from tests.unit.services.router.engine.stories import WORKSPACE, Story

HERE = Path(__file__).parent
RULES: dict[str, Any] = json.loads((HERE / "rules.json").read_text())


def _agent(**more: Any) -> dict[str, Any]:
    return {"queues": ["support"], "skills": {"german": 3}, **more}


def _told(agents: dict[str, Any], *steps: dict[str, Any]) -> Story:
    story = Story({**RULES, "agents": agents})
    for step in steps:
        story.tell(step)
    return story


def _explained(story: Story, name: str) -> Explanation:
    found = explain(story.state, WORKSPACE, story.identity(name), story.now)
    assert found is not None
    return found


def test_every_candidate_has_his_reason() -> None:
    """Those who are nearest to taking it come first; other queues' agents are not candidates."""
    agents = {
        "unskilled": {"queues": ["support"]},
        "away": _agent(),
        "draining": _agent(),
        "offline": _agent(),
        "busy": _agent(capacity={"whatsapp": 1}),
        "decliner": _agent(),
        "elsewhere": {"queues": ["sales"], "skills": {"german": 3}},
    }
    story = _told(
        agents,
        {"at": 0, "presence": "busy", "state": "available"},
        {"at": 1, "customer": "k1", "language": "de"},
        {"at": 2, "presence": "decliner", "state": "available"},
        {"at": 3, "customer": "k2", "language": "de"},
        {"at": 4, "decline": "o2", "by": "decliner"},
        {"at": 5, "presence": "away", "state": "away", "reason": "lunch"},
        {"at": 6, "presence": "draining", "state": "draining"},
        {"at": 7, "presence": "unskilled", "state": "available"},
    )

    why = _explained(story, "c2")

    assert [(c.agent, c.obstacle) for c in why.candidates] == [
        ("decliner", "declined_recently"),
        ("busy", "at_capacity"),
        ("draining", "draining"),
        ("away", "away"),
        ("offline", "not_signed_in"),
        ("unskilled", "lacks_skill"),
    ]
    assert (why.route, why.queue, why.requires) == ("german", "support", {"german": 2})
    assert (why.status, why.tries, why.ahead) == ("waiting", 1, 0)
    assert why.obstacles["lacks_skill"] == 1


def test_it_counts_who_is_due_before() -> None:
    """Only its own class is counted: others need not be answered by the same agents."""
    story = _told(
        {},
        {"at": 0, "customer": "k1"},
        {"at": 1, "customer": "k2", "language": "de"},
        {"at": 2, "customer": "k3"},
    )

    assert [_explained(story, name).ahead for name in ("c1", "c2", "c3")] == [0, 0, 1]


def test_the_answer_is_bounded() -> None:
    """A queue of hundreds is counted, not listed."""
    agents = {f"agent{n}": _agent() for n in range(MOST_CANDIDATES + 20)}
    story = _told(agents, {"at": 0, "customer": "k1"})

    why = _explained(story, "c1")

    assert len(why.candidates) == MOST_CANDIDATES
    assert why.obstacles == {"not_signed_in": MOST_CANDIDATES + 20}


def test_who_holds_it_is_the_answer_once_it_is_held() -> None:
    """Candidates are only of interest while it waits."""
    story = _told(
        {"ada": _agent()},
        {"at": 0, "presence": "ada", "state": "available"},
        {"at": 1, "customer": "k1"},
        {"at": 2, "accept": "o1", "by": "ada"},
    )

    why = _explained(story, "c1")

    assert (why.status, why.agent, why.candidates, why.ahead) == ("held", "ada", (), 0)


@pytest.mark.parametrize("workspace", [WORKSPACE, "unheard of"])
def test_an_unknown_conversation_has_no_explanation(workspace: str) -> None:
    """Another workspace's conversation is as unknown as one that never was."""
    story = _told({}, {"at": 0, "customer": "k1"})
    wanted = {WORKSPACE: "cnv_unknown", "unheard of": story.identity("c1")}[workspace]

    assert explain(story.state, workspace, wanted, story.now) is None
