"""How opening hours stand. Pure."""

from services.router.view import outlook
from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import Hours, Turned


def turned(now: Moment, event: was.HoursTurned) -> None:
    """They begin, or are over, and with them the queues that have them open or close."""
    key = now.sheet.keys.hours()
    hours = now.sheet.get(key, Hours) or Hours()
    hours.standing[event.hours] = Turned(open=event.open, until=event.until)
    now.sheet.put(key, hours)
    outlook.turned(now, event)
