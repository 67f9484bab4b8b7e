"""The gauges say what the states say."""

from typing import Any

from prometheus_client import REGISTRY

from services.router.shard.gauges import QUEUES, measure
from tests.unit.services.router.engine.stories import Story

RULES: dict[str, Any] = {
    "queues": {
        "support": {"service_level": {"percent": 90, "formula": "answered_only"}},
        "sales": {},
    },
    "routes": [
        {"name": "buying", "when": {"intent": ["buy"]}, "queue": "sales"},
        {"name": "rest", "queue": "support"},
    ],
    "agents": {
        "ada": {"queues": ["support"], "total": 4},
        "bob": {"queues": ["support"], "total": 2},
        "cem": {"queues": ["support"], "total": 2},
    },
    "default_capacity": {"whatsapp": 5},
}


def _value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def _doing() -> list[float | None]:
    return [_value("patchbay_engine_agents", doing=d) for d in ("handling", "idle", "absent")]


def _units() -> list[float | None]:
    return [_value("patchbay_engine_units", what=what) for what in ("taken", "capacity")]


def test_how_busy_the_agents_are() -> None:
    """One holds a conversation, one is only asked, one is not there."""
    story = Story(RULES)
    story.tell({"at": 0, "presence": "ada", "state": "available"})
    story.tell({"at": 1, "customer": "k1"})
    story.tell({"at": 2, "accept": "o1", "by": "ada"})
    story.tell({"at": 3, "presence": "bob", "state": "available"})
    story.tell({"at": 4, "customer": "k2"})

    measure([story.state])

    assert _doing() == [1, 1, 1]
    assert _units() == [2, 6]


def test_who_left_work_behind_still_counts() -> None:
    story = Story(RULES)
    story.tell({"at": 0, "presence": "ada", "state": "available"})
    story.tell({"at": 1, "customer": "k1"})
    story.tell({"at": 2, "accept": "o1", "by": "ada"})
    story.tell({"at": 3, "presence": "ada", "state": "away"})

    measure([story.state])

    assert _doing() == [1, 0, 2]
    assert _units() == [1, 4]


def test_the_formula_in_force_is_named() -> None:
    measure([Story(RULES).state])
    name = "patchbay_engine_service_level_target"
    assert _value(name, queue="support", formula="answered_only") == 0.9
    assert _value(name, queue="sales", formula="abandons_missed") == 0.8


def test_many_queues_are_other() -> None:
    rules = {
        "queues": {f"q{n:03}": {} for n in range(QUEUES + 5)},
        "routes": [{"name": "all", "queue": f"q{QUEUES + 4:03}"}],
    }
    story = Story(rules)
    story.tell({"at": 1, "customer": "k1"})

    measure([story.state])

    assert _value("patchbay_engine_waiting", channel="whatsapp", queue="other") == 1
    assert _value("patchbay_engine_waiting", channel="whatsapp", queue=f"q{QUEUES + 4:03}") is None


def test_without_a_state_nothing_is_there() -> None:
    measure([])
    assert _doing() == [0, 0, 0]
    assert _units() == [0, 0]


def test_what_nobody_could_ever_do_is_counted() -> None:
    """No agent of the rules has the skill, signed in or not."""
    routes = [
        {"name": "odd", "when": {"intent": ["x"]}, "queue": "support", "requires": {"latin": 3}},
        {"name": "rest", "queue": "support"},
    ]
    story = Story({**RULES, "skills": ["latin"], "routes": routes})
    story.tell({"at": 0, "customer": "k1", "hints": {"intent": "x"}})
    story.tell({"at": 1, "customer": "k2"})

    measure([story.state])

    assert _value("patchbay_engine_unmeetable") == 1
