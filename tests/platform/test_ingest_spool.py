"""What the phone's provider will not send again waits on disk, in order, until the log takes it."""

import asyncio
from pathlib import Path
from typing import Any

from patchbay.demo.providers import phone_wire
from patchbay.demo.providers.phone_wire import Line
from tests.platform.ingesting import ENVIRONMENT, Ingest, running_ingest

LINE = Line(
    "AC00000000000000000000000000000001",
    ENVIRONMENT["TWILIO"],
    "+15550100001",
    "http://voice.example/webhooks/phone/phone",
)


async def _calls(ingest: Ingest, call: str) -> tuple[int, bytes]:
    """Somebody's call comes in, as Twilio says so; what our answer lets the caller hear."""
    form = {
        "AccountSid": LINE.account_sid,
        "CallSid": f"CA{call:0>32}",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": "+4915112345678",
        "To": LINE.number,
        "Called": LINE.number,
        "Caller": "+4915112345678",
        "ApiVersion": "2010-04-01",
    }
    request = phone_wire.webhook(LINE, LINE.webhook, form, token=call)
    address = f"{ingest.url}/webhooks/phone/phone"
    async with ingest.client.post(address, data=request.body, headers=request.headers) as reply:
        return reply.status, await reply.read()


async def _told(ingest: Ingest, number: int) -> list[str]:
    """Which calls are in the log, in its order, once there are so many events."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while len(found) < number:
            found = await ingest.records("inbound")
            await asyncio.sleep(0.05)
    calls = (record["data"]["action"]["call"]["id"] for record in found)
    return list(dict.fromkeys(call.lstrip("CA0") for call in calls))


async def test_a_caller_is_served_while_the_log_is_away(empty_redis: str, tmp_path: Path) -> None:
    async with running_ingest(empty_redis, tmp_path) as ingest:
        ingest.log.go_away(True)

        status, heard = await _calls(ingest, "1")

        assert status == 200
        assert phone_wire.read_twiml(heard)
        assert await ingest.records("inbound") == []


async def test_calls_are_replayed_in_order_when_the_log_is_back(
    empty_redis: str, tmp_path: Path
) -> None:
    async with running_ingest(empty_redis, tmp_path) as ingest:
        await _calls(ingest, "1")
        each = len(await ingest.records("inbound"))
        ingest.log.go_away(True)
        await _calls(ingest, "2")
        await _calls(ingest, "3")
        ingest.log.go_away(False)
        await _calls(ingest, "4")

        assert await _told(ingest, 4 * each) == ["1", "2", "3", "4"]


async def test_what_waits_survives_the_process(empty_redis: str, tmp_path: Path) -> None:
    async with running_ingest(empty_redis, tmp_path) as first:
        first.log.go_away(True)
        await _calls(first, "1")
    async with running_ingest(empty_redis, tmp_path) as second:
        assert await _told(second, 1) == ["1"]
