"""Everything around Patchbay: customers, agents and providers, in one place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from patchbay.demo import configuration
from patchbay.demo.agents import Agent, Api, Handled
from patchbay.demo.callers import Callers
from patchbay.demo.configuration import Secrets
from patchbay.demo.customers import Customers, Links
from patchbay.demo.layout import Layout
from patchbay.demo.ledger import Ledger
from patchbay.demo.loopback import Loopback
from patchbay.demo.mail import MailBag
from patchbay.demo.post import Post
from patchbay.demo.providers import apple, messenger, whatsapp
from patchbay.demo.providers.meta import App
from patchbay.demo.providers.phone_network import Network
from patchbay.demo.providers.phone_wire import Line
from shared.channels import HttpRequest
from shared.clock import Clock

KEYS = {"agent": "1", "hangup": "1", "voicemail": "3", "callback": "4"}


class World:
    """Built once per demo. `stop` ends the customers' coming."""

    def __init__(
        self,
        plan: Layout,
        secrets: Secrets,
        seed: int,
        client: aiohttp.ClientSession,
        clock: Clock,
        begun: float,
        stop: asyncio.Event,
    ) -> None:
        self.clock = clock
        self.ledger = Ledger()
        self.handled = Handled(seen_twice=self.ledger.seen_twice.add)
        self._begun = begun
        self._stop = stop
        self.post = Post(client, clock)
        links = _links(plan, secrets)
        network = _network(plan, secrets, seed)
        self.callers = Callers(network, self.post, self.ledger, clock, self.now)
        yours = whatsapp.Number(links.number.app, configuration.YOUR_NUMBER_ID)
        numbers = (links.number, yours)
        self.loopback = Loopback(
            self.ledger, clock, self.now, numbers, links.page, links.business, network
        )
        self.loopback.send_receipt = self._send_receipt
        self.loopback.follow_calls = self.callers.follow
        self.mail = MailBag(
            configuration.MAILBOX, plan.smtp_host, plan.smtp_port, self.ledger, clock, self.now
        )
        self.customers = Customers(
            links, self.post, self.mail, self.callers, self.ledger, clock, self.now, stop
        )

        def api(name: str) -> Api:
            workspace = configuration.WORKSPACE
            return Api(client, plan.api, workspace, name, secrets.password, clock)

        self.agents = [Agent(api(name), self.handled, clock, seed) for name in configuration.AGENTS]
        self.supervisor = api("sam")

    def now(self) -> float:
        """Seconds since the demo began."""
        return self.clock.monotonic() - self._begun

    @asynccontextmanager
    async def providers(self, host: str, port: int, smtp_port: int) -> AsyncIterator[None]:
        """Let the loopback providers listen until left."""
        async with self.loopback.listening(host, port), self.mail.listening(host, smtp_port):
            yield

    async def drained(self, seconds: float) -> None:
        """Wait until everything is answered and every alert has come, or the time is over."""
        deadline = self.now() + seconds
        while self.now() < deadline and not self._complete():
            await self.clock.sleep(0.2)

    def _complete(self) -> bool:
        alerts = len(self.ledger.alerts) >= self.customers.expected_alerts
        return alerts and not self.ledger.unanswered()

    async def _send_receipt(self, request: HttpRequest) -> None:
        await self.post.until_taken(request, self._stop)


def _links(plan: Layout, secrets: Secrets) -> Links:
    def webhook(channel: str, account: str) -> str:
        return f"{plan.webhooks[channel]}/webhooks/{channel}/{account}"

    def app(channel: str, account: str) -> App:
        return App(secrets.meta_app, secrets.meta_access, webhook(channel, account))

    return Links(
        number=whatsapp.Number(app("whatsapp", "whatsapp-main"), configuration.PHONE_NUMBER_ID),
        page=messenger.Page(app("messenger", "messenger-main"), configuration.PAGE_ID),
        business=apple.Business(
            configuration.MSP_ID,
            configuration.BUSINESS_ID,
            secrets.apple,
            webhook("apple", "apple-main"),
        ),
        shop_url=webhook("commerce", "shop"),
        shop_secret=secrets.shop,
    )


def _network(plan: Layout, secrets: Secrets, seed: int) -> Network:
    line = Line(
        configuration.ACCOUNT_SID,
        secrets.twilio,
        configuration.PHONE_NUMBER,
        f"{plan.webhooks['phone']}/webhooks/phone/phone-main",
    )
    # The call ids of another run would be taken for duplicates.
    return Network(line, f"{seed}-{secrets.identity}", KEYS, talk_seconds=1.5, round_seconds=1.0)
