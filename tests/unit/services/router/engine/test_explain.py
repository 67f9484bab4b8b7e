"""A supervisor asks why a conversation is where it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.router.engine.decide import decide
from services.router.engine.explain import MOST_CANDIDATES, Explanation, explain
from services.router.engine.restore import restore
from services.router.engine.retelling import retell
from services.router.engine.snapshot import snapshot
from services.router.engine.turn import Context
from shared.events.commands import DeclineOffer
from shared.events.routing import Decision
from tests.unit.services.router.engine.stories import WORKSPACE, Story
from tests.unit.services.router.engine.worlds import START

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


def _next(why: Explanation) -> list[tuple[str, float | None, str]]:
    """What it waits for, with seconds from the story's start."""
    return [
        (one.what, None if one.at is None else (one.at - START) / 1000, one.detail)
        for one in why.waits_for
    ]


def _candidates(story: Story, name: str) -> dict[str, tuple[str | None, str]]:
    return {c.agent: (c.obstacle, c.detail) for c in _explained(story, name).candidates}


def test_the_tuples_are_compared_and_the_lowest_is_first() -> None:
    """The queue is closed: nobody may take it, and everybody shows how he would compare."""
    rules = {**RULES, "queues": {"support": {"pick": "least_loaded", "hours": "never"}}}
    rules["hours"] = {"never": {"time_zone": "UTC", "open": {"sun": ["00:00-00:01"]}}}
    rules["agents"] = {"ada": _agent(), "bob": _agent(), "cem": {"queues": ["support"]}}
    rules["routes"] = [{"name": "all", "queue": "support", "preferred": [{"german": 1}]}]
    story = Story(rules)
    for at, agent in enumerate(("cem", "bob", "ada")):
        story.tell({"at": at, "presence": agent, "state": "available"})
    story.tell({"at": 9, "customer": "k1"})

    why = _explained(story, "c1")

    assert [(c.agent, c.obstacle) for c in why.candidates] == [
        ("bob", "queue_closed"),
        ("ada", "queue_closed"),
        ("cem", "queue_closed"),
    ]
    assert [name for name, _ in why.candidates[0].compared] == [
        *("helps_out", "lacks_preference_1", "units_taken", "idle_order"),
    ]
    assert why.candidates[2].compared[1] == ("lacks_preference_1", 1)
    assert (why.pick, why.preferred) == ("least_loaded", ({"german": 1},))


def test_what_each_new_rule_keeps_from_whom() -> None:
    """Not on this channel, busy with another, a load at its bound, a lost connection."""
    agents = {
        "mail": _agent(capacity={"whatsapp": 0}),
        "caller": _agent(),
        "full": _agent(total=1),
        "lost": _agent(capacity={"whatsapp": 1}),
    }
    story = _told(
        agents,
        {"at": 0, "presence": "full", "state": "available"},
        {"at": 1, "customer": "k1", "language": "de"},
        {"at": 2, "accept": "o1", "by": "full"},
        {"at": 3, "presence": "lost", "state": "available", "session": "s1"},
        {"at": 4, "customer": "k2", "language": "de"},
        {"at": 5, "accept": "o2", "by": "lost"},
        {"at": 6, "lose": "lost", "session": "s1"},
        {"at": 7, "presence": "caller", "state": "busy", "channels": ["phone"]},
        {"at": 8, "presence": "mail", "state": "available"},
        {"at": 9, "customer": "k3", "language": "de"},
    )

    found = _candidates(story, "c3")

    assert found["mail"] == ("not_on_this_channel", "whatsapp")
    assert found["caller"] == ("busy", "phone")
    assert found["full"] == ("at_capacity", "1 of 2 on whatsapp, 1 of 1 units")
    assert found["lost"][0] == "lease_lost"


def test_it_says_what_comes_next_and_when() -> None:
    rules = {**RULES, "agents": {"ada": _agent()}}
    rules["queues"] = {
        "support": {"max_wait": [{"after_seconds": 600, "do": "close"}]},
        "sales": {},
    }
    rules["routes"] = [
        {
            "name": "all",
            "queue": "support",
            "requires": {"german": 2},
            "steps": [
                {"after_seconds": 60, "requires": {}},
                {"expected_wait_seconds": 300, "also": ["sales"]},
            ],
        }
    ]
    story = Story(rules)
    story.tell({"at": 0, "customer": "k1"})

    assert _next(_explained(story, "c1")) == [
        ("route_step", 60, "1: requires nothing"),
        ("max_wait", 600, "close"),
        ("an_agent", None, ""),
        ("route_step", None, "2, expected wait above 300 s: also sales"),
    ]


