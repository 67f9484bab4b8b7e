"""The comparison as one HTML file: tables and plots drawn as inline SVG; nothing is fetched."""

from collections.abc import Iterable, Sequence
from html import escape

from patchbay.replay.compare import Summary
from patchbay.replay.words import rows

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 240, 56, 28
_COLOURS = ("#888888", "#3366cc", "#cc5522", "#229955")
_STYLE = (
    "body{font:14px system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}svg{max-width:100%}"
)
_POINTS = 200
_SLOTS = 48

Line = Sequence[tuple[float, float]]


def page(title: str, summaries: Sequence[Summary]) -> str:
    """The whole file."""
    parts = [
        _table(rows(summaries)),
        _plot("Share of contacts whose wait was at most so many seconds", _waits(summaries)),
        _plot("Mean wait in seconds, by hour since the beginning", _hours(summaries)),
        _bars("Hours of work per agent", summaries),
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>{_legend(summaries)}{''.join(parts)}</html>\n"
    )


def _legend(summaries: Sequence[Summary]) -> str:
    names = (
        f'<span style="color:{_colour(index)}">&#9632;</span> {escape(one.name)}'
        for index, one in enumerate(summaries)
    )
    return f"<p>{' &nbsp; '.join(names)}</p>"


def _table(found: Sequence[Sequence[str]]) -> str:
    head, *body = found
    lines = ["".join(f"<th>{escape(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in body]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _waits(summaries: Sequence[Summary]) -> list[Line]:
    lines: list[Line] = []
    for one in summaries:
        waits = sorted(fate.wait / 1000 for fate in one.fates if fate.outcome == "answered")
        whole = max(1, len(one.fates))
        step = max(1, len(waits) // _POINTS)
        lines.append([(waits[n], (n + 1) / whole) for n in range(0, len(waits), step)])
    return lines


def _hours(summaries: Sequence[Summary]) -> list[Line]:
    times = [fate.arrived for one in summaries for fate in one.fates]
    begin, end = (min(times), max(times)) if times else (0, 0)
    slot = max(1, (end - begin) // _SLOTS + 1)
    lines: list[Line] = []
    for one in summaries:
        waits: dict[int, list[int]] = {}
        for fate in one.fates:
            waits.setdefault((fate.arrived - begin) // slot, []).append(fate.wait)
        lines.append(
            [
                ((number + 0.5) * slot / 3_600_000, sum(found) / len(found) / 1000)
                for number, found in sorted(waits.items())
            ]
        )
    return lines


def _plot(title: str, lines: Sequence[Line]) -> str:
    widest = max((x for line in lines for x, _ in line), default=0) or 1
    highest = max((y for line in lines for _, y in line), default=0) or 1
    drawn = (
        f'<polyline fill="none" stroke="{_colour(index)}" stroke-width="2" points="'
        + " ".join(f"{_x(x / widest):.1f},{_y(y / highest):.1f}" for x, y in line)
        + '"/>'
        for index, line in enumerate(lines)
    )
    return _svg(title, drawn, f"{highest:.4g}", f"{widest:.4g}")


def _bars(title: str, summaries: Sequence[Summary]) -> str:
    names = sorted({name for one in summaries for name in one.agents})
    hours = [[one.agents.get(name, 0) / 3600 for name in names] for one in summaries]
    highest = max((hour for some in hours for hour in some), default=0) or 1
    width = 1 / max(1, len(names) * (len(summaries) + 1))
    drawn = (
        f'<rect fill="{_colour(index)}" x="{_x((n * (len(summaries) + 1) + index) * width):.1f}"'
        f' y="{_y(hour / highest):.1f}" width="{width * (_WIDTH - _LEFT):.1f}"'
        f' height="{_y(0) - _y(hour / highest):.1f}"><title>{escape(names[n])}: {hour:.2f} h'
        "</title></rect>"
        for index, some in enumerate(hours)
        for n, hour in enumerate(some)
    )
    return _svg(title, drawn, f"{highest:.3g}", f"{len(names)} agents")


def _svg(title: str, drawn: Iterable[str], highest: str, widest: str) -> str:
    axes = (
        f'<path d="M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}" fill="none" stroke="#444"/>'
        f'<g font-size="12" text-anchor="end"><text x="{_LEFT - 6}" y="{_y(1) + 5:.0f}">{highest}'
        f'</text><text x="{_x(1)}" y="{_HEIGHT - 8}">{widest}</text></g>'
    )
    return (
        f'<h2>{escape(title)}</h2><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{escape(title)}</title>{axes}{''.join(drawn)}</svg>"
    )


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - 8)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - 12)


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]
