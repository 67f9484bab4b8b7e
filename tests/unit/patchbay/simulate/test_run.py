"""Runs whose outcome can be worked out by hand, and what holds for every run."""

from typing import Any

import pytest

from patchbay.simulate.parts import simulate
from patchbay.simulate.report import report
from patchbay.simulate.run import Run
from patchbay.simulate.scenario import Scenario

_EVEN = {"distribution": "deterministic"}
_CLOCKWORK = {"arrival": _EVEN, "handle": _EVEN, "patience": _EVEN}


def _contact(**more: Any) -> dict[str, Any]:
    return {"name": "chat", "channel": "whatsapp", "rate_per_minute": 1, "handle_minutes": 1} | more


def _scenario(contacts: list[dict[str, Any]], agents: list[dict[str, Any]], **more: Any) -> Any:
    given = {"arrivals": 1000, "contacts": contacts, "agents": agents}
    return Scenario.model_validate(given | more)


def _found(contacts: list[dict[str, Any]], agents: list[dict[str, Any]], **more: Any) -> Any:
    scenario = _scenario(contacts, agents, **more)
    return report(scenario, simulate(scenario))


def test_two_agents_keep_up_with_clockwork() -> None:
    contact = _contact(handle_minutes=1.5, **_CLOCKWORK)

    found = _found([contact], [{"count": 2}], report_within_minutes=[0, 1.5])

    total = found["total"]
    assert (total["offered"], total["answered"], total["blocked"]) == (1000, 1000, 0)
    assert total["p_wait"]["value"] == 0
    assert total["p_answered_within"]["0"]["value"] == 1
    assert found["agent_occupancy"] == pytest.approx(0.75, rel=1e-3)
    assert found["best_skill_share"] is None


def test_without_a_place_to_wait_every_second_is_turned_away() -> None:
    contact = _contact(handle_minutes=1.5, **_CLOCKWORK)

    found = _found([contact], [{"count": 1}], waiting_places=0)

    total = found["total"]
    assert (total["answered"], total["blocked"], total["abandoned"]) == (500, 500, 0)
    assert total["p_block"]["value"] == 0.5
    assert total["mean_wait_minutes"]["value"] == 0


def test_one_place_to_wait_is_one() -> None:
    contact = _contact(handle_minutes=2, **_CLOCKWORK)

    found = _found([contact], [{"count": 1}], waiting_places=1, warm_up=10)

    total = found["total"]
    assert (total["answered"], total["blocked"]) == (500, 500)
    assert total["p_wait"]["value"] == 1


def test_whoever_loses_patience_is_gone() -> None:
    contact = _contact(handle_minutes=3, patience_minutes=1.75, **_CLOCKWORK)

    found = _found([contact], [{"count": 1}], warm_up=30)

    total = found["total"]
    assert total["answered"] + total["abandoned"] == 1000
    assert total["answered"] == pytest.approx(1000 / 3, abs=2)
    assert found["agent_occupancy"] == pytest.approx(1, rel=1e-3)


def test_places_are_shared_but_a_free_agent_is_not_blocked_by_them() -> None:
    german = _contact(name="german", requires={"german": 1}, handle_minutes=1e4, **_CLOCKWORK)
    french = _contact(
        name="french", requires={"french": 1}, rate_per_minute=0.5, handle_minutes=1.9, **_CLOCKWORK
    )
    agents = [{"count": 1, "skills": {"german": 1}}, {"count": 1, "skills": {"french": 1}}]

    found = _found([german, french], agents, waiting_places=2, arrivals=1000, warm_up=30)

    assert found["contacts"]["german"]["p_block"]["value"] > 0.99
    assert found["contacts"]["french"]["p_block"]["value"] == 0


def test_capacity_is_per_channel() -> None:
    chat = _contact(name="chat", handle_minutes=1.9, **_CLOCKWORK)
    call = _contact(name="call", channel="phone", handle_minutes=0.9, **_CLOCKWORK)
    agents = [{"count": 1, "capacity": {"whatsapp": 2}}, {"count": 1, "capacity": {"phone": 1}}]

    found = _found([chat, call], agents, waiting_places=0, warm_up=20)

    assert found["total"]["blocked"] == 0
    assert found["agent_occupancy"] == pytest.approx(2.8 / 3, rel=0.01)


def test_the_share_of_those_who_are_best_at_it() -> None:
    german = _contact(name="german", requires={"german": 1})
    agents = [
        {"count": 1, "skills": {"german": 3, "french": 5}, "capacity": {"whatsapp": 1}},
        {"count": 1, "skills": {"german": 1}, "capacity": {"whatsapp": 1}},
    ]

    found = _found([german], agents)

    assert found["best_skill_share"] == pytest.approx(0.5, abs=0.1)


def test_the_same_seed_gives_the_same_and_another_one_does_not() -> None:
    contacts = [_contact(rate_per_minute=8)]
    agents: list[dict[str, Any]] = [{"count": 10}]

    first, again = (_found(contacts, agents, seed=3) for _ in range(2))
    other = _found(contacts, agents, seed=4)

    assert first == again
    assert first["total"]["mean_wait_minutes"] != other["total"]["mean_wait_minutes"]


@pytest.mark.parametrize("order", ["age", "priority", "target"])
def test_everything_that_is_offered_ends_somehow(order: str) -> None:
    contacts = [
        _contact(name="a", rate_per_minute=3, patience_minutes=1, priority=2),
        _contact(name="b", rate_per_minute=3, requires={"x": 1}),
    ]
    agents: list[dict[str, Any]] = [{"count": 3, "skills": {"x": 1}}, {"count": 3}]

    total = _found(contacts, agents, waiting_places=4, routing={"order": order})["total"]

    assert total["offered"] == 1000
    assert total["answered"] + total["abandoned"] + total["blocked"] == 1000
    assert min(total["answered"], total["abandoned"], total["blocked"]) > 0


def test_what_has_ended_is_forgotten() -> None:
    contact = _contact(rate_per_minute=1, handle_minutes=0.5)
    scenario = _scenario([contact], [{"count": 1}], arrivals=2000)
    run = Run(scenario, part=0, counted=2000, warm_up=0, batches=20)

    run.go()

    assert run.remembered < 200


def test_the_smallest_run_has_one_contact_per_batch() -> None:
    found = _found([_contact()], [{"count": 2}], arrivals=20)

    assert found["total"]["offered"] == 20


def test_a_starving_contact_does_not_keep_the_run_from_ending() -> None:
    contacts = [
        _contact(name="often", rate_per_minute=3, priority=1),
        _contact(name="never", rate_per_minute=0.1),
    ]

    found = _found(contacts, [{"count": 1}], routing={"order": "priority"})

    assert found["total"]["answered"] == 1000
