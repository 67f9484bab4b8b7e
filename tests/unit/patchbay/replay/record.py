"""A record to replay: a morning of one shop, decided by the engine."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from patchbay.recorded.visits import Recording
from services.router.engine.decide import Input, decide
from services.router.engine.state import State
from services.router.engine.turn import Context
from services.router.shard.decisions import Line
from shared.clock import SystemClock
from shared.events.commands import AcceptOffer, Close, Configure, SetPresence
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.routing import Decision, Offered, RoutingEvent
from shared.log import Entry
from shared.opening import open_log
from shared.rules import Rules
from shared.topics import ROUTING

START = 1_767_571_200_000  # 2026-01-05 00:00 UTC, a Monday
SECOND = 1_000
RULES = Rules.model_validate(
    {
        "queues": {"support": {"service_level": {"percent": 80, "seconds": 20}}},
        "routes": [{"name": "all", "queue": "support"}],
        "agents": {name: {"queues": ["support"]} for name in ("ana", "ben")},
        "default_capacity": {"phone": 1},
    }
)


@dataclass
class Recorder:
    """Decides, and keeps what was decided in both forms."""

    recording: Recording = field(default_factory=lambda: Recording("shop"))
    entries: list[Entry] = field(default_factory=list)
    _state: State = field(default_factory=State)
    _line: Line = field(default_factory=lambda: Line(0, epoch=1))

    def do(self, command: Input, seconds: float) -> tuple[RoutingEvent, ...]:
        """Decide on it, so many seconds after the start."""
        at, cause = START + round(seconds * SECOND), f"i{len(self.entries)}"
        events = decide(self._state, command, Context(at, cause))
        self.entries.append(self._line.decided("shop", cause, at, events))
        self.recording.add(
            Decision(
                epoch=1,
                seq=self._line.seq,
                at=at,
                workspace="shop",
                cause=cause,
                inbound=0,
                commands=0,
                events=events,
            )
        )
        return events

    def sign_in(self, agent: str, seconds: float) -> None:
        """He is available."""
        command = SetPresence(workspace="shop", actor=agent, agent=agent, state="available")
        self.accept(self.do(command, seconds), seconds + 1)

    def write(self, name: str, seconds: float, kind: str = "message") -> None:
        """A customer calls, or hangs up (`close`). Whoever is asked accepts a second later."""
        at = datetime.fromtimestamp(START / 1000 + seconds, UTC)
        event = CustomerEvent.model_validate(
            {
                "id": f"{name}/{kind}",
                "workspace": "shop",
                "channel": "phone",
                "account": "line",
                "conversation_key": name,
                "received_at": at,
                "action": Action.model_validate(
                    {
                        "kind": kind,
                        "sender": Sender(address=name),
                        "occurred_at": at,
                        "provider_id": kind,
                    }
                ),
            }
        )
        self.accept(self.do(event, seconds), seconds + 1)

    def close(self, name: str, seconds: float) -> None:
        """Whoever has it ends it, and accepts what he is offered then a second later."""
        visit = next(v for v in self.recording.visits if v.key == name)
        command = Close(workspace="shop", actor="system", conversation=visit.conversation)
        self.accept(self.do(command, seconds), seconds + 1)

    def accept(self, events: tuple[RoutingEvent, ...], seconds: float) -> None:
        """All offers in these events."""
        for event in events:
            if isinstance(event, Offered):
                self.do(
                    AcceptOffer(workspace="shop", actor=event.agent, offer=event.offer), seconds
                )


def morning() -> Recorder:
    """Ana alone: one call of a minute, one that waits for her, one that gives up; 100 s each."""
    recorder = Recorder()
    recorder.do(Configure(workspace="shop", digest="d", rules=RULES), 0)
    recorder.sign_in("ana", 0)
    recorder.write("first", 10)
    recorder.write("second", 20)
    recorder.write("third", 30)
    recorder.write("third", 60, "close")
    recorder.close("first", 71)
    recorder.close("second", 172)
    return recorder


async def written(recorder: Recorder, path: Path) -> str:
    """The record as an embedded log; its address."""
    url = f"sqlite:///{path}"
    async with open_log(url, SystemClock(), 1) as log, log.sink() as sink:
        partition = ROUTING.partition("shop", "", 1)
        first = Line(0).owned(1, "test", START)
        await sink.append_batch(partition, [first, *recorder.entries])
    return url
