"""What the numbers mean by which agents are compared for a conversation; lower ones win.

First who serves the queue himself, then who is preferred, then who is best at what is needed (best
fit only), then the queue's own order of asking.
"""

from collections.abc import Mapping, Sequence

Named = tuple[tuple[str, int], ...]

KEPT = "kept"
"""How he was chosen for whom alone it waited."""

BATCH = "batch"
"""How those are chosen who are matched together, at the lowest sum of all their costs: there the
lowest score of one conversation need not win."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "longest_idle": ("idle_order",),
    "best_fit": ("idle_order",),
    "least_loaded": ("units_taken", "idle_order"),
    "most_spare": ("minus_spare", "idle_order"),
    "round_robin": ("asked_order", "idle_order"),
    BATCH: ("order_1", "order_2"),
}
_KEY_PARTS = 2
_FIXED = _KEY_PARTS + 2


def named(chosen: str, score: Sequence[int]) -> Named:
    """The parts of a score with their names, most important first; those that decide nothing are
    left out. Of an order of asking the lower number was idle longer, or asked longer ago.
    """
    if len(score) < _FIXED:
        return ()
    head, last = score[:-_KEY_PARTS], score[-_KEY_PARTS:]
    parts = [("helps_out", head[0])]
    parts += [(f"lacks_preference_{n}", part) for n, part in enumerate(head[1:-1], start=1)]
    if chosen in ("best_fit", BATCH):
        parts.append(("minus_fit", head[-1]))
    parts += zip(_KEYS.get(chosen, ()), last, strict=False)
    return tuple(parts)


_BECAUSE: Mapping[str, str] = {
    "longest_idle": "you are idle longest",
    "best_fit": "you are best at what is needed",
    "least_loaded": "you have the least work",
    "most_spare": "you have the most room",
    "round_robin": "you were asked longest ago",
}


def in_words(chosen: str, score: Sequence[int]) -> str:
    """Why he was asked, in one sentence to himself."""
    if chosen == KEPT:
        return "It waited for you alone."
    if chosen == BATCH:
        return (
            "Of all that waited and all who were free, this was matched to you for the best of all."
        )
    parts = dict(named(chosen, score))
    because = _BECAUSE.get(chosen, "your turn has come")
    lacking = [value for name, value in parts.items() if name.startswith("lacks_preference")]
    if lacking and not any(lacking):
        because = f"you are whom this is best given to, and of those {because}"
    helping = "Your queue helps out: of" if parts.get("helps_out") else "Of"
    return f"{helping} those who could take it now, {because}."
