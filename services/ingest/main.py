"""Wire the ingest service: listeners on one side, the log on the other."""

import asyncio
from contextlib import AsyncExitStack

from services.ingest.accounts import Accounts
from services.ingest.dedupe import Seen
from services.ingest.mail_worker import mail_workers
from services.ingest.receive import Parse, Receiver
from services.ingest.records import Recorder
from services.ingest.settings import IngestSettings
from services.ingest.smtp import serve_mail
from services.ingest.spool import Spool
from services.ingest.waiting import WaitingRoom
from services.ingest.webhooks import Webhooks
from shared.channels.registry import CHANNELS
from shared.errors import ConfigurationInvalid
from shared.listener import ListenerLimits, public_listener
from shared.service import Deps


def served(channel: str) -> frozenset[str]:
    """What `--channel` means: one channel, `commerce`, or `all`. Raises ConfigurationInvalid."""
    known = frozenset({*CHANNELS, "commerce"})
    if channel not in known | {"all"}:
        raise ConfigurationInvalid(f"no channel {channel!r}: all, {', '.join(sorted(known))}")
    return known if channel == "all" else frozenset({channel})


async def serve(deps: Deps, settings: IngestSettings, stop: asyncio.Event) -> None:
    """Take what providers send until `stop` is set; then finish what is under way and return."""
    channels = served(settings.channel)
    accounts = Accounts(deps.config)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(deps.log.sink())
        spool = await stack.enter_async_context(Spool(settings.spool, sink, deps.clock))
        seen = Seen(deps.redis, deps.log, deps.shards, deps.clock, settings.remember_days)
        recorder = Recorder(accounts, deps.shards)
        waiting = WaitingRoom(deps.redis, accounts, deps.clock)
        parsers: dict[str, Parse] = {}
        if "email" in channels and accounts.of_channel("email"):
            readers = await stack.enter_async_context(mail_workers(settings.mail_workers))
            parsers["email"] = readers.parse
        receiver = Receiver(recorder, seen, sink, spool, waiting, deps.clock, parsers)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        tasks.create_task(seen.keep_fresh(stop), name="duplicate-index")
        tasks.create_task(spool.replay(stop), name="spool-replay")
        webhooks = Webhooks(accounts, receiver, deps.clock, channels, settings.body_seconds)
        limits = ListenerLimits(
            connections=settings.connections,
            header_seconds=settings.header_seconds,
            body_seconds=settings.body_seconds,
        )
        port = await stack.enter_async_context(
            public_listener(webhooks.application(), settings.listen_host, settings.port, limits)
        )
        deps.listening(f"ingest-{settings.channel}", port)
        if "email" in parsers:
            await stack.enter_async_context(serve_mail(deps, settings, accounts, receiver.receive))
        deps.probes.ready["ingest"] = lambda: not stop.is_set()
        await stop.wait()
