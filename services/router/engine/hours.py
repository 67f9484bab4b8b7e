"""Which queues are open, as the record says.

Whether it is open is decided from the rules and the time zone's tables when the hours turn, and
written into the record; from then on only that counts. So a replay with other tables is still the
same.
"""

from typing import TYPE_CHECKING, NamedTuple

from services.router.engine.timers import arm
from shared.rules import Queue

if TYPE_CHECKING:
    from services.router.engine.state import State, Workspace


class Turned(NamedTuple):
    """How some hours stand: since when (Unix milliseconds, 0 if not known) and until when (None:
    for ever)."""

    open: bool
    since: int
    until: int | None


_ALWAYS = Turned(open=True, since=0, until=None)


def standing(workspace: "Workspace", queue: str) -> Turned:
    """How the hours of a queue stand; one without hours is always open."""
    settings = workspace.rules.queues.get(queue)
    if settings is None or settings.hours is None:
        return _ALWAYS
    return workspace.hours.get(settings.hours, _ALWAYS)


def closed_queues(workspace: "Workspace") -> frozenset[str]:
    """The queues whose conversations nobody is offered now."""
    return frozenset(
        name
        for name, settings in workspace.rules.queues.items()
        if not standing(workspace, name).open and not settings.after_hours.work_off
    )


def limit_at(workspace: "Workspace", queue: str, since: int, taken: int) -> int | None:
    """When the next maximum wait of what waits in a queue `since` then falls due; None: never.

    `taken` of them have had their effect. Time counts while the queue is open, or worked off.
    """
    settings = workspace.rules.queues.get(queue) or Queue()
    if taken >= len(settings.max_wait):
        return None
    known = standing(workspace, queue)
    begin: int | None = max(since, known.since)
    if not known.open:
        begin = since if settings.after_hours.work_off else known.until
    return None if begin is None else begin + settings.max_wait[taken].after_ms


def remind_to_turn(state: "State", workspace: "Workspace", name: str) -> None:
    """Make sure that these hours are looked at when they turn."""
    known = workspace.hours[name]
    if known.until is not None:
        arm(state, known.until, "hours", workspace.name, name)
