"""Scenarios as a person would tell them: JSON steps in, short sentences out.

Conversations are called c1, c2, … in the order they open, offers o1, o2, …; times are seconds from
the start. Timers happen at their own time, between the steps.
"""

from collections.abc import Callable, Sequence
from typing import Any

from services.router.engine.decide import Input, decide
from services.router.engine.restore import restore
from services.router.engine.snapshot import snapshot
from services.router.engine.state import Conversation, State
from services.router.engine.timers import CAUSE, due_timers, next_timer
from services.router.engine.turn import Context
from shared.events import commands, routing
from shared.events.inbound import Action, Call, CustomerEvent, Sender
from shared.events.routing import RoutingEvent
from shared.rules import Rules
from tests.unit.services.router.engine.worlds import START, moment

WORKSPACE = "shop"
Step = dict[str, Any]


class Story:
    """One workspace, told step by step; with `crashes`, it is restored after each of them."""

    def __init__(self, rules: dict[str, Any], *, crashes: bool = True) -> None:
        self.state = State()
        self.after_a_step = {True: _crash, False: _go_on}[crashes]
        self.now = START
        self.steps = 0
        self.names: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.base = rules
        self._say(self._decide(self._configure({}), "begin"))

    def tell(self, step: Step) -> dict[str, list[str]]:
        """What happened on the way to this step, and what it led to."""
        self.steps += 1
        meanwhile = self._wait(START + round(step["at"] * 1000))
        name = next(name for name in step if name in _STEPS)
        happens = _STEPS[name](self, step)
        said = self._say(self._decide(happens, step.get("cause", f"cmd{self.steps}")))
        self.state = self.after_a_step(self.state)
        return {"meanwhile": meanwhile, "then": said}

    def ending(self) -> dict[str, str]:
        """How everybody and everything is left."""
        workspace = self.state.workspace(WORKSPACE)
        left = {
            self.names[c.id]: " ".join(filter(None, (c.status, c.queue, _with_whom(c))))
            for c in workspace.conversations.values()
        }
        return left | {
            agent.name: " ".join(
                (agent.state, *(f"{c}:{n}" for c, n in sorted(agent.load.items())))
            )
            for agent in workspace.agents.values()
        }

    def identity(self, name: str) -> str:
        return self.ids.get(name, name)

    def _wait(self, until: int) -> list[str]:
        said: list[str] = []
        while (due := next_timer(self.state)) is not None and due <= until:
            self.now = max(self.now, due)
            for timer in due_timers(self.state, self.now, limit=1):
                said += self._say(decide(self.state, timer, Context(self.now, CAUSE)))
        self.now = until
        return said

    def _decide(self, happens: Input, cause: str) -> tuple[RoutingEvent, ...]:
        return decide(self.state, happens, Context(self.now, cause))

    def _say(self, events: Sequence[RoutingEvent]) -> list[str]:
        for event in events:
            if isinstance(event, routing.Opened):
                self._name(event.conversation, "c")
            elif isinstance(event, routing.Consulted):
                self._name(event.consult, "q")
            elif isinstance(event, routing.Offered):
                self._name(event.offer, "o")
        return [_sentence(event, self.names) for event in events]

    def _name(self, identity: str, letter: str) -> None:
        number = sum(name.startswith(letter) for name in self.ids) + 1
        self.names[identity] = f"{letter}{number}"
        self.ids[f"{letter}{number}"] = identity

    def _write(self, step: Step) -> Input:
        action = Action(
            kind="call" if "call" in step else step.get("kind", "message"),
            sender=Sender(address="+49", name=step.get("name"), language=step.get("language")),
            occurred_at=moment(self.now),
            provider_id="p",
            hints=step.get("hints", {}),
            automatic=step.get("automatic", False),
            call=Call.model_validate(step["call"]) if "call" in step else None,
        )
        return CustomerEvent(
            id=step.get("id", f"acc:{self.steps}"),
            workspace=WORKSPACE,
            channel="phone" if "call" in step else step.get("channel", "whatsapp"),
            account="acc",
            conversation_key=step["customer"],
            sender=step.get("sender"),
            received_at=moment(START + round({"received": step["at"], **step}["received"] * 1000)),
            action=action,
        )

    def _presence(self, step: Step) -> Input:
        return commands.SetPresence(
            workspace=WORKSPACE,
            actor=step.get("by", step["presence"]),
            agent=step["presence"],
            state=step["state"],
            reason=step.get("reason"),
            session=step.get("session"),
            channels=step.get("channels", ()),
        )

    def _lose(self, step: Step) -> Input:
        return commands.LosePresence(
            workspace=WORKSPACE,
            actor=step.get("by", "system"),
            agent=step["lose"],
            session=step.get("session"),
        )

    def _resume(self, step: Step) -> Input:
        return commands.ResumePresence(
            workspace=WORKSPACE,
            actor=step.get("by", "system"),
            agent=step["resume"],
            session=step["session"],
        )

    def _accept(self, step: Step) -> Input:
        return commands.AcceptOffer(
            workspace=WORKSPACE, actor=step["by"], offer=self.identity(step["accept"])
        )

    def _begin(self, step: Step) -> Input:
        return commands.BeginAccept(
            workspace=WORKSPACE, actor=step["by"], offer=self.identity(step["accepting"])
        )

    def _decline(self, step: Step) -> Input:
        return commands.DeclineOffer(
            workspace=WORKSPACE,
            actor=step["by"],
            offer=self.identity(step["decline"]),
            reason=step.get("reason"),
            retry_after=step.get("retry_after"),
        )

    def _transfer(self, step: Step) -> Input:
        return commands.Transfer(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["transfer"]),
            queue=step.get("to"),
            to_agent=step.get("to_agent"),
            skills=step.get("skills", {}),
            note=step.get("note"),
        )

    def _snooze(self, step: Step) -> Input:
        return commands.Snooze(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["snooze"]),
            until=moment(START + round(step["until"] * 1000)),
        )

    def _wake(self, step: Step) -> Input:
        return commands.Wake(
            workspace=WORKSPACE, actor=step["by"], conversation=self.identity(step["wake"])
        )

    def _call_back(self, step: Step) -> Input:
        at = step.get("not_before")
        return commands.RequestCallback(
            workspace=WORKSPACE,
            actor=step.get("by", "system"),
            conversation_key=step["call_back"],
            channel="phone",
            account="acc",
            address="+49",
            attributes=step.get("attributes", {}),
            at=None if at is None else moment(START + round(at * 1000)),
        )

    def _call_noted(self, step: Step) -> Input:
        known = self.state.workspace(WORKSPACE).conversations[self.identity(step["missed"])]
        return commands.NoteCall(
            workspace=WORKSPACE,
            conversation=known.id,
            leg=step.get("leg", "customer"),
            dial=step.get("dial", known.dial),
            agent=step.get("agent", None if known.agent is None else known.agent.name),
        )

    def _block(self, step: Step) -> Input:
        until = step.get("until")
        return commands.BlockSender(
            workspace=WORKSPACE,
            actor=step.get("by", "system"),
            subject=step["block"],
            until=None if until is None else moment(START + round(until * 1000)),
            reason=step.get("reason"),
        )

    def _unblock(self, step: Step) -> Input:
        return commands.UnblockSender(
            workspace=WORKSPACE, actor=step.get("by", "system"), subject=step["unblock"]
        )

    def _consult(self, step: Step) -> Input:
        return commands.Consult(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["consult"]),
            queue=step.get("to"),
            to_agent=step.get("to_agent"),
            skills=step.get("skills", {}),
            note=step.get("note"),
        )

    def _end_consult(self, step: Step) -> Input:
        return commands.EndConsult(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["end_consult"]),
            hand_over=step.get("hand_over", False),
        )

    def _merge(self, step: Step) -> Input:
        return commands.Merge(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["into"]),
            other=self.identity(step["merge"]),
        )

    def _split(self, step: Step) -> Input:
        moved = [
            commands.Moved(ref=ref, action="message", at=moment(START + round(at * 1000)))
            for ref, at in step.get("moved", {}).items()
        ]
        return commands.Split(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["split"]),
            merged=self.ids.get(step.get("off", ""), step.get("off")),
            moved=tuple(moved),
            channel="whatsapp",
            account="acc",
            address="+49",
        )

    def _close(self, step: Step) -> Input:
        return commands.Close(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["close"]),
            code=step.get("code"),
            seen=step.get("seen"),
            wrap_up=step.get("wrap_up"),
        )

    def _end_wrap_up(self, step: Step) -> Input:
        return commands.EndWrapUp(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["end_wrap_up"]),
            code=step.get("code"),
        )

    def _ask_wrap_up(self, step: Step) -> Input:
        return commands.AskWrapUp(
            workspace=WORKSPACE, actor=step["by"], conversation=self.identity(step["ask_wrap_up"])
        )

    def _extend_wrap_up(self, step: Step) -> Input:
        return commands.ExtendWrapUp(
            workspace=WORKSPACE,
            actor=step["by"],
            conversation=self.identity(step["extend_wrap_up"]),
            seconds=step["seconds"],
        )

    def _configure(self, step: Step) -> Input:
        rules = self.base | step.get("configure", {})
        return commands.Configure(
            workspace=WORKSPACE,
            digest=str(step.get("digest", f"d{self.steps}")),
            rules=Rules.model_validate(rules),
        )

    def _alert(self, step: Step) -> Input:
        return commands.NoteAlert(
            workspace=WORKSPACE,
            conversation_key=step["alert"],
            alert=step.get("id", "alr_1"),
            rule=step.get("rule", "delay"),
            order=step.get("order"),
            context=step.get("context", {}),
            until=moment(START + round(step["until"] * 1000)),
        )

    def _delivered(self, step: Step) -> Input:
        return commands.NoteDelivery(
            workspace=WORKSPACE,
            conversation=self.identity(step["delivered"]),
            message_id="msg_1",
            outcome=step.get("outcome", "accepted"),
            occurred_at=moment(self.now),
        )


