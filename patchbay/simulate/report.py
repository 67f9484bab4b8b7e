"""What a simulation found: as JSON, and as a table."""

from collections.abc import Callable, Sequence
from typing import Any

from patchbay.simulate.intervals import Estimate, ratio, share
from patchbay.simulate.reading import hands
from patchbay.simulate.scenario import Scenario
from patchbay.simulate.tally import Batch, Counts


def report(scenario: Scenario, batches: Sequence[Batch]) -> dict[str, Any]:
    """Everything, in the form that `--json` prints."""
    reported = [str(minutes) for minutes in scenario.report_within_minutes]
    whole = [batch.total() for batch in batches]
    best = share([c.best for c in whole], [c.skilled for c in whole])
    busy, heads = _occupancy(scenario, batches)
    return {
        "total": _block(whole, reported),
        "contacts": {
            contact.name: _block([batch.kinds[kind] for batch in batches], reported)
            for kind, contact in enumerate(scenario.contacts)
        },
        "agent_occupancy": busy.value,
        "best_skill_share": best.value,
        "intervals": {
            "agent_occupancy": busy.shown(),
            "agent_occupancy_by_head": heads.shown(),
            "best_skill_share": best.shown(),
        },
    }


def _block(counts: Sequence[Counts], reported: Sequence[str]) -> dict[str, Any]:
    offered = [c.offered for c in counts]
    admitted = [c.offered - c.blocked for c in counts]
    return {
        "offered": sum(offered),
        "answered": sum(c.answered for c in counts),
        "abandoned": sum(c.abandoned for c in counts),
        "blocked": sum(c.blocked for c in counts),
        "p_block": share([c.blocked for c in counts], offered).shown(),
        "p_abandon": share([c.abandoned for c in counts], offered).shown(),
        "p_wait": share([c.waited for c in counts], admitted).shown(),
        "mean_wait_minutes": ratio([c.wait for c in counts], admitted).shown(),
        "p_answered_within": {
            name: share([c.within[index] for c in counts], admitted).shown()
            for index, name in enumerate(reported)
        },
    }


def _occupancy(scenario: Scenario, batches: Sequence[Batch]) -> tuple[Estimate, Estimate]:
    """By load: contacts in hand, of as many as they could have. By head: agents with any."""
    most = hands(scenario)
    people = sum(group.count for group in scenario.agents)
    return (
        ratio([b.busy for b in batches], [b.minutes * most for b in batches]),
        ratio([b.heads for b in batches], [b.minutes * people for b in batches]),
    )


def table(found: dict[str, Any]) -> str:
    """For people: a line per kind of contact, each value with half of its 99 % interval."""
    blocks = {**found["contacts"], "total": found["total"]}
    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("offered", lambda block: f"{block['offered']}"),
        ("blocked %", lambda block: _percent(block["p_block"])),
        ("abandoned %", lambda block: _percent(block["p_abandon"])),
        ("waited %", lambda block: _percent(block["p_wait"])),
        ("mean wait min", lambda block: _number(block["mean_wait_minutes"], 1, 4)),
    ]
    within = found["total"]["p_answered_within"]
    columns += [(f"in {name} min %", _within(name)) for name in within]
    rows = [["", *(title for title, _ in columns)]]
    rows += [[name, *(cell(block) for _, cell in columns)] for name, block in blocks.items()]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = [_line(row, widths) for row in rows]
    intervals = found["intervals"]
    lines.append("")
    lines.append(f"agents busy: {_percent(intervals['agent_occupancy'])} % of their capacity")
    if found["best_skill_share"] is not None:
        best = _percent(intervals["best_skill_share"])
        lines.append(f"answered by an agent who is best at it: {best} %")
    return "\n".join(lines)


def _within(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda block: _percent(block["p_answered_within"][name])


def _percent(estimate: dict[str, float | None]) -> str:
    return _number(estimate, 100, 2)


def _number(estimate: dict[str, float | None], unit: float, places_: int) -> str:
    value, half = estimate["value"], estimate["half_width"]
    if value is None or half is None:
        return "-"
    return f"{value * unit:.{places_}f} ± {half * unit:.{places_}f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (cell for cell in row)
    cells = [first.ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
    return "  ".join(cells).rstrip()
