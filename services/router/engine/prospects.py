"""What a conversation waits for: what may happen next by itself, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.router.engine.hours import standing
from services.router.engine.limits import due_limit
from services.router.engine.shunning import FOREVER
from services.router.engine.state import Conversation, Workspace
from services.router.engine.versions import routing_for
from shared.rules import Step

Prospect = Literal[
    "an_agent",
    "an_answer",
    "kept_for",
    "queue_opens",
    "route_step",
    "max_wait",
    "decline_lapses",
    "wakes",
    "called_again",
    "customer_answers",
    "wrap_up_ends",
    "reopens_until",
]


@dataclass(frozen=True, slots=True)
class Next:
    """One thing that may come. `at` is when, in Unix milliseconds; None: when something else
    happens. `detail` names the agent, the step, the action."""

    what: Prospect
    at: int | None = None
    detail: str = ""


def prospects(workspace: Workspace, conversation: Conversation) -> tuple[Next, ...]:
    """All of them, soonest first; those without a time at the end."""
    looks = {
        "open": _of_open,
        "waiting": _of_waiting,
        "dialling": _of_dialling,
        "offered": _of_offered,
        "held": _of_held,
        "closed": _of_closed,
    }
    look = looks.get(conversation.status)
    found = [] if look is None else list(look(workspace, conversation))
    return tuple(sorted(found, key=lambda one: (one.at is None, one.at or 0, one.what)))


def _of_open(_workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    if conversation.callback_at:
        yield Next("called_again", conversation.callback_at)


def _of_dialling(_workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    agent = conversation.agent
    yield Next("customer_answers", conversation.callback_at, "" if agent is None else agent.name)


def _of_waiting(workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    if conversation.kept_for is not None:
        yield Next("kept_for", conversation.kept_until, conversation.kept_for)
    if conversation.queue in workspace.closed:
        yield Next("queue_opens", standing(workspace, conversation.queue).until, conversation.queue)
    else:
        yield Next("an_agent")
    lapses = [(until, name) for name, until in (conversation.shunned or {}).items()]
    if lapses and min(lapses)[0] < FOREVER:
        yield Next("decline_lapses", *min(lapses))
    yield from _steps(workspace, conversation)
    yield from _limit(workspace, conversation)


def _of_offered(_workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    for offer in conversation.offers or ():
        yield Next("an_answer", offer.expires_at, offer.agent.name)


def _of_held(_workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    if conversation.snoozed_until:
        yield Next("wakes", conversation.snoozed_until)


def _of_closed(_workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    if conversation.agent is not None:
        yield Next("wrap_up_ends", conversation.wrap_up_until, conversation.agent.name)
    if conversation.reopens_until > conversation.closed_at:
        yield Next("reopens_until", conversation.reopens_until)


def _steps(workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    steps = routing_for(workspace, conversation).steps(conversation.route)
    for number, step in enumerate(steps[conversation.step :], start=conversation.step + 1):
        at = None
        if step.after_seconds is not None:
            at = conversation.routed_at + round(step.after_seconds * 1000)
        yield Next("route_step", at, in_words(number, step))


def in_words(number: int, step: Step) -> str:
    """A step of a route: when it comes, if not after a time, and what it changes."""
    trigger = ""
    if step.nobody_able:
        trigger = ", nobody able"
    elif step.expected_wait_seconds is not None:
        trigger = f", expected wait above {step.expected_wait_seconds:g} s"
    return f"{number}{trigger}: {changes(step)}"


def changes(step: Step) -> str:
    """What is different after a step, in words."""
    names = ("queue", "priority", "requires", "preferred", "also")
    said = step.model_dump(mode="json", exclude_none=True, include=set(names))
    return ", ".join(f"{name} {_plain(said[name])}" for name in names if name in said)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={_plain(one)}" for key, one in value.items()) or "nothing"
    if isinstance(value, list):
        return "+".join(_plain(one) for one in value) or "nobody"
    return str(value)


def _limit(workspace: Workspace, conversation: Conversation) -> Iterator[Next]:
    settings = workspace.settings(conversation)
    due = due_limit(workspace, conversation)
    if due is not None:
        yield Next("max_wait", due, settings.max_wait[conversation.limits].do)
