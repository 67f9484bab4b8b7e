"""A plan in words and numbers."""

from dataclasses import asdict
from typing import Any

from patchbay.simulate.intervals import Estimate
from patchbay.staff.plan import Need, Row, Target


def document(
    rows: list[Row], patience: float | None, checked: dict[int, Estimate]
) -> dict[str, Any]:
    """As JSON prints it."""
    return {
        "patience_minutes": patience,
        "intervals": [
            {
                **asdict(row.interval),
                "load": row.load,
                "erlang_c": asdict(row.erlang_c),
                "erlang_a": None if row.erlang_a is None else asdict(row.erlang_a),
                "simulated": checked[at].shown() if at in checked else None,
            }
            for at, row in enumerate(rows)
        ],
    }


def table(
    rows: list[Row], target: Target, patience: float | None, checked: dict[int, Estimate]
) -> str:
    """For people."""
    gives_up = "nobody gives up" if patience is None else f"patience {patience:.1f} min"
    aim = f"{target.percent:g} % within {target.seconds:g} s, busy at most {target.occupancy:.0%}"
    head = f"{'interval':<20} {'volume':>8} {'handle':>7} {'Erlang':>7} {'C':>5} {'A':>5}"
    head += f" {'paid':>5} {'in time':>8} {'gone':>6} {'busy':>6}  simulated"
    lines = [f"{aim}, {gives_up}, {target.shrinkage:.0%} of paid time not there", "", head]
    for at, row in enumerate(rows):
        need: Need = row.erlang_a or row.erlang_c
        patient = "-" if row.erlang_a is None else str(row.erlang_a.agents)
        seen = checked.get(at)
        simulated = "" if seen is None or seen.value is None else f"{seen.value:.1%}"
        if seen is not None and seen.half_width is not None:
            simulated += f" ± {seen.half_width:.1%}"
        lines.append(
            f"{row.interval.start:<20} {row.interval.volume:>8.1f}"
            f" {row.interval.handle_minutes:>7.2f} {row.load:>7.2f} {row.erlang_c.agents:>5}"
            f" {patient:>5} {need.scheduled:>5} {need.answered_within:>8.1%}"
            f" {need.p_abandon:>6.1%} {need.occupancy:>6.1%}  {simulated}".rstrip()
        )
    return "\n".join(lines)
