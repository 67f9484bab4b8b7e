"""Questions to a colleague: pieces of work about a conversation. Pure folds of single events."""

from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import Conversation

_OF_THE_CALL = frozenset({"call", "call_state", "menu", "owed", "callback", "wish"})


def consulted(now: Moment, event: was.Consulted) -> None:
    """The question shows the customer of the conversation it is about."""
    about = now.conversation(event.conversation)
    if about is None:
        return
    about.consult = event.consult
    now.keep(about)
    question = Conversation(
        id=event.consult,
        key=event.consult,
        channel=about.channel,
        account=about.account,
        address=about.address,
        customer=about.customer,
        attributes={k: v for k, v in about.attributes.items() if k not in _OF_THE_CALL},
        opened_at=event.at,
        began=now.offset,
        arrived_at=event.at,
        consult_of=about.id,
    )
    now.keep(question)
    note, by = event.note, event.by
    now.tell(about.id, event.at, "consulted", other=question.id, agent=by, note=note)
    now.tell(question.id, event.at, "asked", other=about.id, agent=by, note=note)


def answered(now: Moment, question: Conversation) -> None:
    """It is over: nobody is being asked any more."""
    about = now.conversation(question.consult_of or "")
    if about is not None and about.consult == question.id:
        about.consult = None
        now.keep(about)