def test_an_offered_one_waits_for_its_answer() -> None:
    story = _told(
        {"ada": _agent()},
        {"at": 0, "presence": "ada", "state": "available"},
        {"at": 1, "customer": "k1"},
    )
    why = _explained(story, "c1")
    assert (why.status, _next(why)) == ("offered", [("an_answer", 21, "ada")])


def test_a_closed_one_may_come_again() -> None:
    story = _told(
        {"ada": _agent()},
        {"at": 0, "presence": "ada", "state": "available"},
        {"at": 1, "customer": "k1", "channel": "email"},
        {"at": 2, "accept": "o1", "by": "ada"},
        {"at": 3, "close": "c1", "by": "ada"},
    )
    why = _explained(story, "c1")
    assert (why.status, _next(why)) == ("closed", [("reopens_until", 3603, "")])


def test_a_queue_below_its_target_lends_nobody() -> None:
    """Its own customer waits too long, for a skill that its free agent lacks."""
    rules = {
        **RULES,
        "queues": {"support": {}, "sales": {"service_level": {"percent": 50, "seconds": 30}}},
        "routes": [
            {
                "name": "buying",
                "when": {"intent": ["buy"]},
                "queue": "sales",
                "requires": {"german": 1},
            },
            {
                "name": "rest",
                "queue": "support",
                "steps": [{"after_seconds": 60, "also": ["sales"]}],
            },
        ],
        "agents": {"sue": {"queues": ["sales"]}, "bob": {"queues": ["support"]}},
    }
    story = Story(rules)
    story.tell({"at": 0, "customer": "k1", "hints": {"intent": "buy"}})
    story.tell({"at": 1, "presence": "sue", "state": "available"})
    story.tell({"at": 2, "customer": "k2"})
    story.tell({"at": 70, "customer": "k3", "hints": {"intent": "buy"}})

    why = _explained(story, "c2")

    assert (why.also, why.step, why.route) == (("sales",), 1, "rest")
    assert [(c.agent, c.obstacle, c.detail) for c in why.candidates] == [
        ("sue", "donor_below_target", "sales"),
        ("bob", "not_signed_in", ""),
    ]
    assert why.candidates[0].compared[0] == ("helps_out", 1)


def test_who_begins_gently_is_ramping_up() -> None:
    rules = {**RULES, "agents": {"ada": _agent(capacity={"whatsapp": 5})}}
    rules["ramp"] = {"seconds": 600, "offers": 1}
    story = Story(rules)
    story.tell({"at": 0, "presence": "ada", "state": "available"})
    story.tell({"at": 1, "customer": "k1"})
    story.tell({"at": 2, "customer": "k2"})

    assert _candidates(story, "c2") == {"ada": ("ramping_up", "")}


def test_who_was_asked_last_comes_last() -> None:
    """Both could take it; he who just declined it is passed over, though idle for longer."""
    rules = {**RULES, "agents": {"ada": _agent(), "bob": _agent()}, "decline_seconds": 0}
    story = Story(rules)
    for step in (
        {"at": 0, "presence": "ada", "state": "available"},
        {"at": 1, "customer": "k1"},
        {"at": 2, "presence": "bob", "state": "available"},
    ):
        story.tell(step)
    before = restore(snapshot(story.state))
    declined = DeclineOffer(workspace=WORKSPACE, actor="ada", offer=story.identity("o1"))
    decision = Decision(
        epoch=1,
        seq=1,
        at=story.now,
        workspace=WORKSPACE,
        cause="cmd",
        inbound=0,
        commands=0,
        events=decide(story.state, declined, Context(story.now, "cmd")),
    )

    told = retell(before, decision, 7, story.identity("c1"))

    (offered,) = [reason for reason in told if reason.event == "offered"]
    assert [(one.agent, one.obstacle) for one in offered.candidates] == [
        ("bob", None),
        ("ada", "asked_last"),
    ]
    assert (offered.offset, offered.said["agent"]) == (7, "bob")
