"""What becomes of a conversation between its beginning and its end, over the API."""

from datetime import UTC, datetime

import pytest

from shared.clock import milliseconds
from shared.events import routing as was
from shared.events.commands import Consult, EndConsult, Snooze, Wake
from tests.router.desk import SHOP, office
from tests.router.owner import NOW_MS
from tests.router.scenes import hold

ONE = "/v1/conversations/cnv_1"
MONDAY = datetime(2026, 3, 9, 8, tzinfo=UTC)


async def test_a_conversation_sleeps_and_wakes(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda _command: [
            was.Snoozed("cnv_1", "ana", milliseconds(MONDAY), NOW_MS)
        ]
        asleep = await here.desk.post(f"{ONE}/snooze", "ana", {"until": MONDAY.isoformat()})
        held = await here.desk.call("GET", "/v1/me/conversations", "ana")
        here.engine.answer = lambda _command: [was.Woken("cnv_1", "ana", "agent", NOW_MS)]
        awake = await here.desk.post(f"{ONE}/wake", "ana")
        shown = await here.desk.call("GET", ONE, "ana")
    assert (asleep.status, awake.status) == (200, 200)
    assert held.body["held"][0]["snoozed_until"] == "2026-03-09T08:00:00Z"
    assert shown.body["snoozed_until"] is None
    assert [command for _, command in here.engine.asked] == [
        Snooze(workspace=SHOP, actor="ana", conversation="cnv_1", until=MONDAY),
        Wake(workspace=SHOP, actor="ana", conversation="cnv_1"),
    ]


async def test_a_time_without_a_zone_is_no_time(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.post(f"{ONE}/snooze", "ana", {"until": "2026-03-09T08:00:00"})
    assert got.status == 422
    assert here.engine.asked == []


async def test_what_is_merged_is_answered_where_the_customer_spoke_last(empty_redis: str) -> None:
    mail = was.Opened("cnv_2", "k2", "email", "mail", "nadia@example.org", "Nadia", {}, NOW_MS)
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda _command: [
            mail,
            was.Closed("cnv_2", "ana", NOW_MS, "merged"),
            was.Merged("cnv_1", "cnv_2", "ana", NOW_MS),
            was.Attached("cnv_1", "mail:2", "message", NOW_MS, "k2"),
        ]
        merged = await here.desk.post(f"{ONE}/merge", "ana", {"conversation": "cnv_2"})
        shown = await here.desk.call("GET", ONE, "ana")
        other = await here.desk.call("GET", "/v1/conversations/cnv_2", "ana")
        here.engine.answer = lambda _command: [was.Unmerged("cnv_1", "cnv_2", "ana", NOW_MS)]
        split = await here.desk.post(f"{ONE}/split", "ana", {"merged": "cnv_2"})
        after = await here.desk.call("GET", ONE, "ana")
    assert (merged.status, split.status, split.body["other"]) == (200, 200, "cnv_2")
    assert (shown.body["channel"], shown.body["account"]) == ("email", "mail")
    assert shown.body["customer"]["address"] == "nadia@example.org"
    assert [one["conversation"] for one in shown.body["merged"]] == ["cnv_2"]
    assert other.body["merged_into"] == "cnv_1"
    assert (after.body["channel"], after.body["merged"]) == ("whatsapp", [])


async def test_the_customers_last_entries_are_split_off(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        first = was.Opened("cnv_2", "k1", "whatsapp", "wa", "a", "Nadia", {}, NOW_MS)
        here.engine.answer = lambda command: [
            first,
            was.SplitOff(
                "cnv_1",
                "cnv_2",
                [was.MovedEntry(one.ref, one.action, NOW_MS) for one in command.moved],
                "ana",
                NOW_MS,
            ),
        ]
        entries = await here.desk.call("GET", f"{ONE}/timeline", "ana")
        entry = next(e["id"] for e in entries.body["entries"] if e["type"] == "customer")
        split = await here.desk.post(f"{ONE}/split", "ana", {"entry": entry})
        again = await here.desk.post(f"{ONE}/split", "ana", {"entry": entry})
        nothing = await here.desk.post(f"{ONE}/split", "ana", {"entry": "wa:none"})
        old = await here.desk.call("GET", f"{ONE}/timeline", "ana")
        new = await here.desk.call("GET", "/v1/conversations/cnv_2/timeline", "ana")
    assert (split.status, split.body["other"], again.body["other"]) == (200, "cnv_2", "cnv_2")
    assert nothing.status == 422
    assert [e["moved_to"] for e in old.body["entries"] if e["type"] == "customer"] == ["cnv_2"]
    assert [e["id"] for e in new.body["entries"] if e["type"] == "customer"] == [entry]
    assert len(here.engine.asked) == 1


WISH = {"account": "line", "address": "+49 30 5550123", "attributes": {"topic": "return"}}


async def test_a_customer_is_called_back_once(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        here.engine.answer = lambda command: [
            was.Opened(
                "cnv_9", command.conversation_key, "phone", "line", command.address, "", {}, NOW_MS
            ),
            was.CallbackAsked("cnv_9", "ana", NOW_MS),
        ]
        first = await here.desk.post("/v1/callbacks", "ana", WISH)
        here.engine.answer = lambda _command: [was.Unchanged()]
        again = await here.desk.post("/v1/callbacks", "ana", WISH)
        shown = await here.desk.call("GET", "/v1/conversations/cnv_9", "ana")
    assert (first.status, first.body) == (201, {"conversation": "cnv_9", "already": False})
    assert (again.status, again.body) == (201, {"conversation": "cnv_9", "already": True})
    assert (shown.body["channel"], shown.body["customer"]["address"]) == ("phone", "+49305550123")


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"account": "wa"}, "/account"),
        ({"account": "no"}, "/account"),
        ({"address": "x@y"}, "/address"),
    ],
)
async def test_nobody_is_called_back_elsewhere(
    empty_redis: str, wrong: dict[str, str], where: str
) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.post("/v1/callbacks", "ana", {**WISH, **wrong})
    assert (got.status, got.body["errors"][0]["pointer"]) == (422, where)
    assert here.engine.asked == []


