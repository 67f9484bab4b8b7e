"""Why a conversation is where it is, and why an agent was asked."""

from typing import Any

import pytest

from shared.config.models import Config
from shared.events import routing as was
from tests.router.desk import Office, office
from tests.router.owner import NOW_MS
from tests.router.scenes import accepted, opened
from tests.router.shop import shop


def _rules(**more: Any) -> Config:
    """The shop with other queues and agents; `more` are other parts of its rules."""
    config = shop()
    known = config.workspaces["shop"]
    care = {
        "title": "Care",
        "pick": "best_fit",
        "max_wait": [{"after_seconds": 900, "do": "close"}],
    }
    changed = {
        "queues": {"care": care, "sales": {}},
        "skills": ["german", "vip"],
        "routes": [
            {
                "name": "german",
                "queue": "care",
                "requires": {"german": 2},
                "steps": [{"after_seconds": 60, "requires": {}}, {"nobody_able": True, "also": []}],
            }
        ],
        "agents": {
            "ana": {"queues": ["care", "sales"], "skills": {"german": 3}, "phone": "client:ana"},
            "ben": {"queues": ["care"], "skills": {"german": 2}, "capacity": {"whatsapp": 1}},
            "sue": {"queues": ["sales"], "role": "supervisor", "skills": {"german": 5}},
            "ada": {"queues": ["care"], "role": "admin"},
        },
        **more,
    }
    rules = type(known.rules).model_validate({**known.rules.model_dump(mode="json"), **changed})
    workspace = known.model_copy(update={"rules": rules})
    return config.model_copy(update={"workspaces": {**config.workspaces, "shop": workspace}})


def _queued(name: str = "cnv_1", **more: Any) -> was.Queued:
    said = {"route": "german", "rules": 3, "step_at": NOW_MS + 60_000, "units": 1, **more}
    return was.Queued(name, "care", "normal", {"german": 2}, NOW_MS + 1000, NOW_MS, "new", **said)


def _offered(name: str = "cnv_1", agent: str = "ana") -> was.Offered:
    score = (0, 0, -3, 7, 0)
    until = NOW_MS + 20_000
    return was.Offered(name, f"off_{name}", agent, NOW_MS, until, "best_fit", score)


async def _explained(here: Office, name: str = "cnv_1") -> Any:
    await here.shown()
    got = await here.desk.call("GET", f"/v1/conversations/{name}/explain", "sue")
    assert got.status == 200
    return got.body


async def test_what_waits_says_who_could_take_it_and_what_hinders_each(empty_redis: str) -> None:
    async with office(empty_redis, config=_rules()) as here:
        for name in ("ana", "ben", "ada"):
            await here.owner.decide(was.PresenceChanged(name, "available", NOW_MS, session="s"))
        await here.owner.decide(opened("cnv_0", "k0"), _queued("cnv_0"), *accepted("cnv_0", "ben"))
        declined = was.OfferEnded(
            "cnv_1", "off_cnv_1", "ana", "declined", NOW_MS, "lunch", NOW_MS + 30_000
        )
        await here.owner.decide(opened(), _queued(also=("sales",)), _offered(), declined)
        found = await _explained(here)
    assert [(one["agent"], one["obstacle"]) for one in found["candidates"]] == [
        ("ana", "declined_recently"),
        ("ben", "at_capacity"),
        ("sue", "not_signed_in"),
        ("ada", "lacks_skill"),
    ]
    assert found["obstacles"] == {
        "declined_recently": 1,
        "at_capacity": 1,
        "not_signed_in": 1,
        "lacks_skill": 1,
    }
    assert [one["helps_out"] for one in found["candidates"]] == [False, False, True, False]
    assert found["candidates"][1]["detail"] == "1 of 1 on whatsapp"
    assert (found["route"], found["rules"], found["place"]) == ("german", 3, 1)
    assert (found["pick"], found["also"], found["step"]) == ("best_fit", ["sales"], 0)


async def test_it_says_what_comes_next(empty_redis: str) -> None:
    async with office(empty_redis, config=_rules()) as here:
        await here.owner.decide(opened(), _queued())
        found = await _explained(here)
    assert [(one["what"], one["at"], one["detail"]) for one in found["waits_for"]] == [
        ("route_step", "2026-03-04T12:01:00Z", "1: requires nothing"),
        ("max_wait", "2026-03-04T12:15:00Z", "close"),
        ("an_agent", None, ""),
        ("route_step", None, "2, nobody able: also nobody"),
    ]


