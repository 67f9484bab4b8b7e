"""What the engine knows: one shard's workspaces, each by itself.

Changed by `evolve` and by nothing else. What is written to a snapshot is the truth; heaps, seats,
timers and other things that only make finding fast are rebuilt from it. Everything knows everything
else here, so the text of a thing leaves out its links.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from services.router.engine.capacity import PLAIN, Terms
from services.router.engine.demand import Demand
from services.router.engine.facts import Alert, Before, Blocked
from services.router.engine.front import Front
from services.router.engine.hours import Turned
from services.router.engine.lines import Line, LineKey
from services.router.engine.overflow import Donor
from services.router.engine.picking import Kind, Seat
from services.router.engine.routes import Routing
from services.router.engine.skills import Abilities, Profile, SkillClass
from services.router.engine.tables import Table
from services.router.engine.timers import Timers
from services.router.engine.versions import Trial, Version
from shared.events.commands import PresenceState
from shared.rules import Agent as AgentRules
from shared.rules import Queue, Rules

if TYPE_CHECKING:
    from services.router.engine.capture import Capture

Status = Literal["open", "waiting", "offered", "dialling", "held", "closed"]
Attributes = Mapping[str, str]

RECENT_CAUSES = 1024
_PLAIN_QUEUE = Queue()


@dataclass(slots=True, eq=False, init=False)
class Conversation:
    """One episode with one customer. Times are Unix milliseconds.

    `open` is neither waiting nor with anybody (a caller in the menu). `agent` holds it or wraps it
    up. `offers` are the pending offers while it is offered, `offer` is the accepted one. `attempts`
    counts the offers that came to nothing in its queue, `last_asked` is who was asked last.
    `shunned` are the agents it is kept from, and until when. Its wrap-up ends by itself at
    `wrap_up_until` (0: never), which can be put off until `wrap_up_most`. `pinned` says that a
    person chose its queue.
    `kept_for` is the only agent who is offered it, until `kept_until`. `snoozed_until`: it
    sleeps with its agent. `asked` are the skills a person asked for instead of the route's.
    `last_agent` held it last. `consult_of`: it is a question about that conversation, `consult`
    the open one about this. `missed_calls`: so often we called back in vain; `callback_at` is
    when we call again, or until when his phone may ring, `dial` that attempt.
    `joined` are the conversations merged into it, with their keys;
    `spoke` is the key the customer used last, where it is not its own.
    `version` is that of the rules that chose route and queue.
    `queued_at` is when it came into its queue, `limits` how many of the queue's maximum waits have
    had their effect since, `called` whether it has been offered since.
    Its turn is (`level`, `due`); `placed` is the due time under which its skill class has a place
    for it, if it has one. `units` is what it weighs, `paused` says that it rests with its agent.
    `routed_at` is when its route took it, `step` how many of the route's steps were taken; the next
    one's time comes at `step_at`, unless that is 0. `captured` is the last capture done with it.
    """

    id: str
    key: str
    number: int
    channel: str
    attributes: Attributes
    arrived: int
    status: Status
    skill_class: SkillClass | None = field(repr=False)
    priority: str
    route: str | None
    version: int
    level: int
    due: int
    placed: int | None
    units: int
    step: int
    routed_at: int
    step_at: int
    paused: bool
    pinned: bool
    agent: "Agent | None" = field(repr=False)
    offer: str | None
    offers: "list[Offer] | None" = field(repr=False)
    tries: int
    attempts: int
    last_asked: str | None
    shunned: dict[str, int] | None
    queued_at: int
    limits: int
    called: bool
    kept_for: str | None
    kept_until: int
    snoozed_until: int
    asked: dict[str, int] | None
    last_agent: str | None
    consult_of: str | None
    consult: str | None
    missed_calls: int
    callback_at: int
    dial: str | None
    merged_into: str | None
    joined: dict[str, str] | None
    spoke: str | None
    responded: bool
    closed_at: int
    reopens_until: int
    wrap_up_until: int
    wrap_up_most: int
    wrap_up_code: str | None
    wrap_up_asked: bool
    captured: int

    def __init__(
        self,
        identity: str,
        key: str,
        number: int,
        channel: str,
        attributes: Attributes,
        arrived: int,
    ) -> None:
        """It has just begun. Written out, because the engine makes many of them: what a dataclass
        makes of its defaults takes several times as long where the engine is compiled."""
        self.id, self.key, self.number = identity, key, number
        self.channel, self.attributes, self.arrived = channel, attributes, arrived
        self.status = "open"
        self.priority = ""
        self.units = 1
        self.version = self.level = self.due = self.step = 0
        self.routed_at = self.step_at = self.tries = self.attempts = 0
        self.queued_at = self.limits = self.kept_until = self.snoozed_until = 0
        self.missed_calls = self.callback_at = self.closed_at = self.reopens_until = 0
        self.wrap_up_until = self.wrap_up_most = self.captured = 0
        self.paused = self.pinned = self.called = self.responded = self.wrap_up_asked = False
        self.skill_class = self.route = self.placed = self.agent = self.offer = None
        self.offers = self.last_asked = self.shunned = self.kept_for = self.asked = None
        self.last_agent = self.consult_of = self.consult = self.dial = None
        self.merged_into = self.joined = self.spoke = self.wrap_up_code = None

    @property
    def queue(self) -> str:
        """The queue it was put into last; empty before the first one."""
        return "" if self.skill_class is None else self.skill_class.queue


@dataclass(slots=True, eq=False)
class Offer:
    """One agent is asked, or was and accepted. `accepting`: he has begun to."""

    id: str
    conversation: Conversation = field(repr=False)
    agent: "Agent" = field(repr=False)
    expires_at: int = 0
    accepting: bool = False


@dataclass(slots=True, eq=False)
class Agent:
    """One agent at work. `rules` and `profile` are None once the configuration dropped him.

    `rank` orders agents by how long they are idle: it grows with every offer and every end of work.
    `turn` is his rank when he was asked last. `allowed` is how much more he is offered before his
    ramp ends at `ramp_until`; None without one. `seated` are his seats, `work` what takes his
    capacity, `paused` what of it rests, `kept` what waits for nobody but him. `channels`
    are what he takes while busy, else empty.
    Offline, he keeps what he holds until `keeps_until`; `before` is what he was when his connection
    was lost.
    """

    name: str
    rules: AgentRules | None = None
    profile: Profile | None = field(default=None, repr=False)
    limits: Mapping[str, int] = field(default_factory=dict)
    most: int = 0
    state: PresenceState = "offline"
    reason: str | None = None
    session: str | None = None
    rank: int = 0
    idle_since: int = 0
    missed: int = 0
    channels: tuple[str, ...] = ()
    keeps_until: int = 0
    before: "Before | None" = None
    busy: int = 0
    load: dict[str, int] = field(default_factory=dict)
    work: dict[str, Conversation] = field(default_factory=dict, repr=False)
    turn: int = 0
    allowed: int | None = None
    ramp_until: int = 0
    terms: Terms = PLAIN
    paused: dict[str, Conversation] = field(default_factory=dict, repr=False)
    seated: dict[Kind, Seat] = field(default_factory=dict, repr=False)
    kept: dict[str, Conversation] = field(default_factory=dict, repr=False)
    shunned: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Thread:
    """One conversation key. `recent` are 8-byte digests of the last event ids, oldest first.

    `last` is its latest conversation, `kept` how many are still remembered. `noted` is the last
    alert ever noted, so that noting it again changes nothing. `agent` held one of its
    conversations last, `told` is when its customer last had an automatic message.
    """

    last: Conversation | None = field(default=None, repr=False)
    kept: int = 0
    recent: bytes = b""
    alert: Alert | None = None
    noted: str | None = None
    agent: str | None = None
    told: int = 0
    captured: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Workspace:
    """Everything of one workspace. Nothing here is ever reached from another one.

    `recent` are the causes of the last decisions: a command found there has already been decided.
    `declined` are the waiting conversations that some agent is kept from. `settled` says that all
    has been looked at since the last rules; `unswept` and `unfilled` are what still has to be.
    `hours` are how opening hours stand, `closed` the queues that nobody is offered anything of,
    `lines` what waits for the same agents. `standing` have got room and have no seat yet, `left`
    are gone, both within one decision. `batch_until` is when what is being gathered is matched.
    `version` is the number of the last change of the rules, `in_force` that of the one in force.
    """

    name: str
    rules: Rules = field(default_factory=Rules)
    digest: str | None = None
    version: int = 0
    in_force: int = 0
    history: list[Version] = field(default_factory=list)
    trial: Trial | None = None
    hours: dict[str, Turned] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    lines: dict[LineKey, Line] = field(default_factory=dict)
    settled: bool = True
    routing: Routing = field(default_factory=lambda: Routing(Rules()))
    numbers: int = 0
    ranks: int = 0
    conversations: Table[Conversation] = field(default_factory=Table)
    threads: Table[Thread] = field(default_factory=Table)
    agents: dict[str, Agent] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    recent: deque[str] = field(default_factory=deque)
    known: set[str] = field(default_factory=set)
    classes: dict[Demand, SkillClass] = field(default_factory=dict)
    profiles: dict[Abilities, Profile] = field(default_factory=dict)
    serving: dict[str, list[Profile]] = field(default_factory=dict)
    front: Front[SkillClass] = field(default_factory=Front)
    kinds: dict[tuple[str, int, str], Kind] = field(default_factory=dict)
    batch_until: int = 0
    donors: dict[str, Donor] = field(default_factory=dict)
    left: list[Agent] = field(default_factory=list)
    standing: list[Agent] = field(default_factory=list)
    deserted: list[SkillClass] = field(default_factory=list)
    declined: dict[str, Conversation] = field(default_factory=dict)
    blocked: dict[str, Blocked] = field(default_factory=dict)
    lapses: list[tuple[int, str]] = field(default_factory=list)
    unswept: list[Conversation] = field(default_factory=list)
    unfilled: list[tuple[int, str]] = field(default_factory=list)
    shared: dict[tuple[tuple[str, str], ...], Attributes] = field(default_factory=dict)

    def settings(self, conversation: Conversation) -> Queue:
        """The rules of the queue it was put into last; the defaults where there is none of that
        name any more."""
        wanted = conversation.skill_class
        found = None if wanted is None else self.rules.queues.get(wanted.queue)
        return found or _PLAIN_QUEUE


@dataclass(slots=True, eq=False, repr=False)
class State:
    """One shard. `now` is when it last decided on something, `latest` when it last looked.

    `timers` is what time will bring, `capture` the snapshot being taken.
    """

    shard: int = 0
    now: int = 0
    latest: int = 0
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    timers: Timers = field(default_factory=Timers)
    capture: "Capture | None" = None
    captures: int = 0

    def workspace(self, name: str) -> Workspace:
        """The workspace, empty if nothing was ever heard of it."""
        found = self.workspaces.get(name)
        if found is None:
            found = self.workspaces[name] = Workspace(name)
        return found