def _crash(state: State) -> State:
    return restore(snapshot(state))


def _go_on(state: State) -> State:
    return state


def _with_whom(conversation: Conversation) -> str:
    asked = [offer.agent.name for offer in conversation.offers or ()]
    holder = conversation.agent
    return "+".join([*asked, *([] if holder is None else [holder.name])])


_STEPS: dict[str, Callable[[Story, Step], Input]] = {
    "customer": Story._write,
    "presence": Story._presence,
    "lose": Story._lose,
    "resume": Story._resume,
    "accept": Story._accept,
    "accepting": Story._begin,
    "decline": Story._decline,
    "transfer": Story._transfer,
    "snooze": Story._snooze,
    "wake": Story._wake,
    "call_back": Story._call_back,
    "missed": Story._call_noted,
    "block": Story._block,
    "unblock": Story._unblock,
    "consult": Story._consult,
    "end_consult": Story._end_consult,
    "merge": Story._merge,
    "split": Story._split,
    "close": Story._close,
    "end_wrap_up": Story._end_wrap_up,
    "ask_wrap_up": Story._ask_wrap_up,
    "extend_wrap_up": Story._extend_wrap_up,
    "configure": Story._configure,
    "alert": Story._alert,
    "delivered": Story._delivered,
}

_TIMES = ("at", "step_at", "due", "until", "expires_at", "kept_until", "retry_at", "most")
_USUAL = ("level", "step", "step_at", "units")
_LEFT_OUT = ("event", "rules", "digest", "change", "detail", "chosen", "score", "dial")


def _sentence(event: RoutingEvent, names: dict[str, str]) -> str:
    parts: list[str] = [event.event]
    for field, known in event.__dataclass_fields__.items():
        value = getattr(event, field)
        if field in _LEFT_OUT or value is None or value is False or value in ({}, "", ()):
            continue
        if field in _USUAL and value == known.default:
            continue
        shown = (value - START) / 1000 if field in _TIMES else names.get(str(value), value)
        parts.append(f"{field}={shown:g}" if field in _TIMES else f"{field}={_plain(shown)}")
    return " ".join(parts)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}:{_plain(item)}" for name, item in sorted(value.items()))
    return ",".join(map(_plain, value)) if isinstance(value, tuple) else str(value)
