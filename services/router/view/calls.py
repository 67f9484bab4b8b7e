"""How customers are called back. Pure folds of single events."""

from services.router.view import waiting
from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import Work


def callback_asked(now: Moment, event: was.CallbackAsked) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.missed_calls, conversation.callback_at = 0, event.until
        now.keep(conversation)
        now.tell(event.conversation, event.at, "callback_asked", reason=event.by)


def callback_missed(now: Moment, event: was.CallbackMissed) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.missed_calls = event.attempt
        conversation.callback_at = event.retry_at
        now.keep(conversation)
        how = "again" if event.retry_at is not None else "given_up"
        now.tell(event.conversation, event.at, "callback_missed", how=how)


def dialled(now: Moment, event: was.Dialled) -> None:
    """His phone rings; it waits no longer, and takes a place of the agent's."""
    if conversation := now.conversation(event.conversation):
        waiting.end(now.sheet, conversation)
        conversation.state, conversation.dial = "dialling", event.dial
        conversation.callback_at, conversation.kept_free = event.until, event.agent
        now.keep(conversation)
        now.tell(event.conversation, event.at, "dialled", agent=event.agent)
        now.agent(event.agent).work[event.conversation] = Work(
            conversation=event.conversation,
            channel=conversation.channel,
            phase="offered",
            since=event.at,
            until=event.until,
            units=1 if conversation.placed is None else conversation.placed.units,
        )


def dial_ended(now: Moment, event: was.DialEnded) -> None:
    now.agent(event.agent).work.pop(event.conversation, None)
    if conversation := now.conversation(event.conversation):
        conversation.state, conversation.dial = "open", None
        conversation.callback_at = conversation.kept_free = None
        now.keep(conversation)
        now.tell(event.conversation, event.at, "dial_ended", agent=event.agent, how=event.how)
