"""Who waits where: the sorted sets of a queue and a channel, and the waits that were answered."""

from services.router.view.sheet import Sheet
from shared.views.documents import Answered, Conversation, Waits

_KEPT_WAITS = 100


def begin(sheet: Sheet, conversation: Conversation, queue: str, due: int, since: int) -> None:
    """It waits in this queue, and nowhere else; its wait began at `since`."""
    end(sheet, conversation)
    conversation.queue, conversation.due, conversation.waiting_since = queue, due, since
    sheet.rank(sheet.keys.due(queue), conversation.id, due)
    sheet.rank(sheet.keys.since(queue), conversation.id, since)
    if conversation.consult_of is None:
        sheet.rank(sheet.keys.waiting(conversation.channel), conversation.id, since)
    sheet.rank(sheet.keys.standing(queue, conversation.channel), conversation.id, due)


def offer(sheet: Sheet, conversation: Conversation, at: int) -> None:
    """It is on offer, and still waits."""
    if conversation.queue is not None:
        sheet.rank(sheet.keys.offered(conversation.queue), conversation.id, at)


def withdraw(sheet: Sheet, conversation: Conversation) -> None:
    """It is on offer to nobody."""
    if conversation.queue is not None:
        sheet.unrank(sheet.keys.offered(conversation.queue), conversation.id)


def end(sheet: Sheet, conversation: Conversation) -> None:
    """It waits no longer; it remembers the queue it came from."""
    if conversation.queue is not None:
        for name in (sheet.keys.due, sheet.keys.since, sheet.keys.offered):
            sheet.unrank(name(conversation.queue), conversation.id)
        standing = sheet.keys.standing(conversation.queue, conversation.channel)
        sheet.unrank(standing, conversation.id)
    sheet.unrank(sheet.keys.waiting(conversation.channel), conversation.id)
    conversation.waiting_since = None


def answer(sheet: Sheet, conversation: Conversation, at: int) -> None:
    """The first answer of an episode is a wait that counts; one after a transfer is not."""
    if conversation.arrived_at is None or conversation.assigned_at is not None:
        return
    if conversation.consult_of is not None:
        return
    key = sheet.keys.waits(conversation.channel)
    waits = sheet.get(key, Waits) or Waits()
    waits.recent.append(Answered(at=at, waited=max(0, at - conversation.arrived_at)))
    del waits.recent[:-_KEPT_WAITS]
    sheet.put(key, waits)
