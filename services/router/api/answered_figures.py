"""What the API answers about waits, work and service levels."""

from datetime import datetime

from services.router.api.answered import Answer
from shared.rules import Formula


class ServiceLevels(Answer):
    """Shares from 0 to 1, by every formula; null where a formula counts nobody."""

    early_abandons_met: float | None
    answered_only: float | None
    abandons_missed: float | None
    early_abandons_excluded: float | None
    short_abandons_met: float | None
    short_abandons_excluded: float | None


class ServiceLevelNow(Answer):
    """What a queue promises, and what it has kept in the last hour: `reached` by the `formula` in
    force, of `offered` waits that ended. `short_abandon_seconds` is below what hardly counts."""

    percent: int
    seconds: float
    formula: Formula
    short_abandon_seconds: float
    reached: float | None
    offered: int
    levels: ServiceLevels


class WaitBucket(Answer):
    """So many answered waits took at most `up_to_seconds` (null: longer than all others) and more
    than the bucket before."""

    up_to_seconds: float | None
    answered: int


class FigureRow(Answer):
    """What happened in a time. A wait counts where and when it ended, an arrival when it came.

    `arrived` began to wait. `offered` is every first wait that ended: answered, abandoned by the
    customer (`abandoned_short`: hardly begun), or ended by ourselves. `service_level` is by the
    `formula` in force in every queue that this row counts, null where they differ. Means are in
    seconds, null where there was nothing: `mean_wait` until the first accept, `mean_queue_wait` one
    stay in a queue, `mean_handle` one agent's time with it, `mean_wrap_up` his work after its end.
    `offers` counts offers by how they ended.
    """

    name: str
    start: datetime | None
    arrived: int
    offered: int
    answered: int
    answered_in_target: int
    abandoned: int
    abandoned_in_target: int
    abandoned_short: int
    ended: int
    moved: int
    transferred: int
    handled: int
    formula: Formula | None
    service_level: float | None
    service_levels: ServiceLevels
    abandonment: float | None
    mean_wait_seconds: float | None
    mean_abandon_seconds: float | None
    mean_queue_wait_seconds: float | None
    mean_first_response_seconds: float | None
    mean_handle_seconds: float | None
    mean_wrap_up_seconds: float | None
    offers: dict[str, int]
    waits: list[WaitBucket]


class Occupancy(Answer):
    """How busy agents were, from 0 to 1; null where there was nobody. `by_head`: time with at least
    one conversation or wrap-up, of the time they could work. `by_load`: units taken, of all."""

    by_head: float | None
    by_load: float | None
    agent_hours: float


class IntervalOccupancy(Occupancy):
    start: datetime


class Figures(Answer):
    """Whole intervals of fifteen minutes from `since` to before `until`."""

    since: datetime
    until: datetime
    by: str
    rows: list[FigureRow]
    occupancy: Occupancy
    occupancy_by_interval: list[IntervalOccupancy]
