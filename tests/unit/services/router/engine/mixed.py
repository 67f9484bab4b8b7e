"""Rules drawn at random: every way to match, in all combinations."""

import random
from typing import Any

from shared.rules import Rules

_SKILLS = ("german", "returns")
_QUEUES = ("support", "sales", "returns")
_PICKS = ("longest_idle", "least_loaded", "most_spare", "best_fit", "round_robin")
_AGENTS = ("ada", "bob", "cyd", "dee", "eve")


def mixed(seed: int) -> Rules:
    """The same seed gives the same rules."""
    return Rules.model_validate(_Mixed(random.Random(seed)).rules())


class _Mixed:
    def __init__(self, pick: random.Random) -> None:
        self._pick = pick

    def rules(self) -> dict[str, Any]:
        choice = self._pick.choice
        return {
            "queues": {name: self._queue() for name in _QUEUES},
            "classes": {
                "normal": {"target_seconds": 300, "by_channel": {"phone": 30}},
                "urgent": {"target_seconds": 60, "rank": choice((0, 1))},
                "early": {"target_seconds": 300, "boost_seconds": choice((10, 400)), "rank": -1},
            },
            "skills": _SKILLS,
            "routes": self._routes(),
            "agents": {name: self._agent() for name in _AGENTS},
            "order": choice(("target", "target", "age", "priority", "newest")),
            "own_first": choice((False, False, True)),
            "ramp": choice((None, None, {"seconds": 15, "offers": 1})),
            "capacity": self._capacity(),
            "missed_offers": choice((2, 5)),
            "decline_seconds": choice((0, 30)),
            "grace_seconds": 25,
            "thread_window_hours": choice(({}, {"email": 1.0})),
        }

    def _queue(self) -> dict[str, Any]:
        return {
            "pick": self._pick.choice(_PICKS),
            "offer_seconds": self._pick.choice((5, 20)),
            "wrap_up_seconds": self._pick.choice((0, 0, 5)),
            "service_level": {
                "percent": self._pick.choice((1, 80)),
                "seconds": self._pick.choice((5, 60, 1000)),
            },
        }

    def _routes(self) -> list[dict[str, Any]]:
        intents = ("buy", "return", "x")
        special = [
            self._route(intent) | {"when": {"intent": intent, "language": {"present": False}}}
            for intent in intents
        ]
        german = self._route("german") | {"when": {"language": "de"}}
        return [german, *special, self._route("rest")]

    def _route(self, name: str) -> dict[str, Any]:
        choice = self._pick.choice
        first = {"seconds": choice((5, 60)), "at_most": choice((None, 2))}
        return {
            "name": name,
            "queue": choice(_QUEUES),
            "priority": choice(("normal", "normal", "urgent", "early")),
            "requires": self._need(),
            "preferred": [self._need() for _ in range(choice((0, 0, 1, 2)))],
            "first": choice((None, None, first)),
            "steps": [self._step() for _ in range(choice((0, 1, 2)))],
        }

    def _step(self) -> dict[str, Any]:
        choice = self._pick.choice
        trigger: dict[str, Any] = choice(
            ({"after_seconds": choice((1, 10))}, {"nobody_able": True})
        )
        changes: dict[str, Any] = {
            "also": [choice(_QUEUES) for _ in range(choice((1, 2)))],
            "queue": choice(_QUEUES),
            "requires": choice(({}, self._need())),
            "priority": "urgent",
            "preferred": [self._need()],
        }
        kept = self._pick.sample(sorted(changes), choice((1, 2)))
        return trigger | {name: changes[name] for name in kept}

    def _need(self) -> dict[str, Any]:
        choice = self._pick.choice
        skill, level = choice(_SKILLS), choice((1, 2))
        return dict(
            choice(
                (
                    {},
                    {},
                    {skill: level},
                    {"any": [{"german": 2}, {"returns": level}]},
                    {"not": {skill: 3}},
                    {"any": [{"when": {"channel": "email"}}, {skill: level}]},
                )
            )
        )

    def _agent(self) -> dict[str, Any]:
        choice = self._pick.choice
        return {
            "queues": self._pick.sample(_QUEUES, choice((1, 2, 3))),
            "skills": {name: choice((1, 2, 3)) for name in _SKILLS if choice((True, False))},
            "capacity": {name: choice((0, 1, 2)) for name in ("whatsapp", "phone", "email")},
            "total": choice((None, 2, 3)),
            "reserve": choice((0, 1)),
        }

    def _capacity(self) -> dict[str, Any]:
        choice = self._pick.choice
        return {
            "units": choice(({}, {"email": 2})),
            "labels": choice(([], [{"when": {"language": "de"}, "units": 2}])),
            "paused_percent": choice((0, 50, 100)),
            "interrupts": choice(({}, {"phone": ["email", "whatsapp"]})),
        }
