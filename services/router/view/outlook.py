"""What a queue's waits look like ahead, and how good what was said of past ones has been. Pure."""

from services.router.view.moment import Moment
from services.router.view.sheet import Sheet
from shared.events import routing as was
from shared.figures.facts import Fact
from shared.figures.tally import UNPROMISED
from shared.views.documents import Conversation, Expected, LinePace, Outlook
from shared.views.waits import STALE_MS

_MOST_LINES = 50
_MOST_VERDICTS = 200
VERDICTS = {"within_p50": "a", "within_p90": "b", "beyond": "c", "unknown": "-"}
"""One letter for each wait that ended in an answer."""


def estimated(now: Moment, event: was.Estimated) -> None:
    """How long it will take, as of now, and with it how its line moves."""
    conversation = now.conversation(event.conversation)
    if conversation is None or conversation.queue is None:
        return
    key, outlook = _outlook(now.sheet, conversation.queue)
    outlook.lines.pop(event.line, None)
    now.sheet.put(key, outlook)
    if event.model is None:
        return
    conversation.expected = Expected(
        at=event.at,
        position=event.position,
        model=event.model,
        p50_ms=event.p50_ms,
        p90_ms=event.p90_ms,
    )
    now.keep(conversation)
    outlook.lines[event.line] = LinePace(
        channel=conversation.channel,
        requires=conversation.requires,
        model=event.model,
        gap_ms=event.gap_ms,
        known=event.known,
        position=event.position,
        place=event.place,
        at=event.at,
    )
    for oldest in list(outlook.lines)[:-_MOST_LINES]:
        del outlook.lines[oldest]


def turned(now: Moment, event: was.HoursTurned) -> None:
    """Queues open or close: while they are closed, nothing is said."""
    for queue in event.queues:
        key, outlook = _outlook(now.sheet, queue)
        outlook.open = event.open
        now.sheet.put(key, outlook)


def configured(now: Moment, event: was.Configured) -> None:
    """Every queue is open until its hours say otherwise, which they do in the same decision."""
    for queue in event.rules.queues:
        key, outlook = _outlook(now.sheet, queue)
        if not outlook.open:
            outlook.open = True
            now.sheet.put(key, outlook)


def judge(now: Moment, conversation: Conversation, at: int) -> None:
    """The first answer of an episode: was its wait as long as was said? One who did not have to
    wait was told nothing, and is no case."""
    queue, since = conversation.queue, conversation.waiting_since
    if queue is None or since is None or conversation.assigned_at is not None:
        return
    if conversation.expected is None and not _had_to_wait(conversation, since):
        return
    key, outlook = _outlook(now.sheet, queue)
    if conversation.expected is None and _could_be_said(outlook, conversation.channel, since):
        return
    verdict = _verdict(conversation.expected, at)
    known = outlook.verdicts.get(conversation.channel, "")
    outlook.verdicts[conversation.channel] = (known + VERDICTS[verdict])[-_MOST_VERDICTS:]
    now.sheet.put(key, outlook)
    fact = Fact("estimate", conversation.channel, queue, conversation.priority or "", 0, verdict)
    now.sheet.facts.append((now.offset, fact, UNPROMISED))


def _had_to_wait(conversation: Conversation, since: int) -> bool:
    offers = conversation.offers
    return bool(offers) and offers[-1].at > since


def _could_be_said(outlook: Outlook, channel: str, at: int) -> bool:
    """The record says it of one wait per line and some seconds; the others are no case either."""
    return any(
        line.channel == channel and abs(at - line.at) <= STALE_MS for line in outlook.lines.values()
    )


def _verdict(expected: Expected | None, at: int) -> str:
    if expected is None:
        return "unknown"
    waited = at - expected.at
    if waited <= expected.p50_ms:
        return "within_p50"
    return "within_p90" if waited <= expected.p90_ms else "beyond"


def _outlook(sheet: Sheet, queue: str) -> tuple[str, Outlook]:
    key = sheet.keys.outlook(queue)
    return key, sheet.get(key, Outlook) or Outlook()
