"""The agent's work on a conversation after its end: timed here, never by his desktop.

Its conversation is closed, and takes his capacity until the wrap-up ends.
"""

from services.router.engine.acting import NOBODY, OTHERS, UNKNOWN, problem_of
from services.router.engine.placing import fill
from services.router.engine.presence import is_gone, may_act_for
from services.router.engine.state import Agent, Conversation
from services.router.engine.turn import Turn
from shared.events.commands import AskWrapUp, EndWrapUp, ExtendWrapUp
from shared.events.routing import (
    Refused,
    WrapUpAsked,
    WrapUpCoded,
    WrapUpEnded,
    WrapUpExtended,
    WrapUpStarted,
)
from shared.rules.wrap_up import WrapUp

_NOT_ENDED = Refused("conflict", "This conversation has not ended.")
_OVER = Refused("conflict", "There is no wrap-up any more.")
_FORCED = Refused("conflict", "This wrap-up lasts until its time is up.")
_MUST = Refused("conflict", "In this queue the wrap-up cannot be left out.")
_NEVER = Refused("conflict", "In this queue there is no wrap-up to ask for.")
_ENDLESS = Refused("conflict", "This wrap-up lasts until you say that you are done.")


def wraps_up(conversation: Conversation) -> bool:
    """Is it closed, and an agent still working on it?"""
    return conversation.status == "closed" and conversation.agent is not None


def problem_at_close(
    turn: Turn, conversation: Conversation, code: str | None, wanted: bool | None
) -> Refused | None:
    """Why it cannot be closed like this, as far as the queue's wrap-up goes."""
    settings = _settings(turn, conversation)
    if wanted is False and settings.mode in ("discretionary", "timed", "forced"):
        return _MUST
    if wanted and settings.mode == "off":
        return _NEVER
    return _unknown(settings, code)


def begin(
    turn: Turn, conversation: Conversation, agent: Agent, code: str | None, wanted: bool | None
) -> bool:
    """Go on with what the agent held and what has just been closed, if the queue says so.

    `wanted` is what he said about it at the end. A code of the queue's is kept.
    """
    settings = _settings(turn, conversation)
    asked = conversation.wrap_up_asked or bool(wanted)
    left_out = settings.mode == "off" or (settings.mode == "asked" and not asked)
    if left_out or (settings.mode == "optional" and wanted is False) or is_gone(turn, agent):
        return False
    until = turn.now + round(settings.seconds * 1000) if settings.has_end else None
    most = None if until is None else until + round(settings.extend_seconds * 1000)
    known = code if code in settings.codes else None
    turn.emit(WrapUpStarted(conversation.id, agent.name, turn.now, until, most, known))
    return True


def ask(turn: Turn, command: AskWrapUp) -> None:
    """The agent will need one; whoever ends the conversation."""
    found = turn.workspace.conversations.get(command.conversation)
    problem = problem_of(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    if found.status != "held" or found.agent is None:
        return turn.refuse(NOBODY)
    mode = _settings(turn, found).mode
    if mode == "off":
        return turn.refuse(_NEVER)
    if found.wrap_up_asked or mode != "asked":
        return turn.unchanged()
    return turn.emit(WrapUpAsked(found.id, found.agent.name, turn.now))


def end(turn: Turn, command: EndWrapUp) -> None:
    """The agent is done, or names his code. What is forced lasts until its time is up."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is not None and found.status == "closed" and found.agent is None:
        return turn.unchanged()
    agent, problem = _wrapping_up(turn, command.actor, found)
    if found is None or agent is None:
        return turn.refuse(problem)
    settings = _settings(turn, found)
    unknown = _unknown(settings, command.code)
    if unknown is not None:
        return turn.refuse(unknown)
    code = command.code or found.wrap_up_code
    if settings.wants_code and code is None:
        return turn.refuse(Refused("invalid", f"Name a code: {_listed(settings)}."))
    if settings.mode != "forced" or command.actor != agent.name:
        return finish(turn, found, code)
    if code is None or code == found.wrap_up_code:
        return turn.refuse(_FORCED)
    return turn.emit(WrapUpCoded(found.id, agent.name, code, turn.now))


def extend(turn: Turn, command: ExtendWrapUp) -> None:
    """Its end is put off, within what the queue allows in all."""
    found = turn.workspace.conversations.get(command.conversation)
    agent, problem = _wrapping_up(turn, command.actor, found)
    if found is None or agent is None:
        return turn.refuse(problem)
    if not found.wrap_up_until:
        return turn.refuse(_ENDLESS)
    until = found.wrap_up_until + round(command.seconds * 1000)
    if command.seconds <= 0 or until > found.wrap_up_most:
        left = max(0, found.wrap_up_most - found.wrap_up_until) / 1000
        return turn.refuse(Refused("invalid", f"It can last {left:g} seconds longer at most."))
    return turn.emit(WrapUpExtended(found.id, agent.name, until, turn.now))


def over(turn: Turn, conversation: str, at: int) -> None:
    """The time of a wrap-up has come; a later one of the same conversation is not meant."""
    found = turn.workspace.conversations.get(conversation)
    if found is not None and wraps_up(found) and 0 < found.wrap_up_until <= at:
        finish(turn, found, found.wrap_up_code)


def finish(turn: Turn, conversation: Conversation, code: str | None = None) -> None:
    """It is over; what it took of the agent's capacity is free."""
    agent = conversation.agent
    assert agent is not None
    turn.emit(WrapUpEnded(conversation.id, agent.name, turn.now, code))
    fill(turn, agent)


def _wrapping_up(
    turn: Turn, actor: str, found: Conversation | None
) -> tuple[Agent | None, Refused]:
    """Who wraps it up, if the actor may act for him; else what is wrong."""
    if found is None:
        return None, UNKNOWN
    if found.status != "closed":
        return None, _NOT_ENDED
    if found.agent is None:
        return None, _OVER
    may = may_act_for(turn, actor, found.agent.name)
    return (found.agent if may else None), OTHERS


def _unknown(settings: WrapUp, code: str | None) -> Refused | None:
    if code is None or not settings.codes or code in settings.codes:
        return None
    return Refused("invalid", f"No such code. This queue has {_listed(settings)}.")


def _listed(settings: WrapUp) -> str:
    return ", ".join(settings.codes)


def _settings(turn: Turn, conversation: Conversation) -> WrapUp:
    return turn.workspace.settings(conversation).after_work
