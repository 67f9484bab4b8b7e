"""A plan, checked against the engine: the same interval, simulated."""

from patchbay.simulate.intervals import Estimate
from patchbay.simulate.parts import simulate
from patchbay.simulate.report import report
from patchbay.simulate.scenario import Scenario
from patchbay.staff.plan import Row, Target


def answered_within(
    row: Row, target: Target, patience_minutes: float | None, arrivals: int
) -> Estimate:
    """The share that the engine answers in time, with its 99 % interval."""
    need = row.erlang_c if row.erlang_a is None else row.erlang_a
    interval = row.interval
    scenario = Scenario.model_validate(
        {
            "arrivals": arrivals,
            "contacts": [
                {
                    "name": "all",
                    "channel": "any",
                    "rate_per_minute": interval.volume / interval.minutes,
                    "handle_minutes": interval.handle_minutes,
                    "patience_minutes": patience_minutes,
                }
            ],
            "agents": [{"count": need.agents, "capacity": {"any": target.at_once}}],
            "report_within_minutes": [target.minutes],
        }
    )
    found = report(scenario, simulate(scenario))["total"]["p_answered_within"]
    return Estimate(**next(iter(found.values())))
