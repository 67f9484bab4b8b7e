"""What is run, and what is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from patchbay.queueing import Line, figures, priority_waits
from patchbay.simulate.scenario import Scenario
from tests.prove.shared_places import SharedPlaces

POOLED = ("age", "longest_idle")


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure of all contacts, or of one kind, and its exact value."""

    figure: str
    exact: float
    kind: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A scenario, the plain lines that are its twin, and the twin's exact figures.

    `claims` are what the engine has to come to. `elsewhere` are figures that another simulator
    found, with their 95 % intervals; `at_least` bounds a share from below.
    """

    name: str
    scenario: Scenario
    servers: Sequence[int]
    line_of: Sequence[int]
    most: int | None
    twin_exact: dict[str, float]
    claims: Sequence[Claim]
    elsewhere: dict[str, tuple[float, float]] = field(default_factory=dict)
    best_at_least: float | None = None


def all_models() -> list[Model]:
    """All of them, in the order of the table."""
    return [
        *(erlang_c(*row) for row in ((10, 8, 0.1), (90, 84, 0.1), (100, 90, 0.1), (100, 95, 0.1))),
        erlang_c(1000, 950, 0.01),
        *(erlang_a(100, 100, theta) for theta in (0.5, 1.0, 2.0)),
        erlang_a(100, 90, 1.0),
        erlang_a(100, 110, 1.0),
        erlang_a(50, 48, 2.0),
        priorities(),
        *(pooled(rate, *POOLED, 100_000) for rate in (1.375, 1.400, 1.425)),
        pooled(1.400, "target", "best_fit", 1_200_000),
        pooled(1.400, "newest", "least_loaded", 1_200_000),
        one_skill(),
        two_skills("chain", (0.00496, 0.00019), (0.7195, 0.012)),
        two_skills("spread", (0.00451, 0.00028), (0.5974, 0.005)),
    ]


def erlang_c(servers: int, load: float, time: float, arrivals: int = 100_000) -> Model:
    """Everybody waits until he is answered."""
    found = figures(Line(servers, load, 1.0))
    exact = {
        "p_wait": found.p_wait,
        "mean_wait": found.mean_wait,
        "within": found.answered_within(time),
    }
    name = f"Erlang C, {servers} agents, load {load:g}"
    return _one_line(name, servers, load, time, exact, arrivals)


def erlang_a(servers: int, load: float, theta: float, arrivals: int = 100_000) -> Model:
    """Patience is exponential with rate theta."""
    found = figures(Line(servers, load, 1.0, theta))
    exact = {
        "p_wait": found.p_wait,
        "p_abandon": found.p_abandon,
        "within": found.answered_within(0.05),
    }
    name = f"Erlang A, {servers} agents, load {load:g}, impatience {theta:g}"
    return _one_line(name, servers, load, 0.05, exact, arrivals, patience_minutes=1 / theta)


def priorities(arrivals: int = 1_000_000) -> Model:
    """Two classes, work once begun is finished; the twin knows no classes."""
    first, second = priority_waits(10, 1.0, [3, 5])
    found = figures(Line(10, 8.0, 1.0))
    contacts = [_contact("first", 3, priority=1), _contact("second", 5)]
    return Model(
        "two priorities, 10 agents, load 3 + 5",
        _scenario(contacts, [{"count": 10}], arrivals, ("priority", "longest_idle"), 0.1),
        servers=[10],
        line_of=[0, 0],
        most=None,
        twin_exact={"p_wait": found.p_wait, "mean_wait": found.mean_wait},
        claims=[
            Claim("p_wait", found.p_wait),
            Claim("mean_wait", first, 0),
            Claim("mean_wait", second, 1),
        ],
    )


def pooled(rate: float, order: str, pick: str, arrivals: int) -> Model:
    """Every agent has all six skills: M/M/90/120, whatever the order. Only the oldest-first order
    has the service level of it, too; the mean wait of the newest first takes four million contacts
    to be known to 1 %."""
    exact = _pooled(rate)
    same = ("p_block", "p_wait") if order == "newest" else ("p_block", "p_wait", "mean_wait")
    names = (*exact,) if (order, pick) == POOLED else same
    return Model(
        f"6 skills, {rate:.3f} a minute each, {order}, {pick}",
        _six(rate, _agents(range(6)), arrivals, (order, pick)),
        servers=[90],
        line_of=[0] * 6,
        most=120,
        twin_exact=exact,
        claims=[Claim(name, exact[name]) for name in names],
    )


def one_skill(arrivals: int = 200_000) -> Model:
    """Six lines of 15 agents that share 120 places."""
    exact = SharedPlaces(6, 15, 1.4, 0.1, 120).figures(0.5)
    return Model(
        "1 skill",
        _six(1.4, _agents(()), arrivals, ("target", "best_fit")),
        servers=[15] * 6,
        line_of=range(6),
        most=120,
        twin_exact=exact,
        claims=[Claim(name, value) for name, value in exact.items()],
        best_at_least=1.0,
    )


def two_skills(
    how: str, block: tuple[float, float], wait: tuple[float, float], arrivals: int = 400_000
) -> Model:
    """No formula is known: figures found elsewhere, between those of one and of all skills."""
    seconds = (1,) if how == "chain" else (1, 2, 3, 4, 5)
    return Model(
        f"2 skills, {how}",
        _six(1.4, _agents(seconds, apart=True), arrivals, ("target", "best_fit")),
        servers=[90],
        line_of=[0] * 6,
        most=120,
        twin_exact=_pooled(1.4),
        claims=(),
        elsewhere={"p_block": block, "mean_wait": wait},
        best_at_least=0.73,
    )


def several_hands(arrivals: int) -> Model:
    """Five agents who have two contacts in hand are ten servers."""
    contact, agents = _contact("all", 8), {"count": 5, "capacity": {"phone": 2}}
    exact = {"p_wait": figures(Line(10, 8.0, 1.0)).p_wait}
    return Model(
        "5 agents with 2 hands",
        _scenario([contact], [agents], arrivals, ("age", "least_loaded"), 0.1),
        servers=[10],
        line_of=[0],
        most=None,
        twin_exact=exact,
        claims=[Claim("p_wait", exact["p_wait"])],
    )


def two_channels(arrivals: int) -> Model:
    """Agents for one channel each, who need two skills there, are lines of their own."""
    first = _contact("calls", 3, requires={"german": 2, "orders": 1}) | {"patience_minutes": 1}
    second = _contact("chats", 3) | {"channel": "chat", "patience_minutes": 1}
    agents = [
        {"count": 3, "skills": {"german": 2, "orders": 3}},
        {"count": 5, "skills": {"german": 1, "orders": 3}},
        {"count": 3, "capacity": {"chat": 1, "phone": 0}},
    ]
    exact = {"p_abandon": figures(Line(3, 3.0, 1.0, 1.0)).p_abandon}
    return Model(
        "2 channels with 3 agents each",
        _scenario([first, second], agents, arrivals, POOLED, 0.1),
        servers=[3, 3],
        line_of=[0, 1],
        most=None,
        twin_exact=exact,
        claims=[Claim("p_abandon", exact["p_abandon"])],
    )


def _pooled(rate: float) -> dict[str, float]:
    found = figures(Line(90, 6 * rate, 0.1, places=30))
    return {
        "p_block": found.p_block,
        "p_wait": found.p_wait,
        "mean_wait": found.mean_wait,
        "within": found.answered_within(0.5),
    }


def _one_line(
    name: str,
    servers: int,
    load: float,
    time: float,
    exact: dict[str, float],
    arrivals: int,
    **more: float,
) -> Model:
    return Model(
        name,
        _scenario([_contact("all", load, **more)], [{"count": servers}], arrivals, POOLED, time),
        servers=[servers],
        line_of=[0],
        most=None,
        twin_exact=exact,
        claims=[Claim(figure, value) for figure, value in exact.items()],
    )


def _contact(name: str, rate: float, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "channel": "phone",
        "rate_per_minute": rate,
        "handle_minutes": 1,
        **more,
    }


def _agents(seconds: Sequence[int], *, apart: bool = False) -> list[dict[str, Any]]:
    """15 agents who are best at each skill, and know those so many further on as well: every one
    of them all of those, or, apart, an equal part of them each."""
    steps = [[step] for step in seconds] if apart else [list(seconds)]
    return [
        {
            "count": 15 // len(steps),
            "skills": {f"s{(own + step) % 6}": 1 for step in some} | {f"s{own}": 2},
        }
        for own in range(6)
        for some in steps
    ]


def _six(
    rate: float, agents: list[dict[str, Any]], arrivals: int, routing: tuple[str, str]
) -> Scenario:
    contacts = [
        _contact(f"c{n}", rate, requires={f"s{n}": 1}) | {"handle_minutes": 10} for n in range(6)
    ]
    return _scenario(contacts, agents, arrivals, routing, 0.5, waiting_places=30)


def _scenario(
    contacts: list[dict[str, Any]],
    agents: list[dict[str, Any]],
    arrivals: int,
    routing: tuple[str, str],
    time: float,
    **more: Any,
) -> Scenario:
    return Scenario.model_validate(
        {
            "seed": 20,
            "arrivals": arrivals,
            "contacts": contacts,
            "agents": [{"capacity": {"phone": 1}, **group} for group in agents],
            "routing": {"order": routing[0], "pick": routing[1]},
            "report_within_minutes": [time],
            **more,
        }
    )
