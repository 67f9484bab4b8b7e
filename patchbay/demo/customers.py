"""The simulated customers: they write, wait for the answer, ask on, or call."""

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from patchbay.demo.callers import Callers
from patchbay.demo.ledger import Ledger, Place
from patchbay.demo.mail import MailBag
from patchbay.demo.post import Post
from patchbay.demo.providers import apple, commerce, messenger, whatsapp
from patchbay.demo.scenario import Customer, LateParcel, Visit
from shared.channels import HttpRequest
from shared.clock import Clock

_PATIENCE = 120.0
_LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Links:
    """The provider accounts customers write through."""

    number: whatsapp.Number
    page: messenger.Page
    business: apple.Business
    shop_url: str
    shop_secret: str


class Customers:
    """All customers of one demo. `stop` ends their coming, not their waiting."""

    def __init__(
        self,
        links: Links,
        post: Post,
        mail: MailBag,
        callers: Callers,
        ledger: Ledger,
        clock: Clock,
        now: Callable[[], float],
        stop: asyncio.Event,
    ) -> None:
        self._links = links
        self._post = post
        self._mail = mail
        self._callers = callers
        self._ledger = ledger
        self._clock = clock
        self._now = now
        self._stop = stop
        self._count = 0
        self.expected_alerts = 0

    async def come(self, visits: Iterator[Visit], parcels: Iterator[LateParcel]) -> None:
        """Let visits and late parcels happen at their times; ends when all are over."""
        async with asyncio.TaskGroup() as people:
            people.create_task(self._at_their_times(visits, people, self._visit))
            people.create_task(self._at_their_times(parcels, people, self._parcel))

    async def _at_their_times(
        self,
        items: Iterator[Visit] | Iterator[LateParcel],
        people: asyncio.TaskGroup,
        happen: Callable[[Visit], Awaitable[None]] | Callable[[LateParcel], Awaitable[None]],
    ) -> None:
        for item in items:
            while self._now() < item.at and not self._stop.is_set():
                await self._clock.sleep(min(_LOOK_EVERY, max(0.0, item.at - self._now())))
            if self._stop.is_set():
                return
            people.create_task(happen(item))  # type: ignore[arg-type]

    async def _visit(self, visit: Visit) -> None:
        customer = visit.customer
        if customer.channel == "phone":
            await self._callers.call(customer, visit.wish, self._token())
            return
        token = await self._ask(customer, visit.text, twice=visit.twice)
        if visit.follow_up is not None and await self._answered(token):
            await self._ask(customer, visit.follow_up, twice=False)

    async def _parcel(self, late: LateParcel) -> None:
        today = self._clock.now().date()
        customer = late.customer
        number = address(customer)
        buyer = commerce.Buyer(
            number=f"cust-{customer.number}",
            name=customer.name,
            email=number if customer.channel == "email" else f"c{customer.number}@home.example",
            phone=f"+4915{customer.number:09d}",
            language=customer.language,
            channel=customer.channel,
            address=f"+{number}" if customer.channel == "whatsapp" else number,
        )
        parcel = commerce.Parcel(late.shipment, late.order, today, today + timedelta(days=3), buyer)
        told = commerce.late(
            "signed", self._links.shop_url, self._links.shop_secret, parcel, self._clock.now()
        )
        taken = [await self._post.until_taken(request, self._stop) for request in told]
        self.expected_alerts += taken[-1]
        if late.answers and await self._alerted(late.shipment):
            await self._ask(customer, f"Thanks for telling me about {late.shipment}.", twice=False)

    async def _ask(self, customer: Customer, text: str, *, twice: bool) -> str:
        token = self._token()
        place = Place(customer.channel, address(customer))
        self._ledger.asked(token, place, self._now())
        said = f"{text} #{token}"
        if customer.channel == "email":
            taken = await self._mail.write(place.address, customer.name, said, token, self._stop)
        else:
            request = self._request(customer, said, token)
            taken = await self._post.until_taken(request, self._stop)
            if twice:
                await self._post.until_taken(request, self._stop)
        if taken:
            self._ledger.accepted(token, self._now())
        return token

    def _request(self, customer: Customer, text: str, token: str) -> HttpRequest:
        now, place = self._clock.now(), address(customer)
        message_id = hashlib.blake2b(token.encode(), digest_size=16).hexdigest()
        if customer.channel == "whatsapp":
            said = whatsapp.Said(place, text, f"wamid.{message_id}", now, customer.name)
            return whatsapp.messages(self._links.number, [said])
        if customer.channel == "messenger":
            wrote = messenger.Said(place, text, f"m_{message_id}", now)
            return messenger.messages(self._links.page, [wrote])
        apple_id = str(uuid.UUID(message_id))
        return apple.text_message(self._links.business, place, text, apple_id, now)

    async def _answered(self, token: str) -> bool:
        return await self._within(lambda: self._ledger.questions[token].answered_at is not None)

    async def _alerted(self, shipment: str) -> bool:
        return await self._within(lambda: shipment in self._ledger.alerts)

    async def _within(self, happened: Callable[[], bool]) -> bool:
        deadline = self._now() + _PATIENCE
        while not happened():
            if self._now() > deadline or self._stop.is_set():
                return False
            await self._clock.sleep(_LOOK_EVERY)
        return not self._stop.is_set()

    def _token(self) -> str:
        self._count += 1
        return f"q{self._count:05d}"


def address(customer: Customer) -> str:
    """Who a customer is on his channel."""
    number = customer.number
    return {
        "whatsapp": f"4915{number:09d}",
        "messenger": f"7770{number:08d}",
        "apple": f"urn:mbid:AQAA{number:08d}",
        "email": f"c{number}@home.example",
        "phone": f"+4915{number:09d}",
    }[customer.channel]