async def test_a_colleague_is_asked_and_writes_to_nobody(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda _command: [
            was.Consulted("cnv_1", "cns_1", "ana", NOW_MS, "refund?"),
            was.Assigned("cns_1", "ben", NOW_MS),
            was.Warned("cns_1", "not_there", "This agent is not available."),
        ]
        asked = await here.desk.post(f"{ONE}/consult", "ana", {"agent": "ben", "note": "refund?"})
        his = await here.desk.call("GET", "/v1/me/conversations", "ben")
        written = await here.desk.post(
            "/v1/conversations/cns_1/replies", "ben", {"text": "Hello"}, key="k"
        )
        about = await here.desk.call("GET", ONE, "ana")
        here.engine.answer = lambda _command: [was.Closed("cns_1", "ben", NOW_MS, "returned")]
        ended = await here.desk.post(f"{ONE}/consult/end", "ben", {})
        after = await here.desk.call("GET", ONE, "ana")
    assert (asked.status, asked.body["consult"]) == (201, "cns_1")
    assert asked.body["warnings"] == ["This agent is not available."]
    assert [one["consult_of"] for one in his.body["held"]] == ["cnv_1"]
    assert (written.status, written.body["code"]) == (403, "forbidden")
    assert (about.body["consult"], ended.status, after.body["consult"]) == ("cns_1", 200, None)
    assert [command for _, command in here.engine.asked] == [
        Consult(workspace=SHOP, actor="ana", conversation="cnv_1", to_agent="ben", note="refund?"),
        EndConsult(workspace=SHOP, actor="ben", conversation="cnv_1"),
    ]


async def test_a_sender_is_blocked_listed_and_let_in_again(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda command: [
            was.SenderBlocked(command.subject, "sue", NOW_MS, milliseconds(MONDAY), "spam"),
            was.Ignored(command.subject, "wa:9", command.subject, NOW_MS),
        ]
        whom = {"conversation": "cnv_1", "until": MONDAY.isoformat(), "reason": "spam"}
        blocked = await here.desk.post("/v1/blocked", "sue", whom)
        shown = await here.desk.call("GET", "/v1/blocked", "sue")
        here.engine.answer = lambda command: [was.SenderUnblocked(command.subject, "sue", NOW_MS)]
        lifted = await here.desk.post("/v1/blocked/lift", "sue", {"subject": "k1"})
        after = await here.desk.call("GET", "/v1/blocked", "sue")
    assert (blocked.status, blocked.body) == (200, {"subject": "k1"})
    assert [(one["subject"], one["reason"], one["ignored"]) for one in shown.body["senders"]] == [
        ("k1", "spam", 1)
    ]
    assert (lifted.status, after.body["senders"]) == (200, [])


async def test_an_address_has_one_name_however_it_is_given(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        address = (await here.desk.call("GET", ONE, "sue")).body["customer"]["address"]
        everywhere = {"conversation": "cnv_1", "everywhere": True}
        by_conversation = await here.desk.post("/v1/blocked", "sue", everywhere)
        by_address = await here.desk.post(
            "/v1/blocked", "sue", {"channel": "whatsapp", "address": f" {address.upper()}"}
        )
        agents = await here.desk.post("/v1/blocked", "ana", everywhere)
        nobody = await here.desk.post("/v1/blocked", "sue", {"reason": "spam"})
    assert by_conversation.body == by_address.body
    assert address not in by_address.body["subject"]
    assert (agents.status, nobody.status) == (403, 422)
