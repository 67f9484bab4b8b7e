"""A second set of rules that decides on the live traffic, and nobody notices. Pure.

It begins with the live state, takes the same inputs in the order in which they were decided on,
and its agents do what they do in life: who accepts, declines or misses a conversation there does so
here, who ends it there ends it here. So with the rules in force it decides what was decided, and
every difference comes from the rules.
"""

from collections.abc import Iterable
from typing import Any

from patchbay.rules.compare import Comparison
from services.router.engine.decide import Input, decide
from services.router.engine.state import Conversation, Offer, State
from services.router.engine.timers import CAUSE, Timer, due_timers
from services.router.engine.turn import Context
from shared.events import commands, routing
from shared.events.routing import Decision, RoutingEvent
from shared.rules import Rules, digest_of

_LATE_MS = 1000
"""So late may life be with its timers before the shadow goes on without it."""

_MOST_EXPECTED = 20_000

_SKIPPED = (
    commands.AcceptOffer,
    commands.BeginAccept,
    commands.DeclineOffer,
    commands.Configure,
    commands.TryRules,
    commands.EndTrial,
)
"""Answers to offers are taken from what came of them; the shadow has its own rules."""


class Shadow:
    """One workspace under other rules. `state` is the live one as of now; it is changed."""

    def __init__(self, state: State, workspace: str, rules: Rules, now: int) -> None:
        self.comparison = Comparison()
        self.live_changes = 0
        self._state = state
        self._workspace = workspace
        self._accepts: dict[str, str] = {}
        for other in state.workspaces.keys() - {workspace}:
            del state.workspaces[other]
        self._end_trial(now)
        digest = f"shadow.{digest_of(rules)}"
        if state.workspace(workspace).digest != digest_of(rules):
            configure = commands.Configure(workspace=workspace, digest=digest, rules=rules)
            self._command(configure, now, "shadow.configure")
        self._elapse(now)

    def decided(self, decision: Decision, inputs: Iterable[tuple[str, Any]]) -> None:
        """Life came to this decision; these are the inputs, with their ids, that led to it."""
        if decision.workspace != self._workspace:
            return
        at = decision.at
        if decision.cause == CAUSE:
            self._keep_step(decision)
        else:
            self._elapse(at - _LATE_MS)
        refused = any(isinstance(event, routing.Refused) for event in decision.events)
        for name, data in inputs:
            done = not (refused and name == decision.cause) and not isinstance(data, _SKIPPED)
            if done and data.workspace == self._workspace:
                self._command(self._as_here(data), at, name)
        for event in decision.events:
            self.comparison.lived(event)
            self._follow(event, at, decision.cause)

    def elapse(self, now: int) -> None:
        """Time passes, and nothing is decided in life."""
        self._elapse(now - _LATE_MS)

    def _end_trial(self, now: int) -> None:
        """These rules decide on everything."""
        trial = self._state.workspace(self._workspace).trial
        if trial is not None:
            stop = commands.EndTrial(
                workspace=self._workspace, actor="shadow", trial=trial.version, how="stop"
            )
            self._command(stop, now, "shadow.trial")

    def _command(self, command: Input, at: int, cause: str) -> bool:
        """Decide on it. Did it lead to anything?"""
        events = decide(self._state, command, Context(at, cause))
        self._note(events, at)
        return bool(events)

    def _note(self, events: Iterable[RoutingEvent], at: int) -> None:
        for event in events:
            self.comparison.shadowed(event)
            if isinstance(event, routing.Offered) and event.conversation in self._accepts:
                agent = self._accepts[event.conversation]
                self._accept(event.conversation, agent, at, f"shadow.accept.{event.offer}")

    def _elapse(self, now: int) -> None:
        """Whatever time has brought to here, that life was not late with."""
        while due := due_timers(self._state, now, limit=1):
            self._on_timer(due[0], max(due[0].at, self._state.latest))

    def _keep_step(self, decision: Decision) -> None:
        """Life decided on one timer: so does the shadow, in the same order."""
        ended = (event for event in decision.events if isinstance(event, routing.OfferEnded))
        expired = next((event for event in ended if event.how == "expired"), None)
        offer = None if expired is None else self._offer(expired.conversation, expired.agent)
        if offer is not None:
            while due := due_timers(self._state, min(offer.expires_at - 1, decision.at), limit=1):
                self._on_timer(due[0], decision.at)
            return
        while due := due_timers(self._state, decision.at, limit=1):
            if self._on_timer(due[0], decision.at):
                return

    def _on_timer(self, timer: Timer, at: int) -> bool:
        """Did it lead to anything? How offers end is told by life."""
        if timer.kind == "expire" or timer.workspace != self._workspace:
            return False
        return self._command(timer, at, CAUSE)

    def _as_here(self, data: Any) -> Any:
        """What the holder did to a conversation is done by whoever holds it here."""
        found = self._conversation(getattr(data, "conversation", None))
        if found is None or getattr(data, "actor", "system") == "system":
            return data
        actor = "system" if found.agent is None else found.agent.name
        return data.model_copy(update={"actor": actor})

    def _follow(self, event: RoutingEvent, at: int, cause: str) -> None:
        """What people did in life that no input says."""
        match event:
            case routing.OfferEnded(conversation=conversation, agent=agent, how="accepted"):
                self._accept(conversation, agent, at, cause)
            case routing.OfferEnded(how="declined" | "expired"):
                self._refuse(event, at, cause)
            case routing.Accepting(conversation=conversation, agent=agent):
                self._begin(conversation, agent, at, cause)
            case routing.PresenceChanged():
                self._present(event, at)
            case routing.Closed(conversation=conversation):
                self._accepts.pop(conversation, None)
            case routing.Configured() | routing.TrialStarted():
                self.live_changes += 1
            case _:
                pass

    def _accept(self, conversation: str, agent: str, at: int, cause: str) -> None:
        """Taken in life: taken here, too, as soon as it is offered."""
        offer = self._offer(conversation, agent)
        if offer is not None:
            self._accepts.pop(conversation, None)
            accept = commands.AcceptOffer(
                workspace=self._workspace, actor=offer.agent.name, offer=offer.id
            )
            self._command(accept, at, cause)
        elif self._waits(conversation):
            self._accepts[conversation] = agent
            if len(self._accepts) > _MOST_EXPECTED:
                del self._accepts[next(iter(self._accepts))]

    def _begin(self, conversation: str, agent: str, at: int, cause: str) -> None:
        """He has begun to accept it in life: here, too, if it is offered."""
        offer = self._offer(conversation, agent)
        if offer is not None:
            begin = commands.BeginAccept(
                workspace=self._workspace, actor=offer.agent.name, offer=offer.id
            )
            self._command(begin, at, cause)

    def _refuse(self, event: routing.OfferEnded, at: int, cause: str) -> None:
        offer = self._offer(event.conversation, event.agent)
        if offer is None:
            return
        if event.how == "expired":
            self._command(Timer(at, "expire", self._workspace, offer.id), at, CAUSE)
            return
        decline = commands.DeclineOffer(
            workspace=self._workspace,
            actor=offer.agent.name,
            offer=offer.id,
            reason=event.reason,
            retry_after=0.0 if event.until is None else (event.until - event.at) / 1000,
        )
        self._command(decline, at, cause)

    def _offer(self, conversation: str, agent: str) -> Offer | None:
        """What is offered here: to the same agent as in life, else to whom it is."""
        found = self._conversation(conversation)
        pending = [] if found is None or found.status != "offered" else found.offers or []
        return next((one for one in pending if one.agent.name == agent), next(iter(pending), None))

    def _waits(self, conversation: str) -> bool:
        found = self._conversation(conversation)
        return found is not None and found.status in ("open", "waiting")

    def _present(self, event: routing.PresenceChanged, at: int) -> None:
        """Whoever goes away in life is away here."""
        agent = self._state.workspace(self._workspace).agents.get(event.agent)
        if agent is None or agent.rules is None or agent.state == event.state:
            return
        command = commands.SetPresence(
            workspace=self._workspace,
            actor="system",
            agent=event.agent,
            state=event.state,
            reason=event.reason,
            session=event.session,
            channels=event.channels,
        )
        self._command(command, at, f"shadow.presence.{event.agent}.{at}")

    def _conversation(self, name: str | None) -> Conversation | None:
        known = self._state.workspace(self._workspace).conversations
        return None if name is None else known.get(name)
