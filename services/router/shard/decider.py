"""From inputs to entries for the record: decode, decide, encode. Synchronous, for one shard."""

from collections import Counter
from collections.abc import Callable

from services.router.engine.decide import Input, decide
from services.router.engine.state import State
from services.router.engine.timers import CAUSE, Timer, due_timers, next_timer
from services.router.engine.turn import Context
from services.router.engine.versions import was_in_force
from services.router.metrics import engine_events, engine_inputs
from services.router.shard.decisions import Line
from shared.errors import RecordTooLarge
from shared.events.commands import Configure
from shared.log import MAX_APPEND_BYTES, Entry, Record, weight
from shared.rules import Rules, digest_of
from shared.topics import COMMANDS_TOPIC, INBOUND

_DECODERS = {topic.name: topic.decoder() for topic in (INBOUND, COMMANDS_TOPIC)}


class Decider:
    """Decides for the owner of a shard. Its state runs ahead of what is acknowledged."""

    def __init__(self, state: State, line: Line, now: Callable[[], int]) -> None:
        self.state = state
        self.line = line
        self._now = now
        self._decided_on: Counter[str] = Counter()
        self._made: Counter[str] = Counter()

    def decide(self, record: Record) -> Entry | None:
        """The decision on an input; None if it means nothing.

        Raises Undecodable before anything has changed, and RecordTooLarge after: then the state
        must be dropped. An input that is not decided on must be `passed`.
        """
        envelope = _DECODERS[record.partition.topic].decode(record.value)
        self.passed(record)
        return self._decided(
            record.partition.topic, envelope.data, envelope.id, envelope.traceparent
        )

    def passed(self, record: Record) -> None:
        """The input is done with: whoever comes after us begins behind it."""
        if record.partition.topic == INBOUND.name:
            self.line.inbound = record.offset + 1
        else:
            self.line.commands = record.offset + 1

    def configure(self, workspace: str, rules: Rules) -> Entry | None:
        """Decide by these rules from now on, unless we do already."""
        digest = digest_of(rules)
        if was_in_force(self.state.workspace(workspace), digest):
            return None
        command = Configure(workspace=workspace, digest=digest, rules=rules, how="file")
        cause = f"configure.{digest}.{self.line.epoch}.{self.line.seq}"
        return self._decided("configuration", command, cause, None)

    def ignores(self, workspace: str, rules: Rules) -> int | None:
        """The version that is in force instead of these rules; None if these are."""
        known = self.state.workspace(workspace)
        return None if known.digest == digest_of(rules) else known.in_force

    def due(self, limit: int) -> list[Timer]:
        """The timers whose time has come."""
        return due_timers(self.state, self._now(), limit)

    def elapsed(self, timer: Timer) -> Entry | None:
        """The decision on a timer; None if its occasion is gone."""
        return self._decided("timer", timer, CAUSE, None)

    def seconds_to_timer(self) -> float | None:
        """How long until the next timer is due; None without any."""
        due = next_timer(self.state)
        return None if due is None else max(due - self._now(), 0) / 1000

    def _decided(
        self, kind: str, command: Input, cause: str, traceparent: str | None
    ) -> Entry | None:
        events = decide(self.state, command, Context(self._now(), cause))
        if not events:
            engine_inputs(kind, "nothing").inc()
            return None
        entry = self.line.decided(command.workspace, cause, self.state.latest, events, traceparent)
        if weight([entry]) > MAX_APPEND_BYTES:
            raise RecordTooLarge(f"a decision of {len(events)} events")
        self._decided_on[kind] += 1
        for event in events:
            self._made[event.event] += 1
        return entry

    def count(self) -> None:
        """Put what was decided since the last time into the metrics."""
        for kind, number in self._decided_on.items():
            engine_inputs(kind, "decided").inc(number)
        for event, number in self._made.items():
            engine_events(event).inc(number)
        self._decided_on.clear()
        self._made.clear()
