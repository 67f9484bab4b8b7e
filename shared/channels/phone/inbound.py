"""What a request tells us: the customer's actions, and reports about calls we made."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlencode

from shared.channels import Incoming, Item, Reported, Skipped, Unprocessed
from shared.channels.phone.errors import ended_badly
from shared.channels.phone.flow import GONE, MACHINES, Next
from shared.channels.phone.settings import PhoneSettings
from shared.channels.phone.turn import OTHER_LEGS, Turn
from shared.events.inbound import Action, Attachment, Call, CallState, Sender
from shared.events.outbound import OutcomeKind, ReceiptStatus

Leg = Literal["agent", "customer"]
_ANSWERED = frozenset({"in-progress", "answered"})


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes the items of one request."""

    turn: Turn
    account: PhoneSettings
    now: datetime

    def of_step(self, step: Next) -> list[Item]:
        """What a step of the flow tells."""
        turn = self.turn
        if turn.path == "voicemail":
            return [self.voicemail()]
        items: list[Item] = [self.call(state, step) for state in step.states]
        if step.opted_out:
            items.append(self._opted_out())
        if turn.path == "dial" and "queued" in step.states:
            items.append(self.failed("The agent's phone did not answer."))
        if turn.path == "callback":
            items.append(self._called_back())
        if turn.path == "called":
            items.append(self._answered_by())
        if turn.path == "alert" and turn.get("Digits"):
            items.append(self.reported("read"))
        if turn.path == "queue" and turn.bag.message and not turn.get("QueueResult"):
            items.append(self.reported("delivered"))  # what we had to say was said
        return items or [Skipped(turn.path)]

    def call(self, state: CallState, step: Next) -> Incoming:
        """The call has come to this state."""
        heard = self.turn.get("SpeechResult") if state != "ended" else ""
        keys = self.turn.get("Digits") if state != "ended" else ""
        choice = step.choice or self.turn.bag.choice
        call = Call(
            id=self.turn.parent,
            state=state,
            choice=choice or None,
            reason=step.reason,
            duration_seconds=self._duration() if state == "ended" else None,
        )
        mark = state if state in ("started", "ended") else f"{state}:{self.turn.bag.mark}"
        hints = {"menu": choice} if choice else {}
        return self._incoming(mark, call, text=heard or None, payload=keys or None, hints=hints)

    def voicemail(self) -> Item:
        """A message was recorded; told by the call and by the recording, whichever comes first."""
        turn = self.turn
        recording = turn.get("RecordingSid") or turn.get("RecordingUrl").rpartition("/")[2]
        if not (recording.isascii() and recording.isalnum() and len(recording) <= 64):
            return Unprocessed(None, "payload_invalid", "voicemail", _raw(turn), "RecordingSid")
        if turn.get("RecordingStatus") == "absent":
            return Skipped("recording_absent")
        call = Call(id=turn.call, state="voicemail", choice=turn.bag.choice or None)
        root = f"{self.account.base_url.rstrip('/')}/2010-04-01/Accounts"
        attachment = Attachment(
            kind="audio",
            fetch="basic",
            provider_ref=f"{root}/{self.account.account_sid}/Recordings/{recording}.mp3",
            name="voicemail.mp3",
            mime="audio/mpeg",
            extra={"seconds": str(turn.whole("RecordingDuration") or 0)},
        )
        return self._incoming(f"voicemail:{recording}", call, attachments=(attachment,))

    def leg(self) -> list[Item]:
        """A leg of ours was answered: agent and customer speak."""
        if self.turn.get("CallStatus") not in _ANSWERED:
            return [Skipped("leg")]
        return [self.call("bridged", Next("nothing")), self.reported("delivered")]

    def ring(self) -> list[Item]:
        """The call to a customer whose phone rang before any agent's ended."""
        status = self.turn.get("CallStatus")
        if status not in GONE:
            return [Skipped("ring")]
        if status != "completed":
            return [self.failed("The customer did not answer.", "customer")]
        return [self.call("ended", Next("nothing", reason=status))]

    def agent(self) -> list[Item]:
        """The call to the agent's phone, from which he calls a customer back, ended."""
        status = self.turn.get("CallStatus")
        if status in GONE and status != "completed":
            return [self.failed("The agent's phone did not answer.", "agent")]
        return [Skipped("agent")]

    def status(self) -> list[Item]:
        """Twilio's status callback: of a caller's call, or of an alert we called with."""
        status = self.turn.get("CallStatus")
        if not self.turn.bag.message:
            ended = Next("nothing", reason=status.replace("-", "_"))
            return [self.call("ended", ended)] if status in GONE else [Skipped("status")]
        if status in _ANSWERED:
            return [self.reported("sent")]
        if status not in GONE:
            return [Skipped("status")]
        bad = ended_badly(self.turn)
        if bad is None:
            return [self.reported("delivered"), self.call("ended", Next("nothing", reason=status))]
        meaning, code = bad
        return [self._report("failed", meaning.kind, code, meaning.reason)]

    def reported(self, status: ReceiptStatus) -> Reported:
        """Good news about a message of ours."""
        return self._report(status)

    def failed(self, reason: str, leg: Leg | None = None) -> Reported:
        """Nobody took the call: another channel or another time. `leg`: whose phone rang."""
        result = self.turn.get("DialCallStatus") or self.turn.get("CallStatus")
        return self._report("failed", "unreachable", result or None, reason, leg)

    def _called_back(self) -> Reported:
        if self.turn.get("DialCallStatus") in ("completed", "answered"):
            return self.reported("delivered")
        return self.failed("The customer did not answer.", "customer")

    def _answered_by(self) -> Reported:
        if self.turn.get("AnsweredBy").startswith(MACHINES):
            machine = self.turn.get("AnsweredBy")
            reason = "No person answered."
            return self._report("failed", "unreachable", machine, reason, "customer")
        return self.reported("delivered")

    def _opted_out(self) -> Incoming:
        return self._incoming("opted_out", None, payload="stop", hints={"consent": "stop"})

    def _incoming(
        self,
        mark: str,
        call: Call | None,
        *,
        text: str | None = None,
        payload: str | None = None,
        attachments: tuple[Attachment, ...] = (),
        hints: dict[str, str] | None = None,
    ) -> Incoming:
        turn, customer = self.turn, self.turn.customer
        sender = Sender(
            address=customer,
            name=turn.get("CallerName") or None,
            language=turn.bag.language,
        )
        action = Action(
            kind="consent" if call is None else "call",
            sender=sender,
            occurred_at=self._at(),
            provider_id=self.turn.parent,
            text=text,
            payload=payload,
            attachments=attachments,
            call=call,
            hints=_hints(turn) | (hints or {}),
        )
        dedupe = f"{self.turn.parent}:{mark}"
        return Incoming(self.account.address, dedupe, (customer,), action)

    def _report(
        self,
        status: ReceiptStatus,
        kind: OutcomeKind | None = None,
        code: str | None = None,
        reason: str | None = None,
        leg: Leg | None = None,
    ) -> Reported:
        message, call = self.turn.bag.message, self.turn.parent
        return Reported(
            recipient=self.account.address,
            dedupe=f"{call}:{message}:{status}",
            thread=(self.turn.customer,),
            status=status,
            occurred_at=self._at(),
            provider_id=call,
            message_id=message or None,
            kind=kind,
            code=code,
            reason=reason,
            leg=leg,
        )

    def _duration(self) -> int | None:
        seconds = self.turn.whole("CallDuration")
        return self.turn.whole("DialCallDuration") if seconds is None else seconds

    def _at(self) -> datetime:
        """When it happened: status callbacks say so (RFC 2822), the others are asked live."""
        try:
            moment = parsedate_to_datetime(self.turn.get("Timestamp"))
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return self.now


def _hints(turn: Turn) -> dict[str, str]:
    """What routes may look at."""
    if turn.path in OTHER_LEGS:
        return {"language": turn.bag.language}
    outbound = turn.get("Direction").startswith("outbound")
    side, ours = ("To", "From") if outbound else ("From", "To")
    known = {
        "language": turn.bag.language,
        "menu": turn.bag.choice,
        "country": turn.get(f"{side}Country"),
        "line": turn.get(ours),
        "attestation": turn.get("StirVerstat"),
    }
    return {name: value for name, value in known.items() if value}


def _raw(turn: Turn) -> bytes:
    return urlencode(turn.form).encode()
