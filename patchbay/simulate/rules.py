"""A scenario's rules, in the engine's words.

Everything waits in one queue that accepts by itself; each kind of contact has a route of its own.
What people call things is replaced by names that rules allow.
"""

from patchbay.simulate.reading import total
from patchbay.simulate.scenario import Agents, Scenario
from shared.rules import Agent, PriorityClass, Rules

QUEUE = "all"
KIND = "kind"
"""The attribute that says which kind of contact it is."""

_MINUTE = 60


def rules_of(scenario: Scenario) -> Rules:
    """The rules that the engine decides by."""
    skills = skill_names(scenario)
    channels = {contact.channel for contact in scenario.contacts}
    return Rules.model_validate(
        {
            "queues": {QUEUE: {"offer": {"accept": "automatic"}, "pick": scenario.routing.pick}},
            "order": scenario.routing.order,
            "own_first": _own_first(scenario),
            "classes": _classes(scenario),
            "routes": [
                {
                    "name": f"r{index}",
                    "when": {KIND: [str(index)]},
                    "queue": QUEUE,
                    "priority": _class(contact.priority),
                    "requires": {skills[name]: level for name, level in contact.requires.items()},
                }
                for index, contact in enumerate(scenario.contacts)
            ],
            "agents": {
                agent_name(index, number): agent
                for index, group in enumerate(scenario.agents)
                for agent in [_agent(group, channels, skills)]
                for number in range(group.count)
            },
            "skills": tuple(skills.values()),
            "default_capacity": dict.fromkeys(channels, 0),
            "thread_window_hours": {},
        }
    )


def agent_name(group: int, number: int) -> str:
    """What the engine calls the agent with this number in this group."""
    return f"a{group}-{number}"


def skill_names(scenario: Scenario) -> dict[str, str]:
    """What the engine calls the scenario's skills."""
    found = [skill for group in scenario.agents for skill in group.skills]
    found += [skill for contact in scenario.contacts for skill in contact.requires]
    return {skill: f"s{number}" for number, skill in enumerate(dict.fromkeys(found))}


def _agent(group: Agents, channels: set[str], skills: dict[str, str]) -> Agent:
    own = dict.fromkeys(channels, 1) if group.capacity is None else group.capacity
    return Agent(
        queues=(QUEUE,),
        skills={skills[name]: level for name, level in group.skills.items()},
        capacity={channel: own.get(channel, 0) for channel in channels},
        total=min(500, max(1, total(group))),
    )


def _own_first(scenario: Scenario) -> bool:
    """Best fit is meant on both sides: whoever is free again takes first what he is best at. Only
    strict priorities are stricter."""
    return scenario.routing.pick == "best_fit" and scenario.routing.order != "priority"


def _classes(scenario: Scenario) -> dict[str, PriorityClass]:
    """A class per priority: its rank for `order: priority`, its boost for `order: target`."""
    strict = scenario.routing.order == "priority"
    priorities = sorted({contact.priority for contact in scenario.contacts})
    return {
        _class(priority): PriorityClass(
            rank=place - len(priorities) // 2 if strict else 0,
            boost_seconds=0 if strict else (priority - priorities[0]) * _MINUTE,
        )
        for place, priority in enumerate(priorities)
    }


def _class(priority: int) -> str:
    return f"p{priority}".replace("p-", "m")
