"""What a conversation asks of agents: equal demands share a skill class."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.router.engine.routes import Placement
from shared.rules.needs import Requires, canonical, plain


class Demand(NamedTuple):
    """What has to be equal for two conversations to wait in the same class.

    `also` are other queues whose agents may take it, `preferred` whom to ask rather, `units` what
    it weighs. `watch` is (route, steps taken) where the next step may have to be taken at once.
    """

    queue: str
    channel: str
    requires: Requires = ()
    preferred: tuple[Requires, ...] = ()
    also: tuple[str, ...] = ()
    units: int = 1
    watch: tuple[str, int] | None = None


def requires_of(need: Mapping[str, Any]) -> Requires:
    """A need over skills, as events write it, in its canonical form."""
    for value in need.values():
        if type(value) is not int:
            return canonical(need, {})
    return tuple(sorted(need.items())) if len(need) > 1 else tuple(need.items())


def demand(
    queue: str,
    channel: str,
    requires: Mapping[str, Any],
    preferred: Sequence[Mapping[str, Any]] = (),
    also: Sequence[str] = (),
    units: int = 1,
    watch: tuple[str, int] | None = None,
) -> Demand:
    """The demand that these words say."""
    rather = tuple(map(requires_of, preferred)) if preferred else ()
    return Demand(queue, channel, requires_of(requires), rather, tuple(also), units, watch)


def demand_of(place: Placement, channel: str) -> tuple[Any, ...]:
    """The demand of a place, without what is watched there."""
    asked = demand(place.queue, channel, place.requires, place.preferred, place.also, place.units)
    return asked[:-1]


def as_written(wanted: Demand) -> tuple[Any, ...]:
    """The arguments of `demand` that lead here, as JSON can say them; without the channel."""
    rather = [plain(need) for need in wanted.preferred]
    return (wanted.queue, plain(wanted.requires), rather, wanted.also, wanted.units, wanted.watch)
