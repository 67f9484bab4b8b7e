"""Who may call: passwords, tokens and tickets."""

from datetime import timedelta
from typing import Any

import jwt
import pytest

from patchbay.stack import RedisServer
from tests.router.desk import SHOP, office
from tests.router.owner import NOW
from tests.router.shop import OLD_TOKEN, PASSWORD, TOKEN
from tests.router.viewing import FastClock


def body(**changes: str) -> dict[str, str]:
    return {"workspace": SHOP, "agent": "ana", "password": PASSWORD, **changes}


async def test_the_right_password_gives_a_token_of_the_agents_role(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.call("POST", "/v1/sessions", json=body(agent="sue"))
    assert got.status == 201
    assert (got.body["role"], got.body["workspace"], got.body["agent"]) == (
        "supervisor",
        SHOP,
        "sue",
    )
    assert got.body["expires_at"] == "2026-03-04T20:00:00Z"


async def test_whatever_is_wrong_the_answer_is_the_same(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        answers = [
            await here.desk.call("POST", "/v1/sessions", json=body(**wrong))
            for wrong in (
                {"password": "let me out"},
                {"agent": "nobody"},
                {"workspace": "nowhere"},
                {"workspace": "other", "agent": "ben"},
            )
        ]
    assert [got.status for got in answers] == [401] * 4
    assert len({got.body["detail"] for got in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"


async def test_guessing_is_slowed_down_per_agent(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        for _ in range(10):
            got = await here.desk.call("POST", "/v1/sessions", json=body(password="x"))
            assert got.status == 401
        refused = await here.desk.call("POST", "/v1/sessions", json=body())
        other = await here.desk.call("POST", "/v1/sessions", json=body(agent="ben"))
    assert (refused.status, refused.body["code"]) == (429, "too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert other.status == 201


async def test_guessing_is_slowed_down_per_address(empty_redis: str) -> None:
    async with office(empty_redis, trusted_proxies=1) as here:
        for number in range(60):
            await here.desk.call(
                "POST",
                "/v1/sessions",
                json=body(agent=f"nobody{number}", workspace="nowhere"),
                headers={"X-Forwarded-For": "198.51.100.9, 192.0.2.1"},
            )
        same = {"X-Forwarded-For": "203.0.113.5, 192.0.2.1"}
        refused = await here.desk.call("POST", "/v1/sessions", json=body(), headers=same)
        other = {"X-Forwarded-For": "192.0.2.1, 192.0.2.2"}
        taken = await here.desk.call("POST", "/v1/sessions", json=body(), headers=other)
    assert (refused.status, taken.status) == (429, 201)


async def test_guessing_is_slowed_down_without_redis_too(redis_server: RedisServer) -> None:
    async with office(redis_server.url) as here:
        redis_server.kill()
        for _ in range(10):
            await here.desk.call("POST", "/v1/sessions", json=body(password="x"))
        refused = await here.desk.call("POST", "/v1/sessions", json=body())
        other = await here.desk.call("POST", "/v1/sessions", json=body(agent="ben"))
    assert (refused.status, other.status) == (429, 201)


def claims(**changes: Any) -> dict[str, Any]:
    return {
        "iss": "patchbay",
        "aud": "patchbay-api",
        "sub": "ana",
        "workspace": SHOP,
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
        **changes,
    }


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (jwt.encode(claims(), TOKEN, "HS256"), 200),
        (jwt.encode(claims(), OLD_TOKEN, "HS256"), 200),
        (jwt.encode(claims(), "x" * 32, "HS256"), 401),
        (jwt.encode(claims(), TOKEN * 2, "HS512"), 401),
        (jwt.encode(claims(), "", "none"), 401),
        (jwt.encode(claims(exp=int(NOW.timestamp())), TOKEN, "HS256"), 401),
        (jwt.encode(claims(aud="somebody else"), TOKEN, "HS256"), 401),
        (jwt.encode(claims(iss="somebody else"), TOKEN, "HS256"), 401),
        (jwt.encode(claims(sub="gone"), TOKEN, "HS256"), 401),
        (jwt.encode(claims(workspace="nowhere"), TOKEN, "HS256"), 401),
        (jwt.encode({"sub": "ana"}, TOKEN, "HS256"), 401),
        ("not.a.token", 401),
        ("", 401),
    ],
    ids=[
        "newest secret",
        "older live secret",
        "another secret",
        "another algorithm",
        "no signature",
        "expired",
        "for others",
        "by others",
        "agent no longer configured",
        "workspace no longer configured",
        "without its claims",
        "garbage",
        "empty",
    ],
)
async def test_a_token_is_believed_for_what_it_proves(
    empty_redis: str, token: str, status: int
) -> None:
    async with office(empty_redis) as here:
        await here.shown()
        headers = {"Authorization": f"Bearer {token}"}
        got = await here.desk.call("GET", "/v1/me/presence", headers=headers)
    assert got.status == status


async def test_a_token_expires(empty_redis: str) -> None:
    clock = FastClock()
    async with office(empty_redis, clock=clock) as here:
        await here.desk.token("ana")
        assert (await here.desk.call("GET", "/v1/queues", "ana")).status == 200
        clock.later(hours=8)
        got = await here.desk.call("GET", "/v1/queues", "ana")
    assert (got.status, got.body["detail"]) == (401, "The token has expired.")


@pytest.mark.parametrize("header", ["", "Basic YW5hOmxldCBtZSBpbg==", "Bearer"])
async def test_without_a_bearer_token_nobody_is_signed_in(empty_redis: str, header: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.call("GET", "/v1/queues", headers={"Authorization": header})
    assert (got.status, got.body["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(("agent", "status"), [("ana", 403), ("sue", 200), ("ada", 200)])
async def test_only_who_leads_sees_everybody(empty_redis: str, agent: str, status: int) -> None:
    async with office(empty_redis) as here:
        assert (await here.desk.call("GET", "/v1/agents", agent)).status == status


async def test_a_ticket_opens_one_stream(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.post("/v1/stream-tickets", "ana")
        address = f"/v1/events?ticket={got.body['ticket']}"
        async with here.desk.opened(address) as stream:
            first = stream.told[0]
        again = await here.desk.call("GET", address)
    assert got.status == 201
    assert (first.name, first.data["agent"]) == ("ready", "ana")
    assert again.status == 401
