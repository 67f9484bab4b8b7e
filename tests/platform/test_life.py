"""What becomes of conversations, by the real router: by the API, in the record and in the view."""

from datetime import timedelta
from typing import Any

from services.router.view.digest import compare
from shared.clock import milliseconds
from tests.platform.test_router import CLOCK, Router, router
from tests.router.desk import SHARDS, SHOP, Got
from tests.router.viewing import KEEP_MS, caught_up

BOTH: dict[str, Any] = {
    "agents": {
        "ana": {"queues": ["care", "sales"], "phone": "client:ana"},
        "ben": {"queues": ["care"], "phone": "client:ben"},
        "sue": {"queues": [], "role": "supervisor"},
    }
}


async def same(here: Router) -> bool:
    """Does the view show what the record says?"""
    await caught_up(here.log, here.redis, SHOP, SHARDS)
    found = await compare(here.redis, here.log, SHOP, SHARDS, KEEP_MS, milliseconds(CLOCK.now()))
    return found.differing == ()


async def ask(here: Router, name: str, what: str, who: str, body: dict[str, Any]) -> Got:
    """One operation on a conversation, which must succeed."""
    got = await here.desk.post(f"/v1/conversations/{name}/{what}", who, body)
    assert got.status in (200, 201), got.body
    return got


async def test_from_agent_to_agent(empty_redis: str) -> None:
    """Given to ben, asleep with him, woken by the customer, asked about, handed over."""
    async with (
        router(empty_redis, BOTH) as here,
        here.desk.listen("ana") as ana,
        here.desk.listen("ben") as ben,
    ):
        await here.becomes("ana", "available")
        await here.writes("k1", 1)
        name = await here.accept("ana", ana)
        await here.becomes("ben", "available")
        await ask(here, name, "transfer", "ana", {"agent": "ben", "note": "he knows you"})
        await here.accept("ben", ben)
        await ask(here, name, "snooze", "ben", {"until": soon()})
        await ben.until("snoozed")
        await here.writes("k1", 2)
        woken = await ben.until("woken")
        asked = await ask(here, name, "consult", "ben", {"agent": "ana"})
        question = await here.accept("ana", ana)
        await ask(here, question, "consult/end", "ben", {"hand_over": True})
        await ana.until("assigned")
        shown = await here.desk.call("GET", f"/v1/conversations/{name}", "ana")
        timeline = await here.desk.call("GET", f"/v1/conversations/{name}/timeline", "ana")
        agrees = await same(here)
    assert woken.data["why"] == "customer"
    assert question == asked.body["consult"]
    assert (shown.body["agent"], shown.body["consult"]) == ("ana", None)
    assert "he knows you" in [entry.get("note") for entry in timeline.body["entries"]]
    assert agrees


def soon() -> str:
    """A time within the 90 days that something may sleep."""
    return (CLOCK.now() + timedelta(hours=1)).isoformat()


async def test_two_conversations_become_one_and_two_again(empty_redis: str) -> None:
    """A reply goes where the customer wrote last; what was split off goes on by itself."""
    async with router(empty_redis, BOTH) as here, here.desk.listen("ana") as ana:
        await here.becomes("ana", "available")
        await here.writes("k1", 1)
        first = await here.accept("ana", ana)
        await here.writes("k2", 1)
        second = await here.accept("ana", ana)
        await ask(here, first, "merge", "ana", {"conversation": second})
        await here.writes("k2", 2)
        await ana.until("message")
        reply = await here.desk.post(
            f"/v1/conversations/{first}/replies", "ana", {"text": "Hello"}, key="r1"
        )
        (sent,) = await here.sent(1)
        await ask(here, first, "split", "ana", {"merged": second})
        again = await here.accept("ana", ana)
        await here.writes("k1", 3)
        told = await ana.until("message")
        new = await ask(here, first, "split", "ana", {"entry": told.data["entry"]})
        third = await here.accept("ana", ana)
        timeline = await here.desk.call("GET", f"/v1/conversations/{third}/timeline", "ana")
        agrees = await same(here)
    assert reply.status == 202
    assert (sent.conversation_key, sent.conversation_id) == ("k2", first)
    assert (again, third) == (second, new.body["other"])
    assert [e["text"] for e in timeline.body["entries"] if e["type"] == "customer"] == ["text 3"]
    assert agrees


async def test_a_customer_is_called_back_and_a_blocked_one_is_not_heard(empty_redis: str) -> None:
    """Asked for twice, it is one call; what a blocked sender writes opens nothing."""
    wish = {"account": "line", "address": "+4930123456"}
    async with router(empty_redis, BOTH) as here, here.desk.listen("ana") as ana:
        first = await here.desk.post("/v1/callbacks", "ana", wish, key="c1")
        again = await here.desk.post("/v1/callbacks", "ana", wish, key="c2")
        await here.becomes("ana", "available")
        name = await here.accept("ana", ana)
        (dial,) = await here.sent(1)
        await here.writes("k1", 1)
        heard = await here.accept("ana", ana)
        await here.desk.post("/v1/blocked", "sue", {"conversation": heard}, key="b1")
        await here.desk.post(f"/v1/conversations/{heard}/close", "ana", {}, key="x1")
        await here.writes("k1", 2)
        await here.writes("k3", 1)
        other = await here.accept("ana", ana)
        blocked = await here.desk.call("GET", "/v1/blocked", "sue")
        agrees = await same(here)
    assert (first.body["already"], again.body["already"]) == (False, True)
    assert first.body["conversation"] == again.body["conversation"] == name
    assert dial.call is not None
    assert (dial.call.action, dial.to) == ("dial", "+4930123456")
    assert other not in (heard, name)
    assert [(one["subject"], one["ignored"]) for one in blocked.body["senders"]] == [("k1", 1)]
    assert agrees
