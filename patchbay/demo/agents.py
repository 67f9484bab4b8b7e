"""The simulated agents: they use the queue API and its event stream, as a desktop does."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import orjson

from patchbay.demo.ledger import NONCE, TOKEN
from shared.clock import Clock

_PAUSE = 0.5
_TALK = timedelta(seconds=10)
_DOUBTFUL = {"unknown", "failed"}
_SENT = {"accepted", "sent", "delivered", "read", "played"}
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_read=30)

Json = dict[str, Any]


class Unauthorized(Exception):
    """The token is not believed (any more): sign in again."""


class Api:
    """The queue API for one agent; every write carries a key, so that it can be repeated."""

    def __init__(
        self,
        client: aiohttp.ClientSession,
        url: str,
        workspace: str,
        agent: str,
        password: str,
        clock: Clock,
    ) -> None:
        self._client = client
        self._url = url
        self._sign_in = {"workspace": workspace, "agent": agent, "password": password}
        self._clock = clock
        self._token = ""
        self.agent = agent

    async def ask(
        self, method: str, path: str, body: Json | None = None, key: str = ""
    ) -> tuple[int, Json]:
        """Status and body; repeats while the API is away or does not know the outcome."""
        while True:
            try:
                status, answer = await self._once(method, path, body, key)
            except (aiohttp.ClientError, OSError, TimeoutError):
                status, answer = 503, {}
            if status == 401:
                await self.sign_in()
            elif status != 429 and status < 500:
                return status, answer
            await self._clock.sleep(_PAUSE)

    async def sign_in(self) -> None:
        """Get a token, however long it takes."""
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with self._client.post(
                    f"{self._url}/v1/sessions", json=self._sign_in
                ) as reply:
                    if reply.status in (200, 201):
                        self._token = (await reply.json())["token"]
                        return
            await self._clock.sleep(_PAUSE)

    async def events(self, last: str) -> AsyncIterator[tuple[str, str, Json]]:
        """Event id, name and data, from `last` on; ends when the stream does."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        if last:
            headers["Last-Event-ID"] = last
        async with self._client.get(
            f"{self._url}/v1/events", headers=headers, timeout=_STREAM_TIMEOUT
        ) as reply:
            if reply.status == 401:
                raise Unauthorized
            reply.raise_for_status()
            fields: dict[str, str] = {}
            async for raw in reply.content:
                line = raw.decode().rstrip("\r\n")
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                elif fields:
                    data = orjson.loads(fields.get("data") or "{}")
                    yield fields.get("id", ""), fields.get("event", ""), data
                    fields = {}

    async def _once(self, method: str, path: str, body: Json | None, key: str) -> tuple[int, Json]:
        headers = {"Authorization": f"Bearer {self._token}"}
        if key:
            headers["Idempotency-Key"] = key
        async with self._client.request(
            method, f"{self._url}/v1{path}", json=body, headers=headers
        ) as reply:
            raw = await reply.read()
            is_json = "json" in reply.content_type
            return reply.status, orjson.loads(raw) if raw and is_json else {}


@dataclass
class Handled:
    """What the agents did, for the table."""

    accepted: int = 0
    replied: int = 0
    closed: int = 0
    refused: int = 0
    seen_twice: Callable[[str], None] = lambda _token: None


