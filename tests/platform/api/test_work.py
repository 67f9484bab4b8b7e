"""An agent's work over the API: presence, offers, conversations, and what the engine refuses."""

from typing import Any

import pytest

from shared.events import routing as was
from shared.events.commands import (
    AcceptOffer,
    AskWrapUp,
    Close,
    DeclineOffer,
    EndWrapUp,
    ExtendWrapUp,
    Transfer,
)
from shared.events.outbound import Alert, OutboundMessage
from tests.router.desk import SHOP, Office, office
from tests.router.owner import NOW, NOW_MS, said
from tests.router.scenes import accepted, hold, offer, offered, opened, queued


def refuse(here: Office, code: str, detail: str = "No.") -> None:
    here.engine.answer = lambda _command: [was.Refused(code, detail)]  # type: ignore[arg-type]


async def test_an_agent_becomes_available_by_his_stream(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        here.engine.answer = lambda c: [
            was.PresenceChanged(c.agent, c.state, NOW_MS, c.reason, c.session)
        ]
        got = await here.desk.call(
            "PUT", "/v1/me/presence", "ana", json={"state": "available", "reason": "back"}
        )
        event = await stream.until("presence")
    session = stream.told[0].data["session"]
    assert (got.status, got.body["state"], got.body["connected"]) == (200, "available", True)
    assert event.data["reason"] == "back"
    assert here.engine.asked[0][1].session == session


async def test_a_busy_agent_names_what_he_still_takes(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        here.engine.answer = lambda c: [
            was.PresenceChanged(c.agent, c.state, NOW_MS, c.reason, c.session, c.channels)
        ]
        wanted = {"state": "busy", "channels": ["phone", "email"]}
        got = await here.desk.call("PUT", "/v1/me/presence", "ana", json=wanted)
        told = (await stream.until("presence")).data
        shown = await here.desk.call("GET", "/v1/me/presence", "ana")
    assert (got.status, got.body["channels"]) == (200, ["email", "phone"])
    assert told["channels"] == shown.body["channels"] == ["phone", "email"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"state": "busy"},
        {"state": "available", "channels": ["email"]},
        {"state": "busy", "channels": ["telex"]},
    ],
    ids=["busy with nothing", "channels of an available agent", "an unknown channel"],
)
async def test_channels_belong_to_busy(empty_redis: str, wanted: dict[str, Any]) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana"):
        got = await here.desk.call("PUT", "/v1/me/presence", "ana", json=wanted)
    assert (got.status, got.body["code"]) == (422, "invalid")
    assert here.engine.asked == []


