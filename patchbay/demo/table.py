"""What the terminal shows while the demo runs."""

from collections.abc import Callable, Mapping
from statistics import median

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from patchbay.demo.agents import Handled
from patchbay.demo.ledger import Ledger
from patchbay.demo.scenario import CHANNELS


class Board:
    """Draws the ledger; `urls` are shown below, `restarts` says how often a service came back."""

    def __init__(
        self,
        ledger: Ledger,
        handled: Handled,
        urls: Mapping[str, str],
        restarts: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._handled = handled
        self._urls = urls
        self._restarts = restarts

    def __rich__(self) -> RenderableType:
        """The whole picture, as it stands now."""
        table = Table(title="Patchbay demo", caption=self._caption())
        for name in ("channel", "received", "answered", "waiting", "median wait", "slowest"):
            table.add_column(name, justify="left" if name == "channel" else "right")
        for channel in CHANNELS:
            table.add_row(channel, *self._row(channel))
        lines = [Text(f"{name:>12}  {url}") for name, url in self._urls.items()]
        return Group(table, *lines)

    def line(self) -> str:
        """The same in one line, where the output is no terminal."""
        questions = [q for q in self._ledger.questions.values() if q.accepted_at is not None]
        answered = sum(q.answered_at is not None for q in questions)
        return (
            f"received={len(questions)} answered={answered} "
            f"waiting={len(questions) - answered} alerts={len(self._ledger.alerts)}"
        )

    def _row(self, channel: str) -> tuple[str, ...]:
        questions = [
            q
            for q in self._ledger.questions.values()
            if q.place.channel == channel and q.accepted_at is not None
        ]
        waits = [
            q.answered_at - q.accepted_at
            for q in questions
            if q.answered_at is not None and q.accepted_at is not None
        ]
        shown = (f"{median(waits):.1f} s", f"{max(waits):.1f} s") if waits else ("", "")
        return str(len(questions)), str(len(waits)), str(len(questions) - len(waits)), *shown

    def _caption(self) -> str:
        handled = self._handled
        return (
            f"agents: {handled.accepted} accepted, {handled.replied} replies, "
            f"{handled.closed} closed · alerts: {len(self._ledger.alerts)} · "
            f"services restarted: {self._restarts()}"
        )