class Agent:
    """One agent at work: takes every offer, answers every question, closes what is done."""

    def __init__(self, api: Api, handled: Handled, clock: Clock, seed: int) -> None:
        self._api = api
        self._handled = handled
        self._clock = clock
        self._random = random.Random(f"agent-{api.agent}-{seed}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._last_event = ""

    async def work(self) -> None:
        """Be available, until cancelled."""
        await self._api.sign_in()
        try:
            while True:
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    await self._follow()
                await self._clock.sleep(_PAUSE)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self) -> None:
        try:
            async for event_id, name, data in self._api.events(self._last_event):
                self._last_event = event_id or self._last_event
                await self._heard(name, data)
        except Unauthorized:
            await self._api.sign_in()

    async def _heard(self, name: str, data: Json) -> None:
        if name in ("ready", "reset"):
            await self._api.ask("PUT", "/me/presence", {"state": "available"})
            await self._catch_up()
        elif name == "presence" and data["state"] == "away":  # for offers missed while we were gone
            await self._api.ask("PUT", "/me/presence", {"state": "available"})
        elif name == "offer":
            self._start(data["conversation"], data["offer"])
        elif name in ("assigned", "message"):
            self._start(data["conversation"], None)

    async def _catch_up(self) -> None:
        _, offers = await self._api.ask("GET", "/me/offers")
        for offer in offers.get("offers", []):
            self._start(offer["conversation"]["id"], offer["id"])
        _, mine = await self._api.ask("GET", "/me/conversations")
        for conversation in mine.get("held", []):
            self._start(conversation["id"], None)

    def _start(self, conversation: str, offer: str | None) -> None:
        """Work on a conversation, or look at it once more when the work on it is under way."""
        if conversation in self._busy and offer is None:
            self._again.add(conversation)
            return
        task = asyncio.create_task(self._handle(conversation, offer))
        self._tasks.add(task)
        self._busy[conversation] = task
        task.add_done_callback(partial(self._finished, conversation))

    def _finished(self, conversation: str, task: asyncio.Task[None]) -> None:
        """What was offered once more meanwhile is worked on by another task."""
        self._tasks.discard(task)
        if self._busy.get(conversation) is task:
            del self._busy[conversation]

    async def _handle(self, conversation: str, offer: str | None) -> None:
        if offer is not None:
            await self._clock.sleep(self._random.uniform(0.02, 0.2))
            status, _ = await self._api.ask(
                "POST", f"/offers/{offer}/accept", {}, key=f"accept-{offer}"
            )
            if status >= 300:
                self._handled.refused += 1
                return
            self._handled.accepted += 1
        while True:
            self._again.discard(conversation)
            done = await self._serve(conversation)
            if done and conversation not in self._again:
                return
            await self._clock.sleep(0.3)

    async def _serve(self, conversation: str) -> bool:
        """Answer what is open; close when everything has reached the customer."""
        status, found = await self._api.ask("GET", f"/conversations/{conversation}")
        if status != 200 or found["state"] == "closed" or found["agent"] != self._api.agent:
            return True
        _, timeline = await self._api.ask(
            "GET", f"/conversations/{conversation}/timeline?limit=200"
        )
        entries = timeline.get("entries", [])
        asked = self._questions(entries)
        replies = [e for e in entries if e["type"] == "message" and NONCE.search(e["text"] or "")]
        sure = [reply for reply in replies if reply["delivery"]["state"] not in _DOUBTFUL]
        answered = {token for reply in sure for token in TOKEN.findall(reply["text"])}
        missing = [token for token in asked if token not in answered]
        if missing:
            await self._clock.sleep(self._random.uniform(0.2, 1.0))
            await self._reply(conversation, missing, len(replies))
            return False
        if found["channel"] == "phone":
            return await self._on_the_phone(conversation, found, entries)
        if any(reply["delivery"]["state"] not in _SENT for reply in sure):
            return False
        return await self._close(conversation, entries)

    def _questions(self, entries: list[Json]) -> list[str]:
        customer = [entry for entry in entries if entry["type"] == "customer"]
        tokens = [token for entry in customer for token in TOKEN.findall(entry["text"] or "")]
        for token in {token for token in tokens if tokens.count(token) > 1}:
            self._handled.seen_twice(token)
        return list(dict.fromkeys(tokens))

    async def _reply(self, conversation: str, tokens: list[str], before: int) -> None:
        """Answer; `before` counts the replies there were. Who may not have got one gets another."""
        nonce = f"r{self._api.agent}{tokens[0]}n{before}"
        named = " ".join(f"#{token}" for token in tokens)
        text = f"Thank you for asking {named}. It is on its way. [{nonce}]"
        status, _ = await self._api.ask(
            "POST", f"/conversations/{conversation}/replies", {"text": text}, key=nonce
        )
        self._handled.replied += status < 300
        self._handled.refused += status >= 300

    async def _on_the_phone(self, conversation: str, found: Json, entries: list[Json]) -> bool:
        """Talk until the call ends; what is still owed to the customer is tried again."""
        known = found["attributes"]
        if known.get("call_state") == "ended" and known.get("owed") != "true":
            return await self._close(conversation, entries)
        since = found["assigned_at"]
        calls = [e["delivery"] for e in entries if e["type"] == "message" and e["at"] >= since]
        if calls and calls[-1]["state"] in _DOUBTFUL and known.get("owed") == "true":
            await self._give_back(conversation, found)
            return True
        if calls and (calls[-1]["state"] in _DOUBTFUL or self._is_over(calls[-1])):
            return await self._close(conversation, entries)  # nobody could tell us that it ended
        await self._clock.sleep(0.5)
        return False

    def _is_over(self, call: Json) -> bool:
        """Whoever has talked knows it, also when the network's word about it was lost."""
        if call["state"] not in _SENT:
            return False
        return self._clock.now() - datetime.fromisoformat(call["at"]) > _TALK

    async def _give_back(self, conversation: str, found: Json) -> None:
        """Who takes it next calls the customer once more."""
        await self._api.ask(
            "POST", f"/conversations/{conversation}/transfer", {"queue": found["queue"]},
            key=f"transfer-{conversation}-{found['assigned_at']}",
        )  # fmt: skip

    async def _close(self, conversation: str, entries: list[Json]) -> bool:
        """End it, unless the customer has written since; then there is more to do."""
        customer = [entry["id"] for entry in entries if entry["type"] == "customer"]
        if not customer:  # a view that was lost comes back piece by piece
            return False
        status, _ = await self._api.ask(
            "POST", f"/conversations/{conversation}/close",
            {"code": "solved", "seen": customer[-1]}, key=f"close-{conversation}-{customer[-1]}",
        )  # fmt: skip
        self._handled.closed += status < 300
        return status != 409
