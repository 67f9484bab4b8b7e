"""The customers' letters: written over SMTP, answered over SMTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from patchbay.demo.ledger import Ledger, Place
from patchbay.demo.providers import email
from patchbay.demo.providers.email import Letter, MailServer
from shared.clock import Clock

_PAUSE = 0.5


class MailBag:
    """Writes for all customers who use e-mail, and takes what they get."""

    def __init__(
        self,
        mailbox: str,
        host: str,
        port: int,
        ledger: Ledger,
        clock: Clock,
        now: Callable[[], float],
    ) -> None:
        self._mailbox = mailbox
        self._host = host
        self._port = port
        self._ledger = ledger
        self._clock = clock
        self._now = now
        self._last: dict[str, Letter] = {}
        self.retries = 0

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[None]:
        """Take the letters that are sent to customers, until left."""
        async with MailServer(self._deliver).listening(host, port):
            yield

    async def write(
        self, customer: str, name: str, text: str, token: str, stop: asyncio.Event
    ) -> bool:
        """A customer writes, or answers the last letter he got; repeated until it is taken."""
        now = self._clock.now()
        message_id = f"<{token}@home.example>"
        letter = self._last.get(customer)
        if letter is None:
            content = email.first_mail(
                customer, name, self._mailbox, text[:40], text, message_id, now
            )
            recipient = self._mailbox
        else:
            content = email.answer(letter, name, text, message_id, now)
            recipient = letter.answer_to
        while True:
            code = await email.hand_over(self._host, self._port, customer, recipient, content)
            if code == 250:
                return True
            if stop.is_set():
                return False
            self.retries += 1
            await self._clock.sleep(_PAUSE)

    async def _deliver(self, letter: Letter) -> None:
        self._last[letter.customer] = letter
        said = "\n".join(line for line in letter.text.splitlines() if not line.startswith(">"))
        self._ledger.arrived(Place("email", letter.customer), said, self._now())
