"""What those who wait are told, and what becomes of them outside the hours or after too long."""

from services.router.engine import closing
from services.router.engine.expected import Estimate, estimate
from services.router.engine.hours import Turned, standing
from services.router.engine.keeping import Keep
from services.router.engine.limits import due_limit
from services.router.engine.opening import enrich
from services.router.engine.placing import arrive, place_one, queue, step_on
from services.router.engine.state import Conversation, Workspace
from services.router.engine.stepping import expects_too_long
from services.router.engine.timers import arm
from services.router.engine.turn import Turn
from services.router.engine.versions import routing_for
from shared.events.routing import Estimated, HoursTurned, Told, ToldWhat, WaitLimited
from shared.rules import Hours

TELL_AGAIN_MS = 3_600_000
"""So long after an automatic message the same customer is not told again that we are closed:
whatever answers him by itself gets no second answer (RFC 3834, 2)."""


SAY_AGAIN_MS = 10_000
"""So often the record says of each line how it moves, unless every customer is told."""


def receive(turn: Turn, conversation: Conversation, keep: Keep | None = None) -> None:
    """It finds its queue and, if one is free, an agent; else whoever waits is told so."""
    arrive(turn, conversation, keep)
    if conversation.status != "waiting":
        return
    if conversation.kept_for is not None:
        _tell_while_kept(turn, conversation)
        return
    _go_on(turn, conversation)
    if conversation.status != "waiting":
        return
    if standing(turn.workspace, conversation.queue).open:
        _say_how_long(turn, conversation)
    else:
        _after_hours(turn, conversation)


def _go_on(turn: Turn, conversation: Conversation) -> None:
    """Its route's steps come at once while the wait that is to be expected is too long for it."""
    while conversation.status == "waiting" and expects_too_long(
        turn.workspace, conversation, turn.now
    ):
        step_on(turn, conversation, "expected_wait")
        place_one(turn, conversation)


def limit(turn: Turn, conversation: str, at: int) -> None:
    """A maximum wait may have been reached; one that was put off is looked at again later."""
    found = turn.workspace.conversations.get(conversation)
    if found is None or found.status != "waiting":
        return
    due = due_limit(turn.workspace, found)
    if due is not None and due > at:
        arm(turn.state, due, "limit", turn.workspace.name, conversation)
    elif due is not None:
        _too_long(turn, found)


def begin_hours(turn: Turn) -> None:
    """Note how all hours stand by the rules that are in force now."""
    workspace = turn.workspace
    for name, hours in sorted(workspace.rules.hours.items()):
        known = workspace.hours.get(name)
        now, until = hours.is_open(turn.now), hours.next_change(turn.now)
        since = 0 if known is None else known.since if known.open == now else turn.now
        turn.emit(HoursTurned(name, now, since, until, turn.now, _queues(workspace, name)))


def turn_hours(turn: Turn, name: str, at: int) -> bool:
    """The time `at` which these hours begin or end has come. Did a queue open?"""
    workspace = turn.workspace
    known, hours = workspace.hours.get(name), workspace.rules.hours.get(name)
    if known is None or hours is None or known.until is None or known.until > at:
        return False
    turn.emit(_turned(turn, name, hours, known))
    return workspace.hours[name].open


def _turned(turn: Turn, name: str, hours: Hours, known: Turned) -> HoursTurned:
    now = turn.now
    is_open = hours.is_open(now)
    since = now if known.until is None or is_open == known.open else known.until
    queues = _queues(turn.workspace, name)
    return HoursTurned(name, is_open, since, hours.next_change(now), now, queues)


def _queues(workspace: Workspace, hours: str) -> tuple[str, ...]:
    """Whom these hours concern. One that is worked off moves on while it is closed."""
    known = workspace.rules.queues.items()
    return tuple(
        name
        for name, settings in known
        if settings.hours == hours and not settings.after_hours.work_off
    )


def _after_hours(turn: Turn, conversation: Conversation) -> None:
    """It came while its queue is closed: what the queue says for that, from queue to queue."""
    tried: set[str] = set()
    while conversation.status == "waiting" and conversation.queue not in tried:
        tried.add(conversation.queue)
        settings = turn.workspace.settings(conversation)
        if standing(turn.workspace, conversation.queue).open:
            return
        rule = settings.after_hours
        if rule.do == "queue" and rule.queue in turn.workspace.rules.queues:
            _move(turn, conversation, rule.queue)
            continue
        if rule.do == "close" and not _is_owed(conversation):
            _tell_closed(turn, conversation, "after_hours_closed")
            closing.close(turn, conversation, "system", "after_hours")
        elif rule.do == "callback" and _is_live(conversation):
            _owe(turn, conversation)
        elif rule.do != "wait":
            _tell_closed(turn, conversation, "after_hours")
        return


