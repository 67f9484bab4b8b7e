"""One message's way: policy, fit, rate limit, write the attempt, call, write the outcome.

Nothing is called before its attempt has come back from the log as the one that counts, and nothing
is repeated while its outcome is in doubt. Every step may be the last one before a crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.notifier import metrics
from services.notifier.addresses import contact_id
from services.notifier.books import Books
from services.notifier.circuit import Circuit
from services.notifier.gate import Gate
from services.notifier.ledger import Entry
from services.notifier.preferences import PreferenceWriter
from services.notifier.provider import Answer, Provider
from services.notifier.queues import Job
from services.notifier.retries import Patience, Pick, backoff
from services.notifier.steps import Ask, Done, Means, Send, Settle, Wait, next_step
from services.notifier.writer import DeliveryWriter
from shared.channels import Channel, HttpReply, HttpRequest, MailRequest, Outcome, Reconciles
from shared.channels.account import AccountSettings
from shared.channels.fit import Unsendable
from shared.channels.registry import CHANNELS
from shared.clock import Clock
from shared.config.models import Config
from shared.errors import LogUnavailable, OwnershipLost, PatchbayError
from shared.events.outbound import OutboundMessage
from shared.events.preferences import Preference

log = structlog.get_logger()

_LOG_AWAY = timedelta(seconds=1)
_LOOK_UPS = 3
_BETWEEN_LOOK_UPS = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message with everything needed to send it; `requests` are its provider calls in order."""

    job: Job
    channel: Channel[Any]
    account: AccountSettings
    requests: Sequence[HttpRequest | MailRequest]

    def is_last(self, part: int) -> bool:
        """Is the message complete with this part?"""
        return part == len(self.requests) - 1


