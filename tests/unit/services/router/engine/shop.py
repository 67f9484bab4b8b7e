"""Everything that can be done to a workspace in a random history."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.events import commands
from shared.events.inbound import ActionKind, CallState
from shared.events.routing import Assigned, Refused, RoutingEvent, Unchanged
from tests.unit.services.router.engine.histories import History
from tests.unit.services.router.engine.worlds import customer_event, moment
from tests.unit.services.router.engine.worlds import world as rules_of

AGENTS = ("ada", "bob", "cyd", "dee", "eve", "nobody")


class Shop:
    """`which` is any number: it picks one of what there is. `own` is whoever it belongs to."""

    def __init__(self, workspace: str = "acme") -> None:
        self.history = History()
        self.workspace = workspace
        self.events = 0

    def write(
        self,
        customer: int,
        kind: ActionKind = "message",
        *,
        workspace: str | None = None,
        age: int = 0,
        again: bool = False,
        **more: Any,
    ) -> None:
        self.events += not again
        self.history.command(
            customer_event(
                number=self.events,
                at=self.history.now - age,
                workspace=workspace or self.workspace,
                customer=customer,
                kind=kind,
                **more,
            )
        )

    def phone(self, customer: int, call: str, state: CallState) -> None:
        self.write(customer, call=(call, state))

    def presence(
        self, agent: str, state: Any, session: str | None = None, channels: tuple[str, ...] = ()
    ) -> None:
        self.history.command(
            commands.SetPresence(
                workspace=self.workspace,
                actor=agent,
                agent=agent,
                state=state,
                session=session,
                channels=channels,
            )
        )

    def lose(self, agent: str, session: str | None = None) -> None:
        """His stream is gone: the present one if none is named. Twice is once."""
        known = self.history.live.workspace(self.workspace).agents.get(agent)
        stream = session or (None if known is None else known.session)
        lose = commands.LosePresence(
            workspace=self.workspace, actor="system", agent=agent, session=stream
        )
        self.history.command(lose)
        assert isinstance(self.history.command(lose)[-1], Refused | Unchanged)

    def resume(self, agent: str, session: str) -> None:
        self.history.command(
            commands.ResumePresence(
                workspace=self.workspace, actor="system", agent=agent, session=session
            )
        )

    def accept(self, which: int, actor: str = "own", *, stale: bool = False) -> None:
        """I5: only a pending offer, and only by whom it was made to, assigns."""
        offer, owner = self._offer(which, stale=stale)
        who = owner if actor == "own" else actor
        expected = offer in self.history.record.pending and who == owner
        events = self.history.command(
            commands.AcceptOffer(workspace=self.workspace, actor=who, offer=offer)
        )
        assert any(isinstance(event, Assigned) for event in events) == expected
        assert expected or isinstance(events[-1], Refused | Unchanged)

    def begin(self, which: int, actor: str = "own", *, stale: bool = False) -> None:
        """Only whom a pending offer was made to may begin to accept it, and only once."""
        offer, owner = self._offer(which, stale=stale)
        who = owner if actor == "own" else actor
        begin = commands.BeginAccept(workspace=self.workspace, actor=who, offer=offer)
        self.history.command(begin)
        assert isinstance(self.history.command(begin)[-1], Refused | Unchanged)

    def decline(
        self,
        which: int,
        actor: str = "own",
        *,
        stale: bool = False,
        retry_after: float | None = None,
    ) -> None:
        offer, owner = self._offer(which, stale=stale)
        who = owner if actor == "own" else actor
        self.history.command(
            commands.DeclineOffer(
                workspace=self.workspace, actor=who, offer=offer, retry_after=retry_after
            )
        )

    def transfer(self, which: int, queue: str | None, actor: str = "own", **to: Any) -> None:
        """To a queue, to an agent (`to_agent`), or to whoever has certain `skills`."""
        self._handle(which, actor, lambda **who: commands.Transfer(queue=queue, **to, **who))

    def snooze(self, which: int, seconds: float, actor: str = "own") -> None:
        until = moment(self.history.now) + timedelta(seconds=seconds)
        self._handle(which, actor, lambda **who: commands.Snooze(until=until, **who))

    def wake(self, which: int, actor: str = "own") -> None:
        self._handle(which, actor, commands.Wake)

    def call_back(self, customer: int, seconds: float, intent: str) -> None:
        at = moment(self.history.now) + timedelta(seconds=seconds) if seconds else None
        self.history.command(
            commands.RequestCallback(
                workspace=self.workspace,
                actor="system",
                conversation_key=f"key{customer}",
                channel="phone",
                account="acc",
                address=f"+{customer}",
                attributes={"intent": intent},
                at=at,
            )
        )

    def note_call(self, which: int, leg: Any, *, stale: bool = False) -> None:
        """A call that we owed was not answered; the customer's, where he is called first."""
        known = self.history.live.workspace(self.workspace).conversations
        owed = [c for c in known.values() if c.attributes.get("callback") == "true" and c.agent]
        found = _pick(owed, which, None)
        name = "cnv_none" if found is None else found.id
        agent = None if found is None else found.agent.name
        dial = None if found is None else found.dial
        self.history.command(
            commands.NoteCall(
                workspace=self.workspace,
                conversation=name,
                leg=leg,
                dial="dia_old" if stale else dial,
                agent="nobody" if stale else agent,
            )
        )

    def block(self, customer: int, seconds: float, *, lift: bool) -> None:
        """By the key, or by the sender; sometimes it is lifted instead."""
        subject = f"snd_{customer}" if customer % 2 else f"key{customer}"
        who = {"workspace": self.workspace, "actor": "system", "subject": subject}
        until = moment(self.history.now) + timedelta(seconds=seconds) if seconds else None
        blocked: Any = commands.BlockSender(**who, until=until)
        self.history.command({True: commands.UnblockSender(**who), False: blocked}[lift])

    def consult(self, which: int, queue: str | None, actor: str = "own", **to: Any) -> None:
        self._handle(which, actor, lambda **who: commands.Consult(queue=queue, **to, **who))

    def end_consult(self, which: int, actor: str = "own", *, hand_over: bool) -> None:
        """Of what is being asked, mostly."""
        known = self.history.live.workspace(self.workspace).conversations
        about = [c.id for c in known.values() if c.consult is not None]
        conversation = _pick(about, which, "cnv_none")
        owner = self.history.record.holders.get(conversation, "ada")
        self.history.command(
            commands.EndConsult(
                workspace=self.workspace,
                actor=owner if actor == "own" else actor,
                conversation=conversation,
                hand_over=hand_over,
            )
        )

    def merge(self, which: int, other: int, actor: str = "own") -> None:
        merged, _ = self._conversation(other)
        self._handle(which, actor, lambda **who: commands.Merge(other=merged, **who))

    def split(self, other: int, actor: str = "own") -> None:
        """What was merged, where there is such a thing."""
        known = self.history.live.workspace(self.workspace).conversations
        joined = [(c.id, one) for c in known.values() for one in c.joined or ()]
        conversation, merged = _pick(joined, other, ("cnv_none", "cnv_other"))
        holder = self.history.record.holders.get(conversation, "ada")
        self.history.command(
            commands.Split(
                workspace=self.workspace,
                actor=holder if actor == "own" else actor,
                conversation=conversation,
                merged=merged,
            )
        )

    def split_messages(self, which: int, count: int, actor: str = "own") -> None:
        """The last actions of a conversation, as far as the record tells them."""
        conversation, owner = self._conversation(which)
        refs = self.history.record.attached.get(conversation, [])[-count:] if count else []
        self.history.command(
            commands.Split(
                workspace=self.workspace,
                actor=owner if actor == "own" else actor,
                conversation=conversation,
                moved=tuple(
                    commands.Moved(ref=ref, action="message", at=moment(self.history.now - 500))
                    for ref in refs
                ),
                channel="whatsapp",
                account="acc",
                address="+1",
            )
        )

    def close(
        self,
        which: int,
        actor: str = "own",
        code: str | None = None,
        wrap_up: bool | None = None,
    ) -> None:
        self._handle(which, actor, lambda **who: commands.Close(code=code, wrap_up=wrap_up, **who))

    def ask_wrap_up(self, which: int, actor: str = "own") -> None:
        self._handle(which, actor, commands.AskWrapUp)

    def end_wrap_up(self, which: int, actor: str = "own", code: str | None = None) -> None:
        self._wrapping_up(which, actor, lambda **who: commands.EndWrapUp(code=code, **who))

    def extend_wrap_up(self, which: int, seconds: float, actor: str = "own") -> None:
        self._wrapping_up(which, actor, lambda **who: commands.ExtendWrapUp(seconds=seconds, **who))

    def _wrapping_up(self, which: int, actor: str, command: Callable[..., Any]) -> None:
        """Of what agents have in hand, closed or not."""
        known = [
            (conversation, agent.name)
            for agent in self.history.live.workspace(self.workspace).agents.values()
            for conversation in agent.work
        ]
        conversation, owner = _pick(known, which, ("cnv_none", "ada"))
        self.history.command(
            commands.EndWrapUp(
                workspace=self.workspace,
                actor=owner if actor == "own" else actor,
                conversation=conversation,
            )
        )

    def configure(self, world: int, workspace: str | None = None) -> tuple[RoutingEvent, ...]:
        return self.history.command(
            commands.Configure(
                workspace=workspace or self.workspace, digest=f"d{world}", rules=rules_of(world)
            )
        )

    def attempt(self, world: int, percent: float) -> None:
        """Other rules decide on a share; refused while some do, or where they need new queues."""
        self.history.command(
            commands.TryRules(
                workspace=self.workspace,
                actor="ada",
                digest=f"d{world}",
                rules=rules_of(world),
                percent=percent,
            )
        )

    def end_trial(self, *, promote: bool, stale: bool = False) -> None:
        trial = self.history.live.workspace(self.workspace).trial
        number = 0 if trial is None else trial.version - stale
        self.history.command(
            commands.EndTrial(
                workspace=self.workspace,
                actor="ada",
                trial=number,
                how="promote" if promote else "stop",
            )
        )

    def note_alert(self, customer: int, alert: str, seconds: float) -> None:
        self.history.command(
            commands.NoteAlert(
                workspace=self.workspace,
                conversation_key=f"key{customer}",
                alert=alert,
                rule="delay",
                order="o1",
                context={"tracking": "t"},
                until=moment(self.history.now) + timedelta(seconds=seconds),
            )
        )

    def note_delivery(self, which: int, outcome: str) -> None:
        conversation, _ = self._conversation(which)
        self.history.command(
            commands.NoteDelivery(
                workspace=self.workspace,
                conversation=conversation,
                message_id="msg_1",
                outcome=outcome,
                occurred_at=moment(self.history.now),
            )
        )

    def repeat_the_last_command(self) -> None:
        """Whatever it was, its cause has been decided on."""
        cause = f"cmd{self.history.commands}"
        known = cause in self.history.live.workspace(self.workspace).known
        again = commands.SetPresence(
            workspace=self.workspace, actor="ada", agent="ada", state="available"
        )
        events = self.history.command(again, cause)
        assert not known or events[-1] == Unchanged()

    def wait(self, seconds: float, *, settle: bool = True) -> None:
        """Time passes; without `settle` the next command comes before the timers."""
        self.history.now += round(seconds * 1000)
        settled = self.history.settle if settle else _do_nothing
        settled()

    def _handle(self, which: int, actor: str, command: Callable[..., Any]) -> None:
        conversation, owner = self._conversation(which)
        self.history.command(
            command(
                workspace=self.workspace,
                actor=owner if actor == "own" else actor,
                conversation=conversation,
            )
        )

    def _offer(self, which: int, *, stale: bool) -> tuple[str, str]:
        """An offer of the workspace, and whom it was made to."""
        record = self.history.record
        known = self.history.live.workspace(self.workspace).conversations
        offers = [
            (offer, agent)
            for offer, (conversation, agent) in (record.ended if stale else record.pending).items()
            if conversation in known
        ]
        offer: tuple[str, str] = _pick(offers, which, ("off_none", "ada"))
        return offer

    def _conversation(self, which: int) -> tuple[str, str]:
        """Mostly a held one and its agent, sometimes another of the last ones."""
        held = self.history.record.holders
        known = list(held) * 5 + self.history.record.conversations[-3:]
        conversation: str = _pick(known, which, "cnv_none")
        return conversation, held.get(conversation, "ada")


def _pick(known: list[Any], which: int, nothing: Any) -> Any:
    return known[which % len(known)] if known else nothing


def _do_nothing() -> None:
    return
