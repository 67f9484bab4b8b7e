"""What customers sent and what came back to them, counted where customers are."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

TOKEN = re.compile(r"#(q[0-9a-z]+)")
SHIPMENT = re.compile(r"\b(PB\d{6})\b")
NONCE = re.compile(r"\[(r[0-9a-z]+)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """One customer on one channel: where an answer to him must arrive."""

    channel: str
    address: str


@dataclass(slots=True)
class Question:
    """One message (or call) of a customer. Times are seconds since the demo began."""

    token: str
    place: Place
    asked_at: float
    accepted_at: float | None = None
    answered_at: float | None = None


@dataclass
class Ledger:
    """Every question by its token; every answer by the nonce its agent wrote into it."""

    questions: dict[str, Question] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    wrong_channel: int = 0
    seen_twice: set[str] = field(default_factory=set)

    def asked(self, token: str, place: Place, now: float) -> None:
        """A customer is about to send this; nothing has been accepted yet."""
        self.questions[token] = Question(token, place, now)

    def accepted(self, token: str, now: float) -> None:
        """A listener answered 2xx or 250: from now on it must never be lost."""
        question = self.questions[token]
        question.accepted_at = question.accepted_at or now

    def withdrawn(self, token: str) -> None:
        """The caller hung up before anybody answered: he asks for nothing any more."""
        question = self.questions[token]
        if question.answered_at is None:
            question.accepted_at = None

    def arrived(self, place: Place, text: str, now: float) -> None:
        """A provider delivered this text to this customer: an answer, or an alert."""
        nonces = NONCE.findall(text)
        self.answers.update(nonces)
        if not nonces:
            self.alerts.update(set(SHIPMENT.findall(text)))
        for token in TOKEN.findall(text):
            self._answer(place, token, now)

    def connected(self, place: Place, call: str, now: float) -> None:
        """An agent speaks to this caller, on the call he made or on the one that calls him back."""
        self.answers[call] += 1
        tokens = [q.token for q in self.questions.values() if q.place == place]
        for token in tokens or [""]:
            self._answer(place, token, now)

    def _answer(self, place: Place, token: str, now: float) -> None:
        question = self.questions.get(token)
        if question is None or question.place != place:
            self.wrong_channel += 1
            return
        question.accepted_at = question.accepted_at or now
        question.answered_at = question.answered_at or now

    def unanswered(self) -> list[Question]:
        """What was accepted and has no answer yet."""
        return [
            question
            for question in self.questions.values()
            if question.accepted_at is not None and question.answered_at is None
        ]

    def summary(self, waiting: Iterable[str], dead: Iterable[str]) -> "Summary":
        """The reconciliation, given the tokens found waiting and found dead from outside."""
        received = [q for q in self.questions.values() if q.accepted_at is not None]
        missing = {question.token for question in self.unanswered()}
        found_waiting = missing & set(waiting)
        found_dead = (missing - found_waiting) & set(dead)
        repeats = sum(count - 1 for count in self.answers.values())
        repeats += sum(count - 1 for count in self.alerts.values())
        return Summary(
            received=len(received),
            answered=len(received) - len(missing),
            waiting=len(found_waiting),
            dead_lettered=len(found_dead),
            alerts=len(self.alerts),
            lost=len(missing - found_waiting - found_dead),
            duplicated=repeats + len(self.seen_twice),
            wrong_channel=self.wrong_channel,
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """One line that says whether Patchbay kept its promises."""

    received: int
    answered: int
    waiting: int
    dead_lettered: int
    alerts: int
    lost: int
    duplicated: int
    wrong_channel: int

    @property
    def kept(self) -> bool:
        """Nothing lost, nothing twice, nothing on a channel the customer did not choose."""
        return self.lost == self.duplicated == self.wrong_channel == 0

    def line(self) -> str:
        """The line `make demo` ends with."""
        names = (
            "received", "answered", "waiting", "dead_lettered", "alerts", "lost", "duplicated",
            "wrong_channel",
        )  # fmt: skip
        return "reconciled: " + " ".join(f"{name}={getattr(self, name)}" for name in names)
