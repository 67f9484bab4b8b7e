"""Who writes or calls when: deterministic for a seed, whatever the machine does."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

CHANNELS = {"whatsapp": 0.3, "messenger": 0.2, "apple": 0.15, "email": 0.2, "phone": 0.15}

_TEXTS = {
    "en": (
        "Where is my parcel?",
        "The lamp arrived broken.",
        "Can I still change the address?",
        "I was charged twice.",
        "How do I return these shoes?",
    ),
    "de": (
        "Wo bleibt mein Paket?",
        "Die Lampe kam zerbrochen an.",
        "Kann ich die Adresse noch ändern?",
        "Mir wurde zweimal abgebucht.",
        "Wie schicke ich die Schuhe zurück?",
    ),
}
_FOLLOW_UPS = {"en": "And when will it be here?", "de": "Und wann kommt es an?"}

Wish = Literal["agent", "voicemail", "callback", "hangup"]


@dataclass(frozen=True, slots=True)
class Customer:
    """One simulated person: always on one channel, in one language."""

    number: int
    channel: str
    language: Literal["en", "de"]

    @property
    def name(self) -> str:
        """What his profile says."""
        return f"Customer {self.number}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer comes with a question, `at` seconds after the demo began.

    `follow_up` is asked after the answer. `twice` says that his provider delivers the first message
    two times. `wish` is what a caller wants.
    """

    at: float
    customer: Customer
    text: str
    follow_up: str | None
    twice: bool
    wish: Wish


@dataclass(frozen=True, slots=True)
class LateParcel:
    """A parcel's carrier says, `at` seconds after the beginning, that it will be late.

    `answers` says that the customer writes back when he is told.
    """

    at: float
    number: int
    customer: Customer
    answers: bool

    @property
    def shipment(self) -> str:
        """The tracking number, which stands in every text about it."""
        return f"PB{self.number:06d}"

    @property
    def order(self) -> str:
        """The shop's order number."""
        return f"ORD{self.number:05d}"


def visits(seed: int, rate: float, begun: float = 0.0) -> Iterator[Visit]:
    """Visits for ever from `begun` on, `rate` a second on average, exponentially spaced."""
    randomness = random.Random(f"visits-{seed}")
    at, number = begun, 0
    while True:
        number += 1
        at += randomness.expovariate(rate)
        (channel,) = randomness.choices(list(CHANNELS), list(CHANNELS.values()))
        language: Literal["en", "de"] = randomness.choice(("en", "en", "de"))
        follows = channel != "phone" and randomness.random() < 0.35
        yield Visit(
            at=at,
            customer=Customer(number, channel, language),
            text=randomness.choice(_TEXTS[language]),
            follow_up=_FOLLOW_UPS[language] if follows else None,
            twice=randomness.random() < 0.1,
            wish=_wish(randomness.random()),
        )


def _wish(chance: float) -> Wish:
    if chance < 0.7:
        return "agent"
    return "voicemail" if chance < 0.8 else "callback" if chance < 0.95 else "hangup"


def late_parcels(seed: int, every: float, begun: float = 0.0) -> Iterator[LateParcel]:
    """Late parcels for ever, one every `every` seconds on average."""
    randomness = random.Random(f"parcels-{seed}")
    at, number = begun, 0
    while True:
        number += 1
        at += randomness.uniform(0.5, 1.5) * every
        channel = randomness.choice(("whatsapp", "email"))
        language: Literal["en", "de"] = randomness.choice(("en", "de"))
        customer = Customer(900_000 + number, channel, language)
        yield LateParcel(at, number, customer, randomness.random() < 0.4)
