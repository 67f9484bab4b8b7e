"""The versions of the rules over HTTP: applied, refused with pointers, taken back, tried."""

from collections.abc import Sequence
from typing import Any

import pytest

from shared.events import routing as was
from shared.events.commands import Configure, EndTrial, TryRules
from shared.events.routing import Change, RoutingEvent
from tests.router.desk import Office, office
from tests.router.owner import NOW_MS

RULES: dict[str, Any] = {
    "queues": {"care": {"title": "Care"}, "vip": {"title": "The best"}},
    "routes": [{"name": "all", "queue": "care"}],
    "agents": {
        "ana": {"queues": ["care", "vip"]},
        "ada": {"role": "admin", "queues": ["care"]},
    },
}


class Engine:
    """Decides on changes of the rules as the real one does."""

    def __init__(self) -> None:
        self.version = 0

    def __call__(self, command: Any) -> Sequence[RoutingEvent]:
        self.version += 1
        match command:
            case Configure():
                made = Change(
                    self.version, command.how, command.actor, command.note, command.former
                )
                return [was.Configured(command.digest, command.rules, NOW_MS, made)]
            case TryRules():
                made = Change(
                    self.version, "trial", command.actor, command.note, percent=command.percent
                )
                return [was.TrialStarted(command.digest, command.rules, NOW_MS, made)]
            case EndTrial():
                return [was.TrialEnded(command.trial, "stopped", NOW_MS, command.actor)]
            case _:
                return [was.Unchanged()]


async def _apply(here: Office, **more: Any) -> Any:
    return await here.desk.post("/v1/rules", "ada", {"rules": RULES, **more})


async def test_what_is_applied_is_in_force_at_once(empty_redis: str) -> None:
    """Queues, agents and roles of the API are those of the rules in force, not of the file."""
    async with office(empty_redis) as here:
        here.engine.answer = Engine()
        await here.desk.token("ben")
        got = await _apply(here, note="a queue for the best")
        queues = await here.desk.call("GET", "/v1/queues", "ada")
        listed = await here.desk.call("GET", "/v1/rules", "ada")
        gone = await here.desk.call("GET", "/v1/queues", "ben")

    assert (got.status, got.body) == (200, {"changed": True, "in_force": 1, "trial": None})
    assert [queue["name"] for queue in queues.body["queues"]] == ["care", "vip"]
    (version,) = listed.body["versions"]
    assert (version["state"], version["by"], version["note"]) == (
        "in_force",
        "ada",
        "a queue for the best",
    )
    assert gone.status == 401


async def test_what_will_disappoint_is_shown(empty_redis: str) -> None:
    routes = [{"name": "all", "queue": "care", "requires": {"latin": 9}}]
    async with office(empty_redis) as here:
        here.engine.answer = Engine()
        body = {"rules": {**RULES, "skills": ["latin"], "routes": routes}}
        await here.desk.post("/v1/rules", "ada", body)
        listed = await here.desk.call("GET", "/v1/rules", "ada")

    warnings = {one["pointer"]: one["message"] for one in listed.body["warnings"]}
    assert warnings["/routes/0/requires"] == "no agent can ever meet route 'all'"
    assert "/queues/vip" in warnings


async def test_wrong_rules_are_refused_with_a_pointer_to_every_place(empty_redis: str) -> None:
    wrong = {**RULES, "routes": [{"name": "all", "queue": "cere", "priorty": "x"}]}
    async with office(empty_redis) as here:
        got = await here.desk.post("/v1/rules", "ada", {"rules": wrong})
        asked = list(here.engine.asked)

    assert got.status == 422
    assert {one["pointer"]: one["detail"] for one in got.body["errors"]} == {
        "/rules/routes/0/queue": "unknown queue 'cere' (did you mean 'care'?)",
        "/rules/routes/0/priorty": "unknown key 'priorty' (did you mean 'priority'?)",
    }
    assert asked == []


async def test_a_version_can_be_read_and_applied_again(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        here.engine.answer = Engine()
        await _apply(here)
        text = await here.desk.call("GET", "/v1/rules/1", "ada")
        again = await here.desk.post("/v1/rules", "ada", {"rules": text.body["rules"]})
        missing = await here.desk.call("GET", "/v1/rules/7", "ada")
        (_, first), (_, second) = here.engine.asked

    assert text.body["version"]["version"] == 1
    assert (again.status, missing.status) == (200, 404)
    assert first.digest == second.digest


async def test_a_rollback_takes_the_text_of_before(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        here.engine.answer = Engine()
        await _apply(here)
        await here.desk.post("/v1/rules", "ada", {"rules": {**RULES, "missed_offers": 9}})
        got = await here.desk.post("/v1/rules/rollback", "ada", {"note": "oops"})
        nothing = await here.desk.post("/v1/rules/rollback", "ada")
        command = here.engine.asked[-1][1]

    assert got.body == {"changed": True, "in_force": 3, "trial": None}
    assert (command.how, command.former, command.over, command.note) == ("rollback", 1, 2, "oops")
    assert nothing.status == 409


async def test_a_trial_begins_and_ends(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        here.engine.answer = Engine()
        await _apply(here)
        begun = await here.desk.post("/v1/rules/trial", "ada", {"rules": RULES, "percent": 5})
        ended = await here.desk.post("/v1/rules/trial/stop", "ada")
        over = await here.desk.post("/v1/rules/trial/promote", "ada")

    assert begun.body == {"changed": True, "in_force": 1, "trial": 2}
    assert ended.body == {"changed": True, "in_force": 1, "trial": None}
    assert over.status == 409


@pytest.mark.parametrize("agent", ["ana", "sue"])
async def test_only_admins_may(empty_redis: str, agent: str) -> None:
    async with office(empty_redis) as here:
        refused = [
            (await here.desk.post("/v1/rules", agent, {"rules": RULES})).status,
            (await here.desk.call("GET", "/v1/rules", agent)).status,
            (await here.desk.post("/v1/rules/rollback", agent)).status,
        ]

    assert refused == [403, 403, 403]


async def test_leads_hear_of_changes_on_their_streams(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("sue") as listening:
        here.engine.answer = Engine()
        await here.desk.post("/v1/rules", "ada", {"rules": {**RULES, "agents": _with_sue()}})
        told = await listening.until("rules")

    assert (told.data["version"], told.data["by"]) == (1, "ada")


def _with_sue() -> dict[str, Any]:
    return {**RULES["agents"], "sue": {"role": "supervisor", "queues": ["care"]}}


async def test_another_replica_and_a_later_one_know_it_too(empty_redis: str) -> None:
    """Through the record, and for whoever starts later through what is kept of it."""
    async with office(empty_redis) as here, here.again() as other:
        here.engine.answer = Engine()
        await _apply(here)
        await here.shown()
        listed = await other.call("GET", "/v1/rules", "ada")

    assert listed.body["in_force"] == 1
