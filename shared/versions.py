"""Which versions of their rules the workspaces have: topic `rules`, read."""

import asyncio
from collections.abc import Iterable
from typing import Any, Literal

import structlog

from shared.clock import Clock, from_milliseconds
from shared.config.models import Config
from shared.errors import LogUnavailable, Undecodable
from shared.events.envelope import Envelope, encode
from shared.events.routing import Configured, Decision, TrialEnded, TrialStarted
from shared.events.rules import RulesTrialEnded, RulesVersion
from shared.ids import derived_id
from shared.log import Entry, Log, Partition
from shared.rules import Rules
from shared.topics import RULES

_LOG = structlog.get_logger(__name__)
_DECODER = RULES.decoder()
_PAUSE_SECONDS = 0.5
_SOURCE = "/patchbay/router"

VersionState = Literal["in_force", "on_trial", "tried", "former"]
Kept = RulesVersion | RulesTrialEnded


def kept(decision: Decision) -> list[Kept]:
    """What a decision says of the versions of its workspace's rules."""
    found: list[Kept] = []
    for event in decision.events:
        if isinstance(event, Configured | TrialStarted):
            made = event.change
            found.append(
                RulesVersion(
                    workspace=decision.workspace,
                    version=made.version,
                    epoch=decision.epoch,
                    how=made.how,
                    digest=event.digest,
                    at=event.at,
                    by=made.by,
                    note=made.note,
                    former=made.former,
                    percent=made.percent,
                    rules=event.rules,
                )
            )
        elif isinstance(event, TrialEnded):
            found.append(
                RulesTrialEnded(
                    workspace=decision.workspace,
                    version=event.version,
                    epoch=decision.epoch,
                    how=event.how,
                    at=event.at,
                    by=event.by,
                )
            )
    return found


def entry(said: Kept) -> Entry:
    """The record of topic `rules`: one per version and epoch, for ever."""
    kind = "version" if isinstance(said, RulesVersion) else "ended"
    key = f"{said.workspace}/{said.version}/{said.epoch}/{kind}"
    name = derived_id("rul", key)
    envelope = Envelope(name, _SOURCE, from_milliseconds(said.at), said, subject=said.workspace)
    return Entry(key.encode(), encode(envelope))


class Versions:
    """The versions of one workspace, in whatever order and however often one hears of them.

    `history` has every change, the latest first; `in_force` is the version by which is decided,
    except by `trial`, where there is one.
    """

    def __init__(self) -> None:
        self._made: dict[int, RulesVersion] = {}
        self._ended: dict[int, RulesTrialEnded] = {}
        self.history: list[RulesVersion] = []
        self.in_force: RulesVersion | None = None
        self.trial: RulesVersion | None = None

    def take(self, said: Kept) -> None:
        """Of two records of one version that of the higher epoch counts."""
        known: dict[int, Any] = self._made if isinstance(said, RulesVersion) else self._ended
        present = known.get(said.version)
        if present is None or present.epoch <= said.epoch:
            known[said.version] = said
        self.history = [self._made[number] for number in sorted(self._made, reverse=True)]
        self.in_force = next((one for one in self.history if one.how != "trial"), None)
        self.trial = self._on_trial()

    def version(self, number: int) -> RulesVersion | None:
        """The version of this number."""
        return self._made.get(number)

    def state(self, one: RulesVersion) -> "VersionState":
        """What a version is now."""
        if one is self.in_force:
            return "in_force"
        if one is self.trial:
            return "on_trial"
        return "tried" if one.how == "trial" else "former"

    def trial_end(self, number: int) -> RulesTrialEnded | None:
        """How the trial of this version ended, if it did."""
        return self._ended.get(number)

    def _on_trial(self) -> RulesVersion | None:
        """Any later change ends a trial."""
        latest = next(iter(self.history), None)
        if latest is None or latest.how != "trial" or latest.version in self._ended:
            return None
        return latest

    def former(self) -> RulesVersion | None:
        """What a rollback goes back to: the version in force before the one whose rules are in
        force now. So a second rollback goes one further back, not forth again."""
        present = self.in_force
        while present is not None and present.how == "rollback" and present.former is not None:
            origin = self.version(present.former)
            if origin is None:
                break
            present = origin
        if present is None:
            return None
        before = present.version
        return next(
            (
                one
                for one in self.history
                if one.version < before and one.how != "trial" and one.digest != present.digest
            ),
            None,
        )


class RulesBook:
    """The rules in force, as this process knows them: followed, and noted at once.

    A workspace of which nothing is known yet has the rules of the configuration.
    """

    def __init__(self, config: Config, shards: int) -> None:
        self._config = config
        self._shards = shards
        self._versions: dict[str, Versions] = {}
        self.ready = asyncio.Event()

    @property
    def config(self) -> Config:
        """The configuration this process was started with."""
        return self._config

    def rules(self, workspace: str) -> Rules | None:
        """The rules in force; None for a workspace that nobody knows."""
        found = self.versions(workspace).in_force
        if found is not None:
            return found.rules
        known = self._config.workspaces.get(workspace)
        return None if known is None else known.rules

    def versions(self, workspace: str) -> Versions:
        """All versions of one workspace."""
        return self._versions.setdefault(workspace, Versions())

    def note(self, decision: Decision) -> None:
        """A decision that this process has seen to be valid."""
        for said in kept(decision):
            self.take(said)

    def take(self, said: Kept) -> None:
        """What a decision said of the versions."""
        self.versions(said.workspace).take(said)

    async def run(self, log: Log, clock: Clock, stop: asyncio.Event) -> None:
        """Follow topic `rules` until `stop` is set."""
        names = self._config.workspaces
        positions = {RULES.partition(name, "", self._shards): 0 for name in names}
        try:
            while not stop.is_set():
                try:
                    await self._follow(log, positions, stop)
                except LogUnavailable as error:
                    _LOG.warning("rules_wait", reason=str(error))
                    await clock.sleep(_PAUSE_SECONDS)
        finally:
            self.ready.set()

    async def _follow(self, log: Log, positions: dict[Partition, int], stop: asyncio.Event) -> None:
        ends = {p: end for p, (_, end) in (await log.bounds(list(positions))).items()}
        async with log.read(dict(positions)) as source:
            while not stop.is_set():
                if all(at >= ends[partition] for partition, at in positions.items()):
                    self.ready.set()
                for record in await source.poll(wait=0.2):
                    positions[record.partition] = record.offset + 1
                    self._take(record.value)

    def _take(self, value: bytes) -> None:
        try:
            data = _DECODER.decode(value).data
        except Undecodable as error:
            _LOG.warning("rules_record_undecodable", reason=str(error))
            return
        assert isinstance(data, RulesVersion | RulesTrialEnded)
        self.take(data)


async def read_versions(log: Log, partitions: Iterable[Partition]) -> dict[str, Versions]:
    """The versions of every workspace in these partitions of topic `rules`, as of now."""
    found: dict[str, Versions] = {}
    bounds = await log.bounds(list(partitions))
    positions = {p: begin for p, (begin, end) in bounds.items() if begin < end}
    if not positions:
        return found
    async with log.read(dict(positions)) as source:
        while any(at < bounds[partition][1] for partition, at in positions.items()):
            for record in await source.poll(wait=0.2):
                positions[record.partition] = record.offset + 1
                data = _DECODER.decode(record.value).data
                found.setdefault(data.workspace, Versions()).take(data)
    return found