def _tell_while_kept(turn: Turn, conversation: Conversation) -> None:
    """It waits for one agent, who may still be there; else it waits until the queue opens."""
    settings = turn.workspace.settings(conversation)
    is_open = standing(turn.workspace, conversation.queue).open
    if not is_open and settings.after_hours.do != "wait":
        _tell_closed(turn, conversation, "after_hours")


def _too_long(turn: Turn, conversation: Conversation) -> None:
    """It has waited for as long as its queue allows."""
    step = turn.workspace.settings(conversation).max_wait[conversation.limits]
    turn.emit(
        WaitLimited(conversation.id, conversation.queue, conversation.limits, step.do, turn.now)
    )
    if step.do == "queue" and step.queue in turn.workspace.rules.queues:
        _move(turn, conversation, step.queue)
        _after_hours(turn, conversation)
    elif step.do == "close" and not _is_owed(conversation):
        _tell(turn, conversation, "max_wait_closed", {})
        closing.close(turn, conversation, "system", "max_wait")
    elif step.do == "callback" and _is_live(conversation):
        _owe(turn, conversation)
    elif not _is_owed(conversation):
        found = estimate(turn.workspace, conversation, turn.now)
        _tell(turn, conversation, "max_wait", {} if found is None else _as_said(found))


def _say_how_long(turn: Turn, conversation: Conversation) -> None:
    """Note what can be said of its wait, if anything; tell the customer, where he is to be told.

    Where nobody is told, once in a while for each line is enough to know how it moves.
    """
    tell, wanted = turn.workspace.settings(conversation).tell_wait, conversation.skill_class
    if wanted is None or not (tell or turn.now - wanted.lines[0].said >= SAY_AGAIN_MS):
        return
    found = estimate(turn.workspace, conversation, turn.now)
    if found is None:
        return
    if found.model is not None or wanted.lines[0].said:
        turn.emit(_estimated(conversation.id, wanted.lines[0].name, turn.now, found))
    if tell:
        _tell(turn, conversation, "expected_wait", _as_said(found))


def _estimated(conversation: str, line: str, now: int, found: Estimate) -> Estimated:
    return Estimated(
        conversation,
        line,
        now,
        found.position,
        found.place,
        found.model,
        found.gap_ms,
        found.known,
        found.p50_ms,
        found.p90_ms,
    )


def _as_said(found: Estimate) -> dict[str, str]:
    said = {"position": str(found.position)}
    if found.model is not None:
        said |= {"p50_ms": str(found.p50_ms), "p90_ms": str(found.p90_ms)}
    return said


def _move(turn: Turn, conversation: Conversation, to: str) -> None:
    """Into another queue, where it stays; it keeps its age."""
    place = routing_for(turn.workspace, conversation).place_in(
        to, conversation.channel, conversation.attributes, conversation.priority
    )
    queue(turn, conversation, place, "moved")
    place_one(turn, conversation)


def _owe(turn: Turn, conversation: Conversation) -> None:
    """The caller need not hold the line: we call him back, and he keeps his place. As if he had
    asked for it himself."""
    _tell(turn, conversation, "callback_confirmed", {})
    asked = {
        "call_state": "callback_requested",
        "owed": "true",
        "callback": "true",
        "wish": "callback",
    }
    enrich(turn, conversation, asked)


def _tell_closed(turn: Turn, conversation: Conversation, what: ToldWhat) -> None:
    """When it opens again; not to whoever was told something a short while ago."""
    told = turn.workspace.threads[conversation.key].told
    if told and turn.now - told < TELL_AGAIN_MS:
        return
    settings = turn.workspace.settings(conversation)
    said: dict[str, str] = {}
    until = standing(turn.workspace, conversation.queue).until
    if until is not None and settings.hours is not None:
        said["opens_at"] = str(until)
        said["time_zone"] = turn.workspace.rules.hours[settings.hours].time_zone
    _tell(turn, conversation, what, said)


def _tell(turn: Turn, conversation: Conversation, what: ToldWhat, said: dict[str, str]) -> None:
    turn.emit(Told(conversation.id, what, said, turn.now))


def _is_owed(conversation: Conversation) -> bool:
    """Do we owe this customer a call?"""
    return conversation.attributes.get("owed") == "true"


def _is_live(conversation: Conversation) -> bool:
    """Does a caller hold the line?"""
    state = conversation.attributes.get("call_state", "ended")
    return conversation.channel == "phone" and state not in (
        "ended",
        "voicemail",
        "callback_requested",
    )