async def test_who_leaves_is_told_how_long_he_keeps_his_work(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        here.engine.answer = lambda c: [
            was.PresenceChanged(c.agent, c.state, NOW_MS, until=NOW_MS + 60_000)
        ]
        got = await here.desk.call("PUT", "/v1/me/presence", "ana", json={"state": "offline"})
        shown = await here.desk.call("GET", "/v1/me/presence", "ana")
    assert got.body["keeps_until"] == shown.body["keeps_until"] == "2026-03-04T12:01:00Z"


@pytest.mark.parametrize("state", ["available", "draining"])
async def test_nobody_is_available_without_a_stream(empty_redis: str, state: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.call("PUT", "/v1/me/presence", "ana", json={"state": state})
    assert (got.status, got.body["code"]) == (409, "no_stream")
    assert here.engine.asked == []


async def test_everybody_may_leave_without_a_stream(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        here.engine.answer = lambda c: [was.PresenceChanged(c.agent, c.state, NOW_MS)]
        got = await here.desk.call("PUT", "/v1/me/presence", "ana", json={"state": "offline"})
    assert (got.status, got.body["connected"]) == (200, False)


async def test_an_offer_is_shown_and_accepted(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await offer(here)
        shown = await here.desk.call("GET", "/v1/me/offers", "ana")
        here.engine.answer = lambda _command: accepted()
        got = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana")
        mine = await here.desk.call("GET", "/v1/me/conversations", "ana")
        left = await here.desk.call("GET", "/v1/me/offers", "ana")
    assert [one["id"] for one in shown.body["offers"]] == ["off_cnv_1"]
    assert shown.body["offers"][0]["conversation"]["customer"]["name"] == "Nadia"
    assert (got.status, got.body) == (200, {"offer": "off_cnv_1", "conversation": "cnv_1"})
    assert [one["id"] for one in mine.body["held"]] == ["cnv_1"]
    assert left.body["offers"] == []
    assert here.engine.asked[0][1] == AcceptOffer(workspace=SHOP, actor="ana", offer="off_cnv_1")


@pytest.mark.parametrize(
    ("code", "status"),
    [("gone", 410), ("conflict", 409), ("forbidden", 403), ("invalid", 422)],
    ids=["too late", "another agent was first", "another agent's offer", "not possible"],
)
async def test_an_accept_that_comes_to_nothing_says_why(
    empty_redis: str, code: str, status: int
) -> None:
    async with office(empty_redis) as here:
        await offer(here)
        refuse(here, code, "This offer has ended.")
        got = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana")
    assert (got.status, got.body["code"]) == (status, code)
    assert got.body["detail"] == "This offer has ended."
    assert got.body["type"] == f"/docs#problem-{code}"
    assert got.body["hint"]


async def test_two_agents_accept_at_once_and_one_gets_it(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await offer(here)
        answers: list[list[Any]] = [accepted(), [was.Refused("conflict", "Another agent has it.")]]
        here.engine.answer = lambda _command: answers.pop(0)
        first = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana")
        second = await here.desk.post("/v1/offers/off_cnv_1/accept", "ben")
    assert (first.status, second.status) == (200, 409)


async def test_a_second_accept_by_the_holder_is_harmless(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana")
    assert (got.status, got.body["conversation"]) == (200, "cnv_1")


async def test_an_accept_that_changed_nothing_is_not_a_success_for_others(
    empty_redis: str,
) -> None:
    """The engine forgets what it refused a repeated command for; the view knows who holds it."""
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.post("/v1/offers/off_cnv_1/accept", "ben")
    assert (got.status, got.body["code"]) == (410, "gone")


@pytest.mark.parametrize("what", ["accept", "decline"])
async def test_an_offer_that_never_was_is_not_found(empty_redis: str, what: str) -> None:
    async with office(empty_redis) as here:
        refuse(here, "gone")
        got = await here.desk.post(f"/v1/offers/off_nothing/{what}", "ana")
    assert (got.status, got.body["code"]) == (404, "not_found")


async def test_an_offer_is_declined_with_a_reason(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await offer(here)
        here.engine.answer = lambda c: [
            was.OfferEnded("cnv_1", c.offer, "ana", "declined", NOW_MS, c.reason)
        ]
        got = await here.desk.post("/v1/offers/off_cnv_1/decline", "ana", {"reason": "lunch"})
    assert (got.status, got.body) == (200, {"offer": "off_cnv_1"})
    assert here.engine.asked[0][1] == DeclineOffer(
        workspace=SHOP, actor="ana", offer="off_cnv_1", reason="lunch"
    )


async def test_an_offer_is_declined_for_a_while(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await offer(here)
        here.engine.answer = lambda c: [was.OfferEnded("cnv_1", c.offer, "ana", "declined", NOW_MS)]
        path = "/v1/offers/off_cnv_1/decline"
        wrong = await here.desk.post(path, "ana", {"retry_after": -1})
        got = await here.desk.post(path, "ana", {"retry_after": 90})
    assert (wrong.status, got.status) == (422, 200)
    assert [command.retry_after for _, command in here.engine.asked] == [90]


async def test_an_agent_begins_to_accept_and_everybody_sees_it(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        await offer(here)
        before = await here.desk.call("GET", "/v1/me/offers", "ana")
        here.engine.answer = lambda c: [
            was.Accepting("cnv_1", c.offer, "ana", NOW_MS, NOW_MS + 30_000)
        ]
        got = await here.desk.post("/v1/offers/off_cnv_1/accepting", "ana")
        told = await stream.until("accepting")
        after = await here.desk.call("GET", "/v1/me/offers", "ana")
        agents = await here.desk.call("GET", "/v1/agents", "sue")
        here.engine.answer = lambda _command: [was.Unchanged()]
        again = await here.desk.post("/v1/offers/off_cnv_1/accepting", "ana")
        entries = await here.desk.call("GET", "/v1/conversations/cnv_1/timeline", "ana")
    until = "2026-03-04T12:00:30Z"
    wanted = {"offer": "off_cnv_1", "conversation": "cnv_1", "expires_at": until}
    assert (got.status, got.body) == (again.status, again.body) == (200, wanted)
    assert told.data["expires_at"] == until
    assert [one["state"] for one in before.body["offers"]] == ["pending"]
    (shown,) = after.body["offers"]
    assert (shown["state"], shown["expires_at"]) == ("accepting", until)
    ana = next(one for one in agents.body["agents"] if one["name"] == "ana")
    assert [work["phase"] for work in ana["work"]] == ["accepting"]
    assert entries.body["entries"][-1]["event"] == "accepting"


async def test_everybody_who_is_asked_is_shown_his_own_offer(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await offer(here)
        second = was.Offered("cnv_1", "off_2", "ben", NOW_MS, NOW_MS + 20_000)
        await here.owner.decide(second)
        shown = [
            (await here.desk.call("GET", "/v1/conversations/cnv_1", name)).body["offer"]
            for name in ("ana", "ben", "sue")
        ]
    assert shown == ["off_cnv_1", "off_2", "off_2"]


async def test_who_is_not_asked_any_more_cannot_begin_to_accept(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda _command: [was.Unchanged()]
        got = await here.desk.post("/v1/offers/off_cnv_1/accepting", "ben")
    assert (got.status, got.body["code"]) == (410, "gone")


async def test_a_conversation_is_given_to_a_queue(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        body = {"queue": "sales", "note": "knows the price"}
        got = await here.desk.post("/v1/conversations/cnv_1/transfer", "ana", body)
    assert (got.status, got.body) == (200, {"conversation": "cnv_1", "warnings": []})
    assert here.engine.asked[0][1] == Transfer(
        workspace=SHOP, actor="ana", conversation="cnv_1", queue="sales", note="knows the price"
    )


async def test_a_conversation_is_given_to_an_agent_who_is_not_there(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda _command: [
            was.Released("cnv_1", "ana", NOW_MS, "transferred", "he knows her"),
            queued("cnv_1"),
            was.Warned("cnv_1", "not_there", "This agent is not available."),
        ]
        body = {"agent": "ben", "skills": {"french": 2}, "note": "he knows her"}
        got = await here.desk.post("/v1/conversations/cnv_1/transfer", "ana", body)
        told = await here.desk.call("GET", "/v1/conversations/cnv_1/timeline", "ana")
        nowhere = await here.desk.post("/v1/conversations/cnv_1/transfer", "ana", {"note": "x"})
    assert (got.status, got.body["warnings"]) == (200, ["This agent is not available."])
    assert "he knows her" in [entry.get("note") for entry in told.body["entries"]]
    assert nowhere.status == 422
    assert here.engine.asked[0][1] == Transfer(
        workspace=SHOP,
        actor="ana",
        conversation="cnv_1",
        to_agent="ben",
        skills={"french": 2},
        note="he knows her",
    )


async def test_a_conversation_is_closed_and_wrapped_up(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda _command: [
            was.Closed("cnv_1", "ana", NOW_MS, "solved"),
            was.WrapUpStarted("cnv_1", "ana", NOW_MS, NOW_MS + 30_000),
        ]
        closed = await here.desk.post("/v1/conversations/cnv_1/close", "ana", {"code": "solved"})
        mine = await here.desk.call("GET", "/v1/me/conversations", "ana")
        here.engine.answer = lambda _command: [was.WrapUpEnded("cnv_1", "ana", NOW_MS)]
        ended = await here.desk.post("/v1/conversations/cnv_1/wrap-up/end", "ana")
        after = await here.desk.call("GET", "/v1/me/conversations", "ana")
        shown = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
    assert (closed.status, ended.status) == (200, 200)
    assert [one["id"] for one in mine.body["wrapping_up"]] == ["cnv_1"]
    assert mine.body["wrapping_up"][0]["wrap_up_until"] == "2026-03-04T12:00:30Z"
    assert after.body == {"held": [], "wrapping_up": []}
    assert (shown.body["closed_by"], shown.body["closed_code"]) == ("ana", "solved")
    assert [command for _, command in here.engine.asked] == [
        Close(workspace=SHOP, actor="ana", conversation="cnv_1", code="solved"),
        EndWrapUp(workspace=SHOP, actor="ana", conversation="cnv_1"),
    ]


async def test_a_wrap_up_is_shown_asked_for_extended_and_coded(empty_redis: str) -> None:
    path = "/v1/conversations/cnv_1"
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        await hold(here)
        here.engine.answer = lambda _c: [was.WrapUpAsked("cnv_1", "ana", NOW_MS)]
        await here.desk.post(f"{path}/wrap-up/ask", "ana")
        held = await here.desk.call("GET", path, "ana")
        started = was.WrapUpStarted("cnv_1", "ana", NOW_MS, NOW_MS + 1000, NOW_MS + 9000)
        await here.owner.decide(was.Closed("cnv_1", "customer", NOW_MS), started)
        here.engine.answer = lambda _c: [
            was.WrapUpExtended("cnv_1", "ana", NOW_MS + 6000, NOW_MS),
            was.WrapUpCoded("cnv_1", "ana", "solved", NOW_MS),
        ]
        await here.desk.post(f"{path}/wrap-up/extend", "ana", {"seconds": 5})
        wrapping = await here.desk.call("GET", path, "ana")
        here.engine.answer = lambda _c: [was.WrapUpEnded("cnv_1", "ana", NOW_MS, "refund")]
        await here.desk.post(f"{path}/wrap-up/end", "ana", {"code": "refund"})
        over = await here.desk.call("GET", path, "ana")
        names = [(await stream.until(name)).name for name in ("wrap_up", "wrap_up_ended")]
    shown = {"mode": "timed", "codes": [], "code_required": False, "code": None}
    quiet = {"active": False, "until": None, "until_at_most": None}
    assert held.body["wrap_up"] == {**shown, **quiet, "asked": True}
    assert wrapping.body["wrap_up"] == {
        **shown,
        "active": True,
        "asked": True,
        "code": "solved",
        "until": "2026-03-04T12:00:06Z",
        "until_at_most": "2026-03-04T12:00:09Z",
    }
    assert over.body["wrap_up"] == {**shown, **quiet, "asked": True, "code": "refund"}
    assert names == ["wrap_up", "wrap_up_ended"]
    assert [command for _, command in here.engine.asked] == [
        AskWrapUp(workspace=SHOP, actor="ana", conversation="cnv_1"),
        ExtendWrapUp(workspace=SHOP, actor="ana", conversation="cnv_1", seconds=5),
        EndWrapUp(workspace=SHOP, actor="ana", conversation="cnv_1", code="refund"),
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [("end", {"code": "a word"}), ("extend", {}), ("extend", {"seconds": 0})],
    ids=["no code", "extended by nothing said", "extended by nothing"],
)
async def test_what_is_no_wrap_up_at_all_is_refused(
    empty_redis: str, path: str, body: dict[str, Any]
) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.post(f"/v1/conversations/cnv_1/wrap-up/{path}", "ana", body)
    assert (got.status, got.body["code"]) == (422, "invalid")
    assert here.engine.asked == []


async def test_an_unknown_code_is_told_what_there_is(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        refuse(here, "invalid", "No such code. This queue has solved, refund.")
        got = await here.desk.post("/v1/conversations/cnv_1/close", "ana", {"code": "done"})
    assert (got.status, got.body["code"]) == (422, "invalid")
    assert got.body["detail"] == "No such code. This queue has solved, refund."


async def test_the_alert_a_customer_answers_is_shown(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        alert = OutboundMessage(
            id="msg_alert",
            workspace=SHOP,
            channel="whatsapp",
            account="wa",
            conversation_key="k1",
            kind="alert",
            to="a",
            text="Order 7 is late.",
            alert=Alert(id="alr_1", rule="late", order="7", purpose="service"),
            written_at=NOW,
        )
        await here.owner.send(alert)
        await here.owner.decide(opened(order="7", alert="late", alert_id="alr_1"), queued())
        await here.shown()
        got = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
    assert got.body["alert"]["text"] == "Order 7 is late."
    assert got.body["attributes"]["order"] == "7"


async def test_queues_show_depth_wait_and_agents(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        for name in ("ana", "ben"):
            await here.owner.decide(was.PresenceChanged(name, "available", NOW_MS, session="s"))
        early = was.Queued("cnv_1", "care", "normal", {}, NOW_MS, NOW_MS - 90_000, "new")
        await here.owner.decide(opened("cnv_1", "k1"))
        await here.owner.decide(early)
        await here.owner.decide(opened("cnv_2", "k2"), queued("cnv_2"), offered("cnv_2", "ben"))
        await here.shown()
        got = await here.desk.call("GET", "/v1/queues", "ana")
        waits = await here.desk.call("GET", "/v1/wait-times/shop")
    care, sales = got.body["queues"]
    assert (care["name"], care["depth"], care["offered"]) == ("care", 2, 1)
    assert care["oldest_wait_seconds"] == 90.0
    assert care["agents"] == {"available": 2, "busy": 0, "away": 2}
    assert (sales["depth"], sales["agents"]["available"]) == (0, 1)
    assert waits.body["channels"]["whatsapp"]["waiting"] == 2
    assert waits.body["channels"]["whatsapp"]["longest_seconds"] == 90.0
    assert waits.headers["Cache-Control"] == "public, max-age=5"


async def test_wait_times_of_an_unknown_workspace_are_not_found(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.call("GET", "/v1/wait-times/nowhere")
    assert got.status == 404


async def test_who_is_full_is_busy(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await here.owner.decide(was.PresenceChanged("ben", "available", NOW_MS, session="s"))
        for channel, places in (("whatsapp", 3), ("messenger", 3), ("phone", 1), ("email", 5)):
            for number in range(places):
                name = f"cnv_{channel}_{number}"
                await here.owner.decide(
                    opened(name, name, channel), queued(name), *accepted(name, "ben")
                )
        await here.shown()
        got = await here.desk.call("GET", "/v1/queues", "sue")
        agents = await here.desk.call("GET", "/v1/agents", "sue")
    assert got.body["queues"][0]["agents"] == {"available": 0, "busy": 1, "away": 3}
    assert next(one for one in agents.body["agents"] if one["name"] == "ben")["load"] == 12


async def test_a_timeline_is_read_page_by_page(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await here.owner.decide(opened())
        for number in range(7):
            event = said(SHOP, "k1", number)
            await here.owner.receive(event)
            at = NOW_MS + number // 3
            await here.owner.decide(was.Attached("cnv_1", event.id, "message", at))
        path = "/v1/conversations/cnv_1/timeline"
        await here.shown()
        latest = await here.desk.call("GET", f"{path}?limit=3", "ana")
        older = await here.desk.call("GET", f"{path}?limit=3&before={latest.body['before']}", "ana")
        oldest = await here.desk.call("GET", f"{path}?limit=3&before={older.body['before']}", "ana")
        newer = await here.desk.call("GET", f"{path}?limit=3&after={older.body['after']}", "ana")
        none = await here.desk.call("GET", f"{path}?after={latest.body['after']}", "ana")
    assert texts(latest) == ["text 4", "text 5", "text 6"]
    assert texts(older) == ["text 1", "text 2", "text 3"]
    assert texts(oldest) == [None, "text 0"]
    assert oldest.body["before"] is None
    assert texts(newer) == texts(latest)
    assert (none.body["entries"], none.body["after"]) == ([], latest.body["after"])


def texts(got: Any) -> list[str | None]:
    return [entry.get("text") for entry in got.body["entries"]]


@pytest.mark.parametrize("cursor", ["before=!!!", "after=AAAA", "before=a&after=b", "limit=0"])
async def test_a_cursor_that_we_did_not_give_is_refused(empty_redis: str, cursor: str) -> None:
    async with office(empty_redis) as here:
        await here.owner.decide(opened())
        await here.shown()
        path = f"/v1/conversations/cnv_1/timeline?{cursor}"
        got = await here.desk.call("GET", path, "ana")
    assert (got.status, got.body["code"]) == (422, "invalid")