class Deliverer:
    """Does the work of all account queues. Random waits come from `pick`."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        books: Books,
        writer: DeliveryWriter,
        provider: Provider,
        gate: Gate,
        preferences: PreferenceWriter,
        patience: Patience,
        pick: Pick,
    ) -> None:
        self._accounts = config.accounts()
        self._clock = clock
        self._books = books
        self._writer = writer
        self._provider = provider
        self._gate = gate
        self._preferences = preferences
        self._patience = patience
        self._pick = pick

    async def work(self, job: Job, circuit: Circuit) -> datetime | None:
        """Go on with a message as far as possible; when to look again, or None: it is settled.

        Raises OwnershipLost when another process holds its partition now.
        """
        try:
            while True:
                entry = self._entry(job)
                if entry is not None and entry.final is not None:
                    return None
                again = await self._step(job, entry, circuit)
                if again is not None:
                    return again
        except LogUnavailable:
            return self._clock.now() + _LOG_AWAY

    def _entry(self, job: Job) -> Entry | None:
        return self._books.get(job.partition).get(job.message.id)

    async def _step(self, job: Job, entry: Entry | None, circuit: Circuit) -> datetime | None:
        prepared = self._prepare(job)
        if isinstance(prepared, Outcome):
            doubtful = entry is not None and any(part.open for part in entry.parts.values())
            await self._refuse(job, 0, _attempts(entry), prepared, doubtful=doubtful)
            return None
        step = next_step(job.message, entry, self._means(prepared), self._clock.now())
        match step:
            case Done():
                return None
            case Wait(until):
                return until
            case Settle():
                await self._settle(prepared, step)
                return None
            case Ask():
                return await self._ask(prepared, step)
            case Send():
                return await self._send(prepared, step, circuit)

    def _prepare(self, job: Job) -> Prepared | Outcome:
        message = job.message
        account = self._accounts.get((message.channel, message.account))
        if account is None or account.workspace != message.workspace:
            return Outcome("misconfigured", code="no_account", reason="No such channel account.")
        channel = CHANNELS[message.channel]
        try:
            requests = channel.compose(message, account, self._clock.now())
        except Unsendable as error:
            return error.outcome
        return Prepared(job, channel, account, requests)

    def _means(self, prepared: Prepared) -> Means:
        return Means(
            len(prepared.requests),
            prepared.channel.limits,
            self._patience,
            asks=isinstance(prepared.channel, Reconciles),
            asked=prepared.job.asked >= _LOOK_UPS,
        )

    async def _send(self, prepared: Prepared, step: Send, circuit: Circuit) -> datetime | None:
        job, message = prepared.job, prepared.job.message
        verdict = await self._gate.passes(message, prepared.channel.limits)
        if isinstance(verdict, datetime):
            return verdict
        if verdict is not None:
            await self._refuse(job, step.part, step.attempt - 1, verdict, doubtful=step.doubtful)
            return None
        if not await self._claim(prepared, step):
            return None  # another process was first; now wait for what becomes of its attempt
        if step.doubtful:
            metrics.DOUBTS.labels(prepared.channel.name, "resent").inc()
        answer = await self._provider.send(
            prepared.channel,
            prepared.account,
            prepared.requests[step.part],
            message=message.id,
            part=step.part,
            attempt=step.attempt,
        )
        self._report(prepared, answer, circuit)
        final, again = self._ends(prepared, step, answer, circuit)
        await self._record(job, step.part, step.attempt, answer.outcome, final=final, again=again)
        if answer.outcome.kind == "opted_out" and prepared.channel.limits.cold_start:
            await self._preferences.write(refused_by_provider(message, self._clock.now()))
        return None

    async def _claim(self, prepared: Prepared, step: Send) -> bool:
        """Write the attempt and read it back: is it ours that counts?"""
        job, message = prepared.job, prepared.job.message
        offset = await self._writer.attempted(
            job.partition, message, step.part, len(prepared.requests), step.attempt
        )
        try:
            ledger = await self._books.reached(job.partition, offset)
        except OwnershipLost:
            moved = Outcome("retry", code="moved", reason="Another process goes on with it.")
            await self._writer.outcome(
                job.partition, message, step.part, step.attempt, moved, final=False
            )
            raise
        entry = ledger.get(message.id)
        part = entry.parts.get(step.part) if entry is not None else None
        return part is not None and part.offset == offset

    def _ends(
        self, prepared: Prepared, step: Send, answer: Answer, circuit: Circuit
    ) -> tuple[bool, datetime | None]:
        """Is this outcome the last word, and if not, when is the next attempt?"""
        outcome = answer.outcome
        wait = backoff(step.attempt, outcome.after, self._patience, self._pick)
        again = self._clock.now() + timedelta(seconds=wait)
        match outcome.kind:
            case "accepted":
                return prepared.is_last(step.part), None
            case "retry" | "throttled":
                return False, again
            case "unknown":
                return False, again if prepared.channel.limits.idempotent else None
            case "misconfigured" if answer.refused and prepared.job.message.kind != "alert":
                return False, max(again, circuit.open_until or again)
            case _:
                return True, None

    def _report(self, prepared: Prepared, answer: Answer, circuit: Circuit) -> None:
        outcome, channel = answer.outcome, prepared.channel.name
        change = circuit.report(
            outcome.kind, self._clock.now(), refused=answer.refused, after=outcome.after
        )
        if change == "opened":
            metrics.STOPPED.labels(channel).inc()
            log.error(
                "account_stopped",
                channel=channel,
                account=prepared.account.name,
                outcome=outcome.kind,
                code=outcome.code,
            )
        elif change == "closed":
            metrics.STOPPED.labels(channel).dec()
            log.warning("account_resumed", channel=channel, account=prepared.account.name)

    async def _ask(self, prepared: Prepared, step: Ask) -> datetime | None:
        """Look the attempt up at the provider: what it says settles the doubt."""
        channel: Any = prepared.channel
        job, now = prepared.job, self._clock.now()
        request = channel.lookup(job.message, prepared.account, now)
        found: Outcome | None = None
        try:
            reply = await self._provider.call(prepared.account, request)
            assert isinstance(reply, HttpReply)
            found = channel.found(job.message, reply)
        except PatchbayError as error:
            log.info("look_up_failed", channel=channel.name, error=error.code)
        if found is None:
            job.asked += 1
            return None if job.asked >= _LOOK_UPS else now + _BETWEEN_LOOK_UPS
        metrics.DOUBTS.labels(channel.name, "lookup").inc()
        passing = found.kind in ("retry", "throttled")
        final = prepared.is_last(step.part) if found.kind == "accepted" else not passing
        again = now + timedelta(seconds=found.after or 0.0) if passing else None
        await self._record(job, step.part, step.attempt, found, final=final, again=again)
        return None

    async def _settle(self, prepared: Prepared, step: Settle) -> None:
        if step.how is not None:
            metrics.DOUBTS.labels(prepared.channel.name, step.how).inc()
        await self._record(prepared.job, step.part, step.attempt, step.outcome, final=step.final)

    async def _refuse(
        self, job: Job, part: int, attempt: int, outcome: Outcome, *, doubtful: bool = False
    ) -> None:
        """Our own rules, or the channel's, say no. What may have been sent before stays unknown."""
        if doubtful:
            outcome = Outcome("unknown", code=outcome.code, reason=outcome.reason)
        await self._record(job, part, attempt, outcome, final=True)

    async def _record(
        self,
        job: Job,
        part: int,
        attempt: int,
        outcome: Outcome,
        *,
        final: bool,
        again: datetime | None = None,
    ) -> None:
        """Write the outcome and see it in the ledger."""
        offset = await self._writer.outcome(
            job.partition, job.message, part, attempt, outcome, final=final, retry_at=again
        )
        await self._books.reached(job.partition, offset)


def refused_by_provider(message: OutboundMessage, now: datetime) -> Preference:
    """The provider says that the customer wants no such messages from us."""
    marketing = message.alert is not None and message.alert.purpose == "marketing"
    return Preference(
        workspace=message.workspace,
        channel=message.channel,
        contact=contact_id(message.workspace, message.channel, message.to),
        purpose="marketing" if marketing else "all",
        wanted=False,
        source="provider",
        occurred_at=now,
    )


def _attempts(entry: Entry | None) -> int:
    return max((part.attempt for part in entry.parts.values()), default=0) if entry else 0
