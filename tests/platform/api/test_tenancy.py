"""Another workspace's things are not there: every operation that takes an id is tried (I11)."""

import re
from typing import Any

import pytest

from services.router.api.operations import Operation
from services.router.api.table import OPERATIONS
from shared.events import routing as was
from shared.events.routing import Change
from shared.rules import Rules
from tests.router.desk import SHOP, office
from tests.router.owner import NOW_MS, said
from tests.router.scenes import hold

OURS = {"conversation": "cnv_1", "offer": "off_cnv_1", "queue": "sales"}
_PUBLIC = {"workspace"}
_BODIES: dict[str, Any] = {
    "reply": {"text": "Hello"},
    "transfer": {"queue": "care"},
    "merge": {"conversation": "cnv_2"},
    "consult": {"agent": "ben"},
    "split": {"merged": "cnv_2"},
    "snooze": {"until": "2099-01-01T00:00:00Z"},
    "extendWrapUp": {"seconds": 5},
}
_PLACES = re.compile(r"\{(\w+)\}")

BY_ID = [o for o in OPERATIONS if set(_PLACES.findall(o.path)) - _PUBLIC]
ROLES = {"ana": "agent", "sue": "supervisor"}
TRIED = [
    (operation, agent)
    for operation in BY_ID
    for agent, role in ROLES.items()
    if role in (operation.roles or ())
]


def test_there_is_something_to_try() -> None:
    assert len(BY_ID) >= 9
    assert {name for o, _ in TRIED for name in _PLACES.findall(o.path)} == OURS.keys()


@pytest.mark.parametrize(
    ("operation", "agent"), TRIED, ids=[f"{o.name}-{agent}" for o, agent in TRIED]
)
async def test_another_workspaces_id_is_not_found(
    empty_redis: str, operation: Operation, agent: str
) -> None:
    """By an agent of the same name, and by who leads there."""
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        await here.shown("other")
        here.engine.answer = lambda _command: [was.Refused("not_found", "No.")]
        got = await here.desk.call(
            operation.method,
            operation.path.format(**OURS),
            agent,
            "other",
            headers={"Idempotency-Key": "one"},
            json=_BODIES.get(operation.name, {} if operation.body else None),
        )
        mine = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
    assert (got.status, got.body["code"]) == (404, "not_found")
    assert mine.status == 200


async def test_lists_show_only_ones_own_workspace(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.owner.decide(was.PresenceChanged("ana", "available", NOW_MS, session="s"))
        await here.shown()
        presence = await here.desk.call("GET", "/v1/me/presence", "ana", "other")
        held = await here.desk.call("GET", "/v1/me/conversations", "ana", "other")
        agents = await here.desk.call("GET", "/v1/agents", "sue", "other")
        queues = await here.desk.call("GET", "/v1/queues", "sue", "other")
    assert presence.body["state"] == "offline"
    assert held.body == {"held": [], "wrapping_up": []}
    titles = [one["title"] for one in agents.body["agents"]]
    assert titles == ["Another Ada", "Another Ana", "Another Sue"]
    assert [one["agents"]["available"] for one in queues.body["queues"]] == [0]


async def test_the_versions_of_the_rules_are_each_workspaces_own(empty_redis: str) -> None:
    """By who may change the rules of both: a number says nothing of another workspace's."""
    ada = {"role": "admin", "queues": ["secret"]}
    rules = Rules.model_validate({"queues": {"secret": {}}, "agents": {"ada": ada}})
    async with office(empty_redis) as here:
        await here.owner.decide(was.Configured("d1", rules, NOW_MS, Change(1, "apply")))
        await here.shown()
        mine = await here.desk.call("GET", "/v1/rules/1", "ada")
        others = await here.desk.call("GET", "/v1/rules/1", "ada", "other")
        listed = await here.desk.call("GET", "/v1/rules", "ada", "other")
        in_force = await here.desk.call("GET", "/v1/rules/in_force", "ada", "other")
    assert list(mine.body["rules"]["queues"]) == ["secret"]
    assert (others.status, others.body["code"]) == (404, "not_found")
    assert "secret" not in repr((listed.body, in_force.body))


async def test_streams_tell_only_of_ones_own_workspace(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("sue", workspace="other") as stream:
        await here.owner.receive(said(SHOP, "k1", 1))
        await hold(here)
        await here.owner.decide(was.PresenceChanged("sue", "away", NOW_MS), workspace="other")
        first = await stream.next()
    assert (first.name, first.data["agent"]) == ("presence", "sue")
