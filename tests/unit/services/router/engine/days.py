"""Long histories in which what usually happens happens most. Run it to get their digest."""

import hashlib
import random
import sys
from collections.abc import Callable

from shared.events.inbound import ActionKind, CallState
from tests.unit.services.router.engine.shop import AGENTS, Shop
from tests.unit.services.router.engine.worlds import MIXED

QUEUES = ("support", "sales", "returns", "unknown")
KINDS: tuple[ActionKind, ...] = (
    "message",
    "postback",
    "comment",
    "reaction",
    "typing",
    "edit",
    "consent",
    "close",
)
CALLS: tuple[CallState, ...] = (
    "started",
    "menu",
    "queued",
    "queued",
    "bridged",
    "ended",
    "voicemail",
    "callback_requested",
)
STATES = ("available", "available", "busy", "draining", "away", "offline")
TAKEN = ((), (), ("phone",), ("email", "whatsapp"), ("nothing",))
CODES = (None, "solved", "refund", "nonsense")
SESSIONS = (None, "s1", "s2")


class Day:
    """Everything it does follows from its seed."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.shop = Shop()
        self.shop.configure(self._world())

    def live(self, steps: int) -> Shop:
        """Do that many things, each as often as its weight says."""
        doings = self._doings()
        for do in self.pick.choices(list(doings), list(doings.values()), k=steps):
            do()
        return self.shop

    def _doings(self) -> dict[Callable[[], None], int]:
        shop, pick, number = self.shop, self.pick.choice, self._number
        return {
            self._write: 30,
            lambda: shop.presence(pick(AGENTS[:4]), "available"): 12,
            lambda: shop.presence(pick(AGENTS), pick(STATES)): 3,
            lambda: shop.presence(pick(AGENTS), "busy", None, pick(TAKEN)): 3,
            lambda: shop.lose(pick(AGENTS), pick(SESSIONS)): 3,
            lambda: shop.resume(pick(AGENTS), "s2"): 3,
            lambda: shop.accept(number()): 22,
            lambda: shop.decline(number()): 6,
            lambda: shop.decline(number(), retry_after=pick((0, 7, 50, 4000))): 3,
            lambda: shop.begin(number()): 3,
            lambda: shop.accept(number(), pick(AGENTS), stale=pick((True, False))): 3,
            lambda: shop.close(number()): 16,
            lambda: shop.transfer(number(), pick(QUEUES)): 4,
            lambda: shop.snooze(number(), pick((5, 60, 3000))): 5,
            lambda: shop.wake(number()): 2,
            lambda: shop.block(number() % 12, pick((0, 20)), lift=pick((True, False))): 2,
            lambda: shop.consult(number(), pick(QUEUES[:2])): 5,
            lambda: shop.consult(number(), None, to_agent=pick(AGENTS)): 4,
            lambda: shop.end_consult(number(), hand_over=pick((True, False))): 5,
            lambda: shop.call_back(number() % 40, pick((0, 0, 30)), pick(("buy", "buy", "x"))): 6,
            lambda: shop.note_call(number(), pick(("agent", "customer"))): 4,
            lambda: shop.merge(number(), number(), "system"): 3,
            lambda: shop.split(number(), "system"): 2,
            lambda: shop.split_messages(number(), pick((1, 1, 2))): 3,
            lambda: shop.transfer(number(), None, to_agent=pick(AGENTS[:4])): 7,
            lambda: shop.transfer(number(), None, skills=pick(({"german": 2}, {"returns": 1}))): 2,
            lambda: shop.close(number(), "own", pick(CODES), pick((None, True, False))): 6,
            lambda: shop.end_wrap_up(number()): 4,
            lambda: shop.end_wrap_up(number(), "own", pick(CODES)): 6,
            lambda: shop.extend_wrap_up(number(), pick((0, 2, 9, 40))): 4,
            lambda: shop.ask_wrap_up(number()): 2,
            lambda: shop.phone(pick((2, 5)), "call1", pick(CALLS)): 5,
            lambda: shop.write(number() % 12, pick(KINDS)): 2,
            lambda: shop.note_alert(number() % 12, f"alr_{number()}", 60): 2,
            lambda: shop.note_delivery(number(), "accepted"): 2,
            lambda: shop.wait(pick((0.5, 1, 3, 5, 9, 20))): 16,
            lambda: shop.wait(pick((40, 2000, 5000))): 1,
            self._configure: 1,
            lambda: shop.attempt(self._world(), pick((5, 50, 100))): 1,
            lambda: shop.end_trial(promote=pick((True, False))): 1,
            shop.history.restart: 2,
            shop.history.rebuild: 1,
        }

    def _number(self) -> int:
        return self.pick.randrange(1_000_000)

    def _world(self) -> int:
        return self.pick.choice((0, 0, 1, 2, *(MIXED + self.pick.randrange(10_000),) * 4))

    def _configure(self) -> None:
        self.shop.configure(self._world())

    def _write(self) -> None:
        self.shop.write(
            self.pick.randrange(12),
            hints={"intent": self.pick.choice(("buy", "return", "x", "y"))},
            language=self.pick.choice((None, "de", "en")),
            age=self.pick.choice((0, 0, 2_000)),
        )


def digest(seed: int, steps: int) -> str:
    """A hash of every decision of that day."""
    decisions = Day(seed).live(steps).history.decisions
    return hashlib.blake2b(b"\n".join(decisions), digest_size=16).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(int(sys.argv[1]), 300))