async def test_a_closed_queue_and_a_promise_keep_everybody_from_it(empty_redis: str) -> None:
    hours = {"day": {"time_zone": "UTC", "open": {"mon": ["09:00-17:00"]}}}
    config = _rules(hours=hours, queues={"care": {"hours": "day"}, "sales": {}})
    async with office(empty_redis, config=config) as here:
        await here.owner.decide(was.HoursTurned("day", False, 0, NOW_MS + 5000, NOW_MS))
        await here.owner.decide(was.PresenceChanged("ana", "available", NOW_MS, session="s"))
        await here.owner.decide(was.PresenceChanged("ben", "available", NOW_MS, session="s"))
        await here.owner.decide(opened(), _queued())
        closed = await _explained(here)
        kept = _queued("cnv_2", kept_for="ana", kept_until=NOW_MS + 9000)
        await here.owner.decide(opened("cnv_2", "k2"), kept)
        promised = await _explained(here, "cnv_2")
    assert closed["candidates"][0]["obstacle"] == "queue_closed"
    assert closed["waits_for"][0]["what"] == "queue_opens"
    assert [one["obstacle"] for one in promised["candidates"][:2]] == [None, "kept_for_another"]
    assert ("kept_for", "ana") in [(one["what"], one["detail"]) for one in promised["waits_for"]]


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        (was.PresenceChanged("ana", "away", NOW_MS, "lunch"), "away"),
        (was.PresenceChanged("ana", "draining", NOW_MS, session="s"), "draining"),
        (
            was.PresenceChanged("ana", "busy", NOW_MS, session="s", channels=("phone",)),
            "busy",
        ),
        (
            was.PresenceChanged("ana", "offline", NOW_MS, until=NOW_MS + 60_000, lost=True),
            "lease_lost",
        ),
        (was.PresenceChanged("ana", "offline", NOW_MS), "not_signed_in"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_presence_has_its_obstacle(
    empty_redis: str, change: was.PresenceChanged, obstacle: str
) -> None:
    async with office(empty_redis, config=_rules()) as here:
        await here.owner.decide(change)
        await here.owner.decide(opened(), _queued())
        found = await _explained(here)
    named = {one["agent"]: one["obstacle"] for one in found["candidates"]}
    assert named["ana"] == obstacle


async def test_the_history_tells_every_decision_with_its_reason(empty_redis: str) -> None:
    async with office(empty_redis, config=_rules()) as here:
        await here.owner.decide(opened(), _queued(), _offered(), *accepted())
        await here.owner.decide(was.Closed("cnv_1", "ana", NOW_MS, "done"))
        found = await _explained(here)
    history = found["history"]
    assert [one["event"] for one in history] == [
        *("opened", "queued", "offered", "offer_ended", "assigned", "closed"),
    ]
    assert (history[1]["route"], history[1]["rules"], history[1]["reason"]) == ("german", 3, "new")
    assert history[1]["requires"] == {"german": 2}
    assert history[2]["chosen"] == "best_fit"
    assert history[2]["compared"] == [
        {"what": "helps_out", "value": 0},
        {"what": "lacks_preference_1", "value": 0},
        {"what": "minus_fit", "value": -3},
        {"what": "idle_order", "value": 7},
    ]
    assert found["state"] == "closed"
    assert found["asked"][0]["how"] == "accepted"


async def test_an_offered_and_a_held_one(empty_redis: str) -> None:
    async with office(empty_redis, config=_rules()) as here:
        await here.owner.decide(was.PresenceChanged("ana", "available", NOW_MS, session="s"))
        await here.owner.decide(opened(), _queued(), _offered())
        asked = await _explained(here)
        await here.owner.decide(*accepted())
        held = await _explained(here)
    assert asked["waits_for"] == [
        {"what": "an_answer", "at": "2026-03-04T12:00:20Z", "detail": "ana"}
    ]
    assert asked["candidates"][0]["obstacle"] == "asked_already"
    assert (held["agent"], held["waits_for"], held["state"]) == ("ana", [], "held")


async def test_an_agent_asks_why_he_got_it(empty_redis: str) -> None:
    async with office(empty_redis, config=_rules()) as here, here.desk.listen("ana") as stream:
        await here.owner.decide(opened(), _queued(), _offered())
        told = (await stream.until("offer")).data
        await here.shown()
        got = await here.desk.call("GET", "/v1/offers/off_cnv_1/why", "ana")
        led = await here.desk.call("GET", "/v1/offers/off_cnv_1/why", "sue")
    assert got.status == led.status == 200
    assert got.body["sentence"] == told["why"]
    assert "you are best at what is needed" in told["why"]
    assert (got.body["route"], got.body["rules"], got.body["queue"]) == ("german", 3, "care")
    assert got.body["compared"][-1] == {"what": "idle_order", "value": 7}
    assert got.body["waited_seconds"] == 0


async def test_only_who_was_asked_may_ask_why(empty_redis: str) -> None:
    async with office(empty_redis, config=_rules()) as here:
        await here.owner.decide(opened(), _queued(), _offered())
        await here.shown()
        other = await here.desk.call("GET", "/v1/offers/off_cnv_1/why", "ben")
        unknown = await here.desk.call("GET", "/v1/offers/off_none/why", "ana")
    assert (other.status, unknown.status) == (403, 404)
