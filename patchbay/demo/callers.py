"""The simulated callers, on a telephone network of their own."""

import asyncio
from collections.abc import Callable

from patchbay.demo.ledger import Ledger, Place
from patchbay.demo.post import Post
from patchbay.demo.providers import phone
from patchbay.demo.providers.phone_network import Due, Heard, Network, Wish
from patchbay.demo.scenario import Customer
from shared.clock import Clock


class Callers:
    """Sends what the network's calls have to send, and notes what callers experience."""

    def __init__(
        self, network: Network, post: Post, ledger: Ledger, clock: Clock, now: Callable[[], float]
    ) -> None:
        self._network = network
        self._post = post
        self._ledger = ledger
        self._clock = clock
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._tokens: dict[str, str] = {}
        self._noted = 0
        self._failed: set[str] = set()

    async def call(self, customer: Customer, wish: Wish, token: str) -> None:
        """Somebody dials our number; the rest follows by itself."""
        number = f"+4915{customer.number:09d}"
        self._tokens[number] = token
        self._ledger.asked(token, Place("phone", number), self._now())
        self.follow(phone.incoming(self._network, number, wish))

    def follow(self, dues: list[Due]) -> None:
        """Send these webhooks at their times, and what follows from the answers."""
        for due in dues:
            task = asyncio.create_task(self._send(due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._note()

    async def close(self) -> None:
        """Everybody hangs up without a word to us; what was under way is forgotten."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, due: Due) -> None:
        await self._clock.sleep(due.after)
        if not phone.still_due(self._network, due):
            return
        reply = await self._post.once(due.request)
        if reply is None:
            self.follow(phone.failed(self._network, due))
        else:
            if 200 <= reply.status < 300 and self._network.calls[due.call].queue_action:
                self._taken(due.call)
            self.follow(phone.replied(self._network, due, reply))

    def _taken(self, call: str) -> None:
        token = self._tokens.get(self._network.calls[call].customer)
        if token is not None:
            self._ledger.accepted(token, self._now())

    def _note(self) -> None:
        heard = self._network.heard[self._noted :]
        self._noted = len(self._network.heard)
        for what in heard:
            self._experienced(what)

    def _experienced(self, heard: Heard) -> None:
        place = Place("phone", heard.customer)
        token = self._tokens.get(heard.customer)
        if heard.what == "connected":
            self._ledger.connected(place, heard.call, self._now())
        elif token is None:
            return
        elif heard.what == "voicemail":
            self._ledger.accepted(token, self._now())
        elif heard.what == "failed":
            self._failed.add(heard.call)
            self._ledger.withdrawn(token)
        elif heard.what == "ended" and heard.call not in self._failed:
            self._hung_up(self._network.calls[heard.call].wish, token)

    def _hung_up(self, wish: Wish, token: str) -> None:
        if wish == "hangup":
            self._ledger.withdrawn(token)
        elif wish == "callback":
            self._ledger.accepted(token, self._now())
