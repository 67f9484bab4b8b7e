"""Rules drawn at random: every way to match, in all combinations."""

import random
from typing import Any

from shared.rules import Rules
from shared.rules.hours import WEEKDAYS

_ODD = ("22:14-22:15", "22:16-22:20", "22:30-23:00", "23:05-00:10", "00:30-12:00")
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
            "hours": {"odd": {"time_zone": "UTC", "open": dict.fromkeys(WEEKDAYS, _ODD)}},
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
            "batch_ms": choice((0, 0, 0, 400)),
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
            "offer": self._offering(),
            "wrap_up": self._wrap_up(),
            "hours": self._pick.choice((None, None, None, "odd")),
            "after_hours": self._pick.choice(({}, {"work_off": True}, {"do": "close"})),
            "max_wait": self._pick.choice(([], [{"after_seconds": 40, "do": "message"}])),
            "tell_wait": self._pick.choice((True, False)),
            "service_level": {
                "percent": self._pick.choice((1, 80)),
                "seconds": self._pick.choice((5, 60, 1000)),
            },
        }

    def _offering(self) -> dict[str, Any]:
        choice = self._pick.choice
        most = choice((None, None, 1, 3))
        return {
            "accept": choice(("agent", "agent", "agent", "automatic")),
            "agents": choice((1, 1, 2, 3)),
            "accepting_seconds": choice((0, 8, 40)),
            "retry_seconds": choice((0, 60)),
            "most_tries": most,
            "then_queue": None if most is None else "returns",
        }

    def _wrap_up(self) -> dict[str, Any]:
        choice = self._pick.choice
        return {
            "mode": choice(("off", "off", "optional", "discretionary", "timed", "forced", "asked")),
            "seconds": choice((5, 20)),
            "extend_seconds": choice((0, 10)),
            "codes": choice(((), ("solved", "refund"))),
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
            (
                {"after_seconds": choice((1, 10))},
                {"nobody_able": True},
                {"expected_wait_seconds": choice((1, 40))},
            )
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
