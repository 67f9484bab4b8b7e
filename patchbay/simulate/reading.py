"""Read a scenario, or say everything that is wrong with it."""

import difflib
import math
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from patchbay.simulate.scenario import Agents, Contact, Scenario
from shared.config.schema import near
from shared.config.source import Document, Path_, Problem, read
from shared.config.wording import explain


def inspect(path: Path) -> tuple[Scenario | None, list[Problem]]:
    """The scenario (None when something is wrong) and all problems, in file order."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return None, [Problem(1, "", f"cannot be read: {why}", "name another file")]
    document = read(text, path.parent, {})
    scenario = None
    if isinstance(document.data, dict):
        scenario = _validate(document)
    elif not document.problems:
        document.problem((), "the file must be a mapping", "with the keys contacts and agents")
    problems = sorted(set(document.problems))
    return (None if any(not p.warning for p in problems) else scenario), problems


def _validate(document: Document) -> Scenario | None:
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            explain(document, detail, Scenario)
        return None
    for key in ("contacts", "agents"):
        if not getattr(scenario, key):
            document.problem((key,), "needs at least one")
    _check_names(document, scenario)
    _check_shapes(document, scenario)
    _check_spelling(document, scenario)
    _check_skills(document, scenario)
    if not document.problems:
        _check_load(document, scenario)
    return scenario


def _check_names(document: Document, scenario: Scenario) -> None:
    seen: dict[str, int] = {}
    for index, contact in enumerate(scenario.contacts):
        if contact.name in seen:
            here = ("contacts", index, "name")
            document.problem(here, f"{contact.name!r} stands here twice", "give it another name")
        seen[contact.name] = index
    within: set[float] = set()
    for index, minutes in enumerate(scenario.report_within_minutes):
        if minutes in within:
            document.problem(("report_within_minutes", index), f"{minutes} stands here twice")
        within.add(minutes)


_OF = {"stages": "erlang", "variation": "lognormal"}
"""What only one distribution has."""


def _check_shapes(document: Document, scenario: Scenario) -> None:
    """What would have no effect was meant otherwise."""
    for index, contact in enumerate(scenario.contacts):
        for name in ("arrival", "handle", "patience"):
            shape = getattr(contact, name)
            here: Path_ = ("contacts", index, name)
            for key in sorted(shape.model_fields_set & _OF.keys()):
                if shape.distribution != _OF[key]:
                    message = f"means nothing with distribution {shape.distribution!r}"
                    document.problem((*here, key), message, f"it belongs to {_OF[key]!r}")
        if contact.patience_minutes is None and "patience" in contact.model_fields_set:
            message = "means nothing without 'patience_minutes'"
            document.problem(("contacts", index, "patience"), message, "say how long on average")


def _check_spelling(document: Document, scenario: Scenario) -> None:
    """What no contact needs is of no use, and mostly a typo if something very like it is needed."""
    channels = {contact.channel for contact in scenario.contacts}
    skills = {skill for contact in scenario.contacts for skill in contact.requires}
    for index, agents in enumerate(scenario.agents):
        for channel in agents.capacity or {}:
            if channel not in channels:
                path = ("agents", index, "capacity", channel)
                _useless(document, path, f"no contact comes in by {channel!r}", channels)
        for skill in agents.skills:
            if skill not in skills:
                path = ("agents", index, "skills", skill)
                _useless(document, path, f"no contact requires {skill!r}", skills)


def _useless(document: Document, path: Path_, message: str, known: set[str]) -> None:
    name = str(path[-1])
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.8)
    if close and _letters(name) != _letters(close[0]):
        document.problem(path, message, near(name, known))


def _letters(name: str) -> str:
    """Without digits: `skill-1` is not a misspelt `skill-2`."""
    return re.sub(r"\d", "", name)


def _check_skills(document: Document, scenario: Scenario) -> None:
    """What nobody there can ever take would wait for ever."""
    for index, contact in enumerate(scenario.contacts):
        if any(takes(agents, contact) for agents in scenario.agents):
            continue
        path, message, hint = _obstacle(index, contact, scenario)
        document.problem(path, message, hint)


def takes(agents: Agents, contact: Contact) -> bool:
    """Could one of these agents ever take such a contact?"""
    return places(agents, contact.channel) > 0 and all(
        agents.skills.get(skill, 0) >= level for skill, level in contact.requires.items()
    )


def places(agents: Agents, channel: str) -> int:
    """How many contacts of a channel one of these agents takes at once."""
    own = 1 if agents.capacity is None else agents.capacity.get(channel, 0)
    return min(own, total(agents))


def total(agents: Agents) -> int:
    """How many contacts one of these agents takes at once, over all channels."""
    own = 1 if agents.capacity is None else sum(agents.capacity.values())
    return own if agents.total is None else min(own, agents.total)


def _obstacle(index: int, contact: Contact, scenario: Scenario) -> tuple[Path_, str, str]:
    here: Path_ = ("contacts", index)
    if not any(places(agents, contact.channel) for agents in scenario.agents):
        known = {c for agents in scenario.agents for c in agents.capacity or {}}
        return (*here, "channel"), f"nobody takes {contact.channel!r}", near(contact.channel, known)
    skills = {skill for agents in scenario.agents for skill in agents.skills}
    for skill in contact.requires:
        if skill not in skills:
            return (
                (*here, "requires", skill),
                f"nobody has the skill {skill!r}",
                near(skill, skills),
            )
    hint = "give some agents every skill at its level, and a capacity on the channel"
    return (*here, "requires"), "nobody could ever take this", hint


def _check_load(document: Document, scenario: Scenario) -> None:
    """More work than hands: without an end to waiting, the queue only grows."""
    if scenario.waiting_places is not None:
        return
    patient = [c for c in scenario.contacts if c.patience_minutes is None]
    load = sum(contact.rate_per_minute * contact.handle_minutes for contact in patient)
    able = sum(_hands(scenario, patient))
    if patient and load >= able:
        message = f"{load:g} minutes of work come in a minute, and {able:g} can be done"
        hint = "the longer this runs, the longer they wait: no figure has a limit to converge to"
        document.problem(("contacts",), message, hint, warning=True)


def _hands(scenario: Scenario, contacts: list[Contact]) -> Iterator[int]:
    channels = {contact.channel for contact in contacts}
    for agents in scenario.agents:
        if any(takes(agents, contact) for contact in contacts):
            units = sum(places(agents, channel) for channel in channels)
            yield agents.count * min(units, total(agents))


def hands(scenario: Scenario) -> int:
    """How many contacts all agents together have in hand at most."""
    channels = {contact.channel for contact in scenario.contacts}
    return sum(
        group.count * min(sum(places(group, channel) for channel in channels), total(group))
        for group in scenario.agents
    )


def usual_warm_up(scenario: Scenario) -> int:
    """Arrivals until the queues have forgotten that they were empty once.

    Ten relaxation times of M/M/c, 1 / (mu (sqrt(c) - sqrt(a))^2) each, and at least a tenth of what
    is counted; never more than is counted.
    """
    load = sum(contact.rate_per_minute * contact.handle_minutes for contact in scenario.contacts)
    gap = abs(math.sqrt(hands(scenario)) - math.sqrt(load))
    relaxed = 10 * load / max(gap, 0.05) ** 2
    return round(min(max(scenario.arrivals / 10, relaxed, 20 * load), scenario.arrivals))
