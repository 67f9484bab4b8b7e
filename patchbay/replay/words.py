"""The comparison as a table of texts: one line per queue and way."""

from collections.abc import Sequence

from patchbay.replay.compare import Figures, Summary

_HEAD = (
    "queue", "way", "contacts", "answered", "gave up", "waiting", "in target",
    "mean wait", "p50", "p90", "fairness",
)  # fmt: skip


def rows(summaries: Sequence[Summary]) -> list[tuple[str, ...]]:
    """The head, then every queue, then all together."""
    queues = list(dict.fromkeys(queue for one in summaries for queue in one.queues))
    found: list[tuple[str, ...]] = [_HEAD]
    for queue in queues:
        found += [_row(queue, one.name, one.queues.get(queue), "") for one in summaries]
    return found + [_row("all", one.name, one.total, _share(one.fairness)) for one in summaries]


def table(summaries: Sequence[Summary]) -> str:
    """For a terminal."""
    found = rows(summaries)
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in found
    )


def _row(queue: str, way: str, found: Figures | None, fairness: str) -> tuple[str, ...]:
    if found is None:
        return (queue, way, "0", *[""] * (len(_HEAD) - 3))
    return (
        queue,
        way,
        str(found.contacts),
        str(found.answered),
        str(found.abandoned),
        str(found.waiting),
        _share(found.service_level),
        _seconds(found.mean_wait),
        _seconds(found.p50_wait),
        _seconds(found.p90_wait),
        fairness,
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
