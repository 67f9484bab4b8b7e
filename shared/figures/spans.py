"""From decisions to spans: how long one conversation waited, was held and wrapped up.

Two clocks run while it waits: since it arrived, which a transfer does not stop, and since it came
into its present queue. Both ignore offers that came to nothing. A caller in the menu does not wait.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.events import routing as was
from shared.figures.facts import Fact, Measure

MOST_OFFERS = 20
"""Open offers of one conversation that are measured."""


@dataclass(slots=True)
class Span:
    """How far one conversation is measured. Times are Unix milliseconds, 0 is not (any more).

    `began` is the place in the record of the decision that opened its episode.
    """

    channel: str
    began: int = 0
    arrived: int = 0
    queue: str = ""
    priority: str = ""
    waits: bool = False
    entered: int = 0
    answered: bool = False
    responded: bool = False
    held: int = 0
    wraps_up: int = 0
    offers: dict[str, int] = field(default_factory=dict)
    route: str = ""
    step: int = 0
    stepped: int = 0
    trial: bool = False

    def fact(self, measure: Measure, since: int, at: int, outcome: str = "") -> Fact:
        """A fact about it; clocks of two processes may differ, time is never negative."""
        passed = max(0, at - since)
        by = (self.channel, self.queue, self.priority, passed, outcome)
        return Fact(measure, *by, trial=self.trial)

    def fact_of_step(self, at: int, outcome: str) -> Fact:
        """A fact about the step that it is in."""
        passed = max(0, at - self.stepped)
        by = (self.channel, self.queue, self.priority, passed, outcome)
        return Fact("step", *by, self.route, self.step)


def begin(event: was.Opened, position: int) -> Span:
    """A conversation that opened in the decision at this place of the record."""
    return Span(channel=event.channel, began=position, arrived=event.at)


def moves(event: object) -> bool:
    """May this event change a span?"""
    return type(event) in _STEPS


def follow(span: Span, event: object, position: int) -> list[Fact]:
    """Change the span by one event of the decision at `position`; what is known by that."""
    step = _STEPS.get(type(event))
    return [] if step is None else step(span, event, position)


def _reopened(span: Span, event: was.Reopened, position: int) -> list[Fact]:
    span.began, span.arrived = position, event.at
    span.waits = span.answered = span.responded = False
    return []


def _queued(span: Span, event: was.Queued, position: int) -> list[Fact]:
    facts: list[Fact] = []
    if span.step and (event.step, event.route) != (span.step, span.route):
        facts += _left_step(span, event.at, "left")
    if span.waits:
        if event.queue != span.queue:
            facts.append(span.fact("queue_wait", span.entered, event.at, "moved"))
            span.entered = event.at
    else:
        first = event.why in ("new", "reopened") and not span.answered
        if first and span.began != position:
            span.arrived = event.at
        span.entered = span.arrived if first else event.at
    span.queue, span.priority = event.queue, event.priority
    span.trial = bool(event.trial)
    if not span.waits and not span.answered:
        facts.append(span.fact("arrival", event.at, event.at))
    span.waits = True
    return facts


def _stepped(span: Span, event: was.Stepped, _position: int) -> list[Fact]:
    facts = _left_step(span, event.at, "expired")
    span.route, span.step, span.stepped = event.route, event.step, event.at
    return [*facts, span.fact_of_step(event.at, "taken")]


def _left_step(span: Span, at: int, outcome: str) -> list[Fact]:
    if not span.step:
        return []
    facts = [span.fact_of_step(at, outcome)]
    span.step = 0
    return facts


def _offered(span: Span, event: was.Offered, _position: int) -> list[Fact]:
    if len(span.offers) < MOST_OFFERS:
        span.offers[event.offer] = event.at
    return []


def _offer_ended(span: Span, event: was.OfferEnded, _position: int) -> list[Fact]:
    asked = span.offers.pop(event.offer, None)
    return [] if asked is None else [span.fact("offer", asked, event.at, event.how)]


def _assigned(span: Span, event: was.Assigned, _position: int) -> list[Fact]:
    facts = _left_queue(span, event.at, "answered")
    span.answered, span.held = True, event.at
    return facts


def _responded(span: Span, event: was.Responded, _position: int) -> list[Fact]:
    if span.responded:
        return []
    span.responded = True
    return [span.fact("first_response", span.arrived, event.at)]


def _released(span: Span, event: was.Released, _position: int) -> list[Fact]:
    facts = _let_go(span, event.at)
    if event.why == "transferred":
        facts.append(span.fact("transfer", event.at, event.at))
    return facts


def _closed(span: Span, event: was.Closed, _position: int) -> list[Fact]:
    how = "abandoned" if event.by == "customer" else "ended"
    return _left_queue(span, event.at, how) + _let_go(span, event.at)


def _wrap_up_started(span: Span, event: was.WrapUpStarted, _position: int) -> list[Fact]:
    span.wraps_up = event.at
    return []


def _wrap_up_ended(span: Span, event: was.WrapUpEnded, _position: int) -> list[Fact]:
    since, span.wraps_up = span.wraps_up, 0
    return [span.fact("wrap_up", since, event.at)] if since else []


def _left_queue(span: Span, at: int, outcome: str) -> list[Fact]:
    if not span.waits:
        return []
    facts = [span.fact("queue_wait", span.entered, at, outcome)]
    if not span.answered:
        facts.append(span.fact("wait", span.arrived, at, outcome))
    span.waits = False
    return facts + _left_step(span, at, outcome)


def _let_go(span: Span, at: int) -> list[Fact]:
    since, span.held = span.held, 0
    return [span.fact("handle", since, at)] if since else []


_STEPS: dict[type, Callable[[Span, Any, int], list[Fact]]] = {
    was.Reopened: _reopened,
    was.Stepped: _stepped,
    was.Queued: _queued,
    was.Offered: _offered,
    was.OfferEnded: _offer_ended,
    was.Assigned: _assigned,
    was.Responded: _responded,
    was.Released: _released,
    was.Closed: _closed,
    was.WrapUpStarted: _wrap_up_started,
    was.WrapUpEnded: _wrap_up_ended,
}
